package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"herald/client"
	"herald/internal/sandbox/controlclient"
)

const (
	lookAtCalls   = 200 * time.Millisecond
	arrivedWithin = 2 * time.Minute // of the last message
	tooMany       = 429
)

// traffic is what was handed over and what left: the messages as Herald accepted them, and the calls that the messenger
// got, by its own log.
type traffic struct {
	sandbox *controlclient.Client
	after   int64 // the last call that was read
	calls   []controlclient.Call

	mu       sync.Mutex
	accepted map[address][]time.Time // by whom it is for, in order
	handed   int
	took     []time.Duration // to accept each
}

// address is a chat as the messenger knows it.
type address struct{ bot, chat int64 }

// observe begins with the calls from now on.
func (w *world) observe(ctx context.Context) (*traffic, error) {
	last, err := w.sandbox.LastCall(ctx)
	if err != nil {
		return nil, err
	}
	return &traffic{sandbox: w.sandbox, after: last, accepted: map[address][]time.Time{}}, nil
}

// hand hands a message over and notes when it was accepted.
func (t *traffic) hand(ctx context.Context, api *client.Client, to chat, lane client.Lane) error {
	begun := time.Now()
	sent, err := api.Send(ctx, client.NewMessage{Bot: to.bot, To: to.to, Text: "Your parcel comes tomorrow.", Lane: lane})
	if err != nil {
		return err
	}
	took := time.Since(begun)
	t.mu.Lock()
	defer t.mu.Unlock()
	key := address{to.platformID, to.person}
	t.accepted[key] = append(t.accepted[key], sent.CreatedAt)
	t.handed++
	t.took = append(t.took, took)
	return nil
}

// read reads what the log has more.
func (t *traffic) read(ctx context.Context) error {
	for {
		page, err := t.sandbox.Log(ctx, t.after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if strings.EqualFold(c.Method, "sendMessage") {
				t.calls = append(t.calls, c)
			}
		}
		t.after = page[len(page)-1].Seq
	}
}

// await reads the log until enough messages have arrived.
func (t *traffic) await(ctx context.Context, enough func(arrived int) bool) error {
	ctx, cancel := context.WithTimeout(ctx, arrivedWithin)
	defer cancel()
	ticker := time.NewTicker(lookAtCalls)
	defer ticker.Stop()
	for {
		if err := t.read(ctx); err != nil {
			return err
		}
		if enough(t.arrived()) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d messages, of which %d have arrived: %w", t.handed, t.arrived(), ctx.Err())
		}
	}
}

func (t *traffic) arrived() int {
	n := 0
	for _, c := range t.calls {
		if c.OK {
			n++
		}
	}
	return n
}

// refused counts the calls that the messenger answered with 429.
func (t *traffic) refused() int {
	n := 0
	for _, c := range t.calls {
		if c.ErrorCode == tooMany {
			n++
		}
	}
	return n
}

// rate is how many messages a second arrived in a span that begins so long after the first of them.
func (t *traffic) rate(after, span time.Duration) float64 {
	if len(t.calls) == 0 || span <= 0 {
		return 0
	}
	from := slices.MinFunc(t.calls, func(a, b controlclient.Call) int { return a.At.Compare(b.At) }).At.Add(after)
	n := 0
	for _, c := range t.calls {
		if c.OK && !c.At.Before(from) && c.At.Before(from.Add(span)) {
			n++
		}
	}
	return float64(n) / span.Seconds()
}

// toWire are the times from accepting a message until the messenger got the call. Messages of one chat keep their order,
// so the first that was accepted is the first that arrived.
func (t *traffic) toWire() []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	arrivals := map[address][]time.Time{}
	for _, c := range t.calls {
		if c.OK {
			key := address{c.Bot, c.ChatID}
			arrivals[key] = append(arrivals[key], c.At)
		}
	}
	var out []time.Duration
	for key, accepted := range t.accepted {
		slices.SortFunc(accepted, time.Time.Compare)
		slices.SortFunc(arrivals[key], time.Time.Compare)
		for n := range min(len(accepted), len(arrivals[key])) {
			out = append(out, arrivals[key][n].Sub(accepted[n]))
		}
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}
