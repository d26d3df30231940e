package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"herald/client/wire"
)

// SendOption changes how a message is sent.
type SendOption func(*wire.SendMessageParams)

// preferWait is the header that asks for a wait, in whole seconds.
func preferWait(d time.Duration) *string {
	prefer := fmt.Sprintf("wait=%d", int64((d+time.Second-1)/time.Second))
	return &prefer
}

// WithIdempotencyKey names the send: repeated with the same key, by this program or by another, it is done once.
func WithIdempotencyKey(key string) SendOption {
	return func(p *wire.SendMessageParams) { p.IdempotencyKey = &key }
}

// WithWait makes Send wait for the outcome, up to d, which counts in whole seconds and is at most a minute. The message
// that comes back may still be on its way: look at its state.
func WithWait(d time.Duration) SendOption {
	return func(p *wire.SendMessageParams) {
		p.Prefer = preferWait(d)
	}
}

// Send sends a message.
func (c *Client) Send(ctx context.Context, m NewMessage, options ...SendOption) (Message, error) {
	var params wire.SendMessageParams
	for _, option := range options {
		option(&params)
	}
	if params.IdempotencyKey == nil {
		params.IdempotencyKey = newKey()
	}
	return call[Message](ctx, c, func() (*http.Response, error) { return c.calls.SendMessage(ctx, &params, m) })
}

// Preview tells what would become of a message. Nothing is sent or stored.
func (c *Client) Preview(ctx context.Context, m NewMessage) (Preview, error) {
	return call[Preview](ctx, c, func() (*http.Response, error) {
		return c.calls.PreviewMessage(ctx, &wire.PreviewMessageParams{}, m)
	})
}

// CancelMessage takes a message back that has not left yet. Once it has, the code of the error is
// message:not_cancellable.
func (c *Client) CancelMessage(ctx context.Context, id string) (Message, error) {
	params := wire.CancelMessageParams{IdempotencyKey: newKey()}
	return call[Message](ctx, c, func() (*http.Response, error) { return c.calls.CancelMessage(ctx, id, &params) })
}

// EditMessage changes what a message shows in the chat where it stands, and waits up to wait, at most a minute, until that is
// decided: Message.Edit says how it ended. What cannot be changed has the code message:not_editable. A change may be asked
// for again: one that the message shows already changes nothing.
func (c *Client) EditMessage(ctx context.Context, id string, change MessageChange, wait time.Duration) (Message, error) {
	var params wire.EditMessageParams
	if wait > 0 {
		params.Prefer = preferWait(wait)
	}
	return call[Message](ctx, c, func() (*http.Response, error) { return c.calls.EditMessage(ctx, id, &params, change) })
}

// DeleteMessage takes a message out of the chat where it stands, and waits as EditMessage does. What cannot be deleted has
// the code message:not_deletable.
func (c *Client) DeleteMessage(ctx context.Context, id string, wait time.Duration) (Message, error) {
	var params wire.DeleteMessageParams
	if wait > 0 {
		params.Prefer = preferWait(wait)
	}
	return call[Message](ctx, c, func() (*http.Response, error) { return c.calls.DeleteMessage(ctx, id, &params) })
}

// Message returns one message with its legs.
func (c *Client) Message(ctx context.Context, id string) (Message, error) {
	return call[Message](ctx, c, func() (*http.Response, error) { return c.calls.GetMessage(ctx, id) })
}

// Events tells the story of one message, oldest event first.
func (c *Client) Events(ctx context.Context, messageID string) ([]Event, error) {
	list, err := call[wire.EventList](ctx, c, func() (*http.Response, error) { return c.calls.ListMessageEvents(ctx, messageID) })
	return list.Items, err
}

// MessageFilter narrows a list of messages. Empty fields mean any.
type MessageFilter struct {
	Bot        string // id or @name
	Direction  Direction
	State      MessageState
	Label      string
	Subscriber string // id
}

// Messages walks the history, newest first. It asks for the next page when the one before is used up, so leave the loop
// when you have enough. An error ends the walk.
func (c *Client) Messages(ctx context.Context, f MessageFilter) iter.Seq2[Message, error] {
	return walk(func(cursor string) ([]Message, string, error) {
		list, err := call[wire.MessageList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListMessages(ctx, &wire.ListMessagesParams{
				Bot: optional(f.Bot), Direction: optional(f.Direction), State: optional(f.State), Label: optional(f.Label),
				Subscriber: optional(f.Subscriber), Cursor: optional(cursor),
			})
		})
		return list.Items, list.Next, err
	})
}

// walk makes one sequence of the pages that fetch returns.
func walk[T any](fetch func(cursor string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			items, next, err := fetch(cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// optional returns nil for the zero value: a parameter that is left out.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
