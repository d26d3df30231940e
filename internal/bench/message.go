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

// send sends a message and waits until the messenger took it.
func (w *world) send(ctx context.Context) error {
	sent, err := w.api.Send(ctx, w.message(), client.WithWait(messageWait))
	if err != nil {
		return err
	}
	return w.settle(sent)
}

// hand hands a message over and does not wait for what becomes of it.
func (w *world) hand(ctx context.Context) error {
	sent, err := w.api.Send(ctx, w.message())
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = append(w.open, sent.ID)
	return nil
}

// settle notes how long an accepted message took, and refuses any other outcome.
func (w *world) settle(m client.Message) error {
	if m.State != wire.MessageStateAccepted {
		return fmt.Errorf("message %s is %s after %s (reason %q), not accepted", m.ID, m.State, messageWait, m.Reason)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = append(w.taken, m.UpdatedAt.Sub(m.CreatedAt))
	return nil
}

// drain waits until every message that was handed over has been taken, so that it does not disturb what comes next.
func (w *world) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for _, id := range w.open {
		for {
			m, err := w.api.Message(ctx, id)
			if err != nil {
				return fmt.Errorf("read message %s: %w", id, err)
			}
			if m.State != wire.MessageStateQueued && m.State != wire.MessageStateSending {
				if m.State != wire.MessageStateAccepted {
					return fmt.Errorf("message %s is %s (reason %q), not accepted", id, m.State, m.Reason)
				}
				break
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return fmt.Errorf("wait for message %s: %w", id, ctx.Err())
			}
		}
	}
	w.open = nil
	return nil
}

// times are the times from accepting to the messenger's taking of all messages that were waited for.
func (w *world) times() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken
}
