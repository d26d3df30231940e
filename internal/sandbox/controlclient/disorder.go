package controlclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Limits are the limits of sending that the sandbox enforces, messages per second or minute.
type Limits struct {
	Enforce           bool    `json:"enforce"`
	PerChatPerSecond  float64 `json:"per_chat_per_second"`
	PerGroupPerMinute float64 `json:"per_group_per_minute"`
	PerBotPerSecond   float64 `json:"per_bot_per_second"`
	Burst             int     `json:"burst"`
}

// Limits returns the limits.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	var l Limits
	err := c.do(ctx, http.MethodGet, "/limits", nil, &l)
	return l, err
}

// SetLimits changes the limits.
func (c *Client) SetLimits(ctx context.Context, l Limits) error {
	return c.do(ctx, http.MethodPut, "/limits", l, nil)
}

// Fault is something that goes wrong. The API's description lists the kinds. Zero fields mean any or the default.
type Fault struct {
	Bot         string // id or @name
	Method      string // of the Bot API; "webhook" is the delivery of updates
	Chat        int64
	Kind        string        // such as too_many_requests or reset_after
	Status      int           // HTTP status of server_error and html
	RetryAfter  int           // seconds, of too_many_requests
	Delay       time.Duration // of slow
	Probability float64       // in (0, 1]
	Times       int           // how often; 0 until it is removed
}

// AddFault sets a fault and returns its id.
func (c *Client) AddFault(ctx context.Context, f Fault) (string, error) {
	in := map[string]any{"kind": f.Kind, "times": f.Times}
	for name, set := range map[string]struct {
		given bool
		value any
	}{
		"bot": {f.Bot != "", f.Bot}, "method": {f.Method != "", f.Method}, "chat": {f.Chat != 0, f.Chat},
		"status": {f.Status != 0, f.Status}, "retry_after": {f.RetryAfter != 0, f.RetryAfter},
		"delay": {f.Delay != 0, f.Delay.String()}, "probability": {f.Probability != 0, f.Probability},
	} {
		if set.given {
			in[name] = set.value
		}
	}
	var made struct {
		ID string `json:"id"`
	}
	err := c.do(ctx, http.MethodPost, "/faults", in, &made)
	return made.ID, err
}

// RemoveFault removes one fault.
func (c *Client) RemoveFault(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/faults/"+url.PathEscape(id), nil, nil)
}

// ClearFaults removes all faults.
func (c *Client) ClearFaults(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/faults", nil, nil)
}

// Call is one call of a bot in the sandbox's log.
type Call struct {
	Seq         int64     `json:"seq"`
	At          time.Time `json:"at"`
	Bot         int64     `json:"bot"`
	Method      string    `json:"method"`
	ChatID      int64     `json:"chat_id"`
	MessageID   int64     `json:"message_id"`
	OK          bool      `json:"ok"`
	ErrorCode   int       `json:"error_code"`
	Description string    `json:"description"`
	Fault       string    `json:"fault"`
	TookMS      float64   `json:"took_ms"`
}

// LastCall returns the sequence number of the newest call, 0 when there was none.
func (c *Client) LastCall(ctx context.Context) (int64, error) {
	var calls []Call
	err := c.do(ctx, http.MethodGet, "/log?limit=1", nil, &calls)
	if err != nil || len(calls) == 0 {
		return 0, err
	}
	return calls[len(calls)-1].Seq, nil
}

// Log returns the calls of bots after the one with this sequence number, oldest first, at most 1000.
func (c *Client) Log(ctx context.Context, after int64) ([]Call, error) {
	var calls []Call
	err := c.do(ctx, http.MethodGet, "/log?after="+strconv.FormatInt(after, 10), nil, &calls)
	return calls, err
}

// StealPolling lets another program poll the bot for a while: it takes updates and comes back each time it is thrown out.
func (c *Client) StealPolling(ctx context.Context, bot string, lasting time.Duration) error {
	return c.do(ctx, http.MethodPost, "/bots/"+url.PathEscape(bot)+"/steal", map[string]any{"how": "polling", "seconds": int(lasting.Seconds())}, nil)
}
