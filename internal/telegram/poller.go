package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"herald/internal/gateway"
)

// Timing of polling.
const (
	pollWait      = 25 * time.Second       // how long the server holds an empty poll
	pollDeadline  = 40 * time.Second       // of one poll, all in all
	leaseFor      = 6 * time.Second        // how long a bot is ours without renewal
	renewEvery    = 2 * time.Second        // how often leases are renewed and bots of dead processes taken over
	pollPauseMin  = 500 * time.Millisecond // after a failed poll, doubling
	pollPauseMax  = 30 * time.Second
	pollBatch     = 100
	stateDeadline = 5 * time.Second // of writing a bot's state

	// calmFor is how long polls must go through before a conflict is over: the other program comes back each time that
	// it was thrown out.
	calmFor = 15 * time.Second
	// wareWait is how long the server holds an empty poll during a conflict.
	wareWait = 5 * time.Second
)

// PollStore is what a Poller needs of the database.
type PollStore interface {
	gateway.IntakeStore
	gateway.PollLease
	SetBotState(ctx context.Context, b gateway.Bot, state gateway.BotState, reason string, at time.Time) error
}

// Poller asks for the updates of every bot that is polled, one process per bot by a lease in the database.
type Poller struct {
	client *Client
	store  PollStore
	holder string
	wake   <-chan struct{}
	now    gateway.Clock
	logger *slog.Logger
	calm   time.Duration
}

// NewPoller returns a Poller. The holder names this process among all that poll; wake receives when bots have changed.
func NewPoller(client *Client, store PollStore, holder string, wake <-chan struct{}, now gateway.Clock, logger *slog.Logger) *Poller {
	return &Poller{client: client, store: store, holder: holder, wake: wake, now: now, logger: logger, calm: calmFor}
}

// polling is one bot that is being polled.
type polling struct {
	sealed   string      // its token, to notice a new one
	conflict atomic.Bool // whether it is in conflict, as the database has it: the watchdog may have seen it sooner
	ended    atomic.Bool // it polls no more: the token was revoked, or another process had the lease
	cancel   context.CancelFunc
}

// Run polls until the context ends, then gives the leases up.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	running := map[gateway.BotID]*polling{}
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		p.renew(ctx, &wg, running)
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-p.wake:
		}
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stateDeadline)
	defer cancel()
	if err := p.store.ReleasePolls(ctx, p.holder); err != nil {
		p.logger.WarnContext(ctx, "polling: giving leases up", "error", err)
	}
}

// renew takes and renews leases, and starts and stops polls to match. When the database does not answer the polls go
// on: what they bring cannot be stored then, so no offset moves.
func (p *Poller) renew(ctx context.Context, wg *sync.WaitGroup, running map[gateway.BotID]*polling) {
	now := p.now()
	bots, err := p.store.AcquirePolls(ctx, p.holder, now, now.Add(leaseFor))
	if err != nil {
		if ctx.Err() == nil {
			p.logger.WarnContext(ctx, "polling: renewing leases", "error", err)
		}
		return
	}
	ours := map[gateway.BotID]bool{}
	for _, b := range bots {
		ours[b.ID] = true
		if r, ok := running[b.ID]; ok {
			if r.sealed == string(b.SealedToken) && !r.ended.Load() {
				r.conflict.Store(b.State == gateway.BotConflict)
				continue
			}
			r.cancel()
		}
		pollCtx, cancel := context.WithCancel(ctx)
		r := &polling{sealed: string(b.SealedToken), cancel: cancel}
		running[b.ID] = r
		wg.Go(func() {
			p.poll(pollCtx, b, &r.conflict)
			r.ended.Store(true)
		})
	}
	for id, r := range running {
		if !ours[id] {
			r.cancel()
			delete(running, id)
		}
	}
}

