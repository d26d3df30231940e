package bench

import (
	"context"
	"fmt"
	"time"

	"herald/client"
	"herald/client/wire"
)

// messageWait is how long a caller waits for the messenger to take its message.
const messageWait = 10 * time.Second

// message is the next message, to the chat whose turn it is.
func (w *world) message() client.NewMessage {
	c := w.chats[int(w.next.Add(1)-1)%len(w.chats)]
	return client.NewMessage{Bot: c.bot, To: c.to, Text: "Your parcel comes tomorrow."}
}

// send sends a message and waits until the messenger took it. One that is not taken in time is late: it counts as not
// done, and drain waits for it.
func (w *world) send(ctx context.Context) (bool, error) {
	sent, err := w.api.Send(ctx, w.message(), client.WithWait(messageWait))
	if err != nil {
		return false, err
	}
	if onItsWay(sent) {
		w.late.Add(1)
		w.leave(sent)
		return false, nil
	}
	if err := refuseOutcome(sent); err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = append(w.taken, sent.UpdatedAt.Sub(sent.CreatedAt))
	return true, nil
}

// hand hands a message over and does not wait for what becomes of it.
func (w *world) hand(ctx context.Context) (bool, error) {
	sent, err := w.api.Send(ctx, w.message())
	if err != nil {
		return false, err
	}
	w.leave(sent)
	return true, nil
}

// leave leaves a message for drain.
func (w *world) leave(m client.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = append(w.open, m.ID)
}

// drain waits until every message that was left has been taken, so that it does not disturb what comes next. It returns
// the longest time that one of them took.
func (w *world) drain(ctx context.Context) (longest time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for _, id := range w.open {
		for {
			m, err := w.api.Message(ctx, id)
			if err != nil {
				return 0, fmt.Errorf("read message %s: %w", id, err)
			}
			if !onItsWay(m) {
				if err := refuseOutcome(m); err != nil {
					return 0, err
				}
				longest = max(longest, m.UpdatedAt.Sub(m.CreatedAt))
				break
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return 0, fmt.Errorf("wait for message %s, which is %s: %w", id, m.State, ctx.Err())
			}
		}
	}
	w.open = nil
	return longest, nil
}

func onItsWay(m client.Message) bool {
	return m.State == wire.MessageStateQueued || m.State == wire.MessageStateSending
}

// refuseOutcome refuses any outcome but that the messenger took the message.
func refuseOutcome(m client.Message) error {
	if m.State == wire.MessageStateAccepted {
		return nil
	}
	return fmt.Errorf("message %s ended as %s (reason %q), not accepted", m.ID, m.State, m.Reason)
}

// times are the times from accepting to the messenger's taking of all messages that were waited for.
func (w *world) times() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken
}
