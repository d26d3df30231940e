package telegram

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// gatheredAtMost and gatheredBytes bound what is stored together; one update may be larger than that.
	gatheredAtMost = 256
	gatheredBytes  = 4 << 20
	// gatherDeadline bounds one storing, whoever still waits for it.
	gatherDeadline = 10 * time.Second
)

// gatherer stores updates that come at the same time together. While one storing is under way, those that come wait for the
// next: so a disk that is slow, or a database that is busy, makes storings larger instead of more, and updates are stored in
// the order in which they came. Nobody is told that an update is stored before it is.
type gatherer struct {
	store gateway.IntakeStore

	mu      sync.Mutex
	waiting []gathered
	busy    bool
}

// gathered is an update that waits, and where its caller waits.
type gathered struct {
	update gateway.RawUpdate
	stored chan<- error
}

// take returns when the update is stored, or cannot be. A caller that goes away meanwhile learns nothing: the update may be
// stored all the same.
func (g *gatherer) take(ctx context.Context, u gateway.RawUpdate) error {
	stored := make(chan error, 1)
	g.mu.Lock()
	g.waiting = append(g.waiting, gathered{u, stored})
	if !g.busy {
		g.busy = true
		go g.storeAll()
	}
	g.mu.Unlock()
	select {
	case err := <-stored:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the update to be stored: %w", context.Cause(ctx))
	}
}

// storeAll stores until nothing waits.
func (g *gatherer) storeAll() {
	for batch := g.next(); len(batch) > 0; batch = g.next() {
		g.storeBatch(batch)
	}
}

// next takes what is to be stored together, the oldest first. When there is none, the next to come begins anew.
func (g *gatherer) next() []gathered {
	g.mu.Lock()
	defer g.mu.Unlock()
	count, bytes := 0, 0
	for count < len(g.waiting) && count < gatheredAtMost {
		bytes += len(g.waiting[count].update.Body)
		if count > 0 && bytes > gatheredBytes {
			break
		}
		count++
	}
	batch := g.waiting[:count:count]
	if g.waiting = g.waiting[count:]; len(g.waiting) == 0 {
		g.waiting = nil
	}
	g.busy = count > 0
	return batch
}

// storeBatch stores together, and one by one what cannot be: one update that the database refuses holds up no other. While
// the database is away that would only take longer.
func (g *gatherer) storeBatch(batch []gathered) {
	err := g.storeTogether(batch)
	if err == nil || len(batch) == 1 || isAway(err) {
		for _, b := range batch {
			b.stored <- err
		}
		return
	}
	for _, b := range batch {
		b.stored <- g.storeTogether([]gathered{b})
	}
}

func (g *gatherer) storeTogether(batch []gathered) error {
	ctx, cancel := context.WithTimeout(context.Background(), gatherDeadline)
	defer cancel()
	updates := make([]gateway.RawUpdate, len(batch))
	for i, b := range batch {
		updates[i] = b.update
	}
	_, err := g.store.StoreUpdates(ctx, updates)
	return err
}

// isAway tells a database that does not answer from one that refuses.
func isAway(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known) && known.Code == gateway.CodeUnavailable || errors.Is(err, context.DeadlineExceeded)
}