// poll asks for one bot's updates until the context ends, its token is revoked or another process has the lease.
func (p *Poller) poll(ctx context.Context, b gateway.Bot, conflict *atomic.Bool) {
	var offset int64 // of the first poll: whatever is not confirmed
	pause, disturbed := pollPauseMin, p.now()
	for ctx.Err() == nil {
		if b.State == gateway.BotActive && conflict.Load() {
			b.State, disturbed = gateway.BotConflict, p.now()
		}
		next, err := p.pollOnce(ctx, b, offset)
		if err == nil {
			offset, pause = next, pollPauseMin
			if b.State == gateway.BotConflict && p.now().Sub(disturbed) >= p.calm && p.setState(ctx, b, gateway.BotActive, "") {
				b.State = gateway.BotActive // else the next poll says so again: an alarm must not outlast what it tells
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		var refusal *gateway.DeliveryError
		if errors.As(err, &refusal) {
			switch refusal.Class {
			case gateway.ClassRevoked:
				p.logger.WarnContext(ctx, "polling: the token was revoked; the bot is stopped", "bot", b.ID)
				if p.setState(ctx, b, gateway.BotRevoked, gateway.WordsRevoked) {
					return
				}
			case gateway.ClassConflict:
				disturbed = p.now()
				if p.lostLease(ctx, b) || ctx.Err() != nil {
					return // the other program is a process of ours, or our own webhook
				}
				if b.State != gateway.BotConflict {
					p.logger.WarnContext(ctx, "polling: another program receives this bot's updates", "bot", b.ID)
					if p.setState(ctx, b, gateway.BotConflict, gateway.WordsConflict) {
						b.State = gateway.BotConflict
					}
				}
			case gateway.ClassThrottled:
				pause = max(pause, refusal.RetryAfter)
			}
		}
		p.logger.InfoContext(ctx, "polling: trying again", "bot", b.ID, "in", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, pollPauseMax)
	}
}

// lostLease tells whether another process of this installation polls the bot now. While the database does not answer
// nobody knows, and the poll goes on.
func (p *Poller) lostLease(ctx context.Context, b gateway.Bot) bool {
	ctx, cancel := context.WithTimeout(ctx, stateDeadline)
	defer cancel()
	still, err := p.store.StillPolls(ctx, p.holder, b.ID, p.now())
	return err == nil && !still
}

// pollOnce brings one batch and stores it; only then does the returned offset confirm it at the next poll. The offset
// after an empty batch is none: the poll that brought it has confirmed everything, and after a quiet week the ids of
// updates begin anew, perhaps below the last one.
func (p *Poller) pollOnce(ctx context.Context, b gateway.Bot, offset int64) (next int64, err error) {
	wait := pollWait
	if b.State == gateway.BotConflict {
		wait = wareWait
	}
	bodies, err := p.client.updates(ctx, b, offset, wait, pollBatch)
	if err != nil || len(bodies) == 0 {
		return 0, err
	}
	batch := make([]gateway.RawUpdate, 0, len(bodies))
	var odd error
	for _, body := range bodies {
		update, err := enclose(b, body, p.now())
		if err != nil {
			odd = fmt.Errorf("take polled update: %w", err)
			continue // it must not hold up the others; their ids confirm it too
		}
		batch = append(batch, update)
		next = max(next, update.UpdateID+1)
	}
	if len(batch) == 0 {
		return 0, odd
	}
	if odd != nil {
		p.logger.WarnContext(ctx, "polling: an update is left out", "bot", b.ID, "error", odd)
	}
	if _, err := p.store.StoreUpdates(ctx, batch); err != nil {
		return 0, fmt.Errorf("store polled updates: %w", err)
	}
	return next, nil
}

// setState writes the bot's state and tells whether that came about.
func (p *Poller) setState(ctx context.Context, b gateway.Bot, state gateway.BotState, words string) bool {
	ctx, cancel := context.WithTimeout(ctx, stateDeadline)
	defer cancel()
	err := p.store.SetBotState(ctx, b, state, words, p.now())
	if err != nil {
		p.logger.WarnContext(ctx, "polling: writing the bot's state", "bot", b.ID, "error", err)
	}
	return err == nil
}

// updates makes one long poll. The library's own moves the offset before anybody has stored anything.
func (c *Client) updates(ctx context.Context, b gateway.Bot, offset int64, wait time.Duration, most int) ([]json.RawMessage, error) {
	server, err := c.server(b.Network)
	if err != nil {
		return nil, err
	}
	token, err := c.token(ctx, b)
	if err != nil {
		return nil, err
	}
	kinds, err := json.Marshal(allowedUpdates)
	if err != nil {
		return nil, fmt.Errorf("write allowed updates: %w", err)
	}
	query := url.Values{
		"timeout":         {strconv.Itoa(int(wait.Seconds()))},
		"limit":           {strconv.Itoa(most)},
		"allowed_updates": {string(kinds)},
	}
	if offset != 0 {
		query.Set("offset", strconv.FormatInt(offset, 10))
	}
	ctx, cancel := context.WithTimeout(ctx, pollDeadline)
	defer cancel()
	ctx, e := withExchange(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/bot"+token.Reveal()+"/getUpdates?"+query.Encode(), nil)
	if err != nil {
		return nil, &gateway.DeliveryError{Class: gateway.ClassDefect, Text: "the poll's address cannot be made"}
	}
	if _, err := c.wire.Do(req); err != nil {
		return nil, e.refusal(err)
	}
	var a answer
	if err := json.Unmarshal(e.body, &a); err != nil || !a.OK {
		return nil, e.refusal(fmt.Errorf("poll answered %d", e.status))
	}
	var bodies []json.RawMessage
	if err := json.Unmarshal(a.Result, &bodies); err != nil {
		return nil, fmt.Errorf("read polled updates: %w", err)
	}
	return bodies, nil
}
