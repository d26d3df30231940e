package controlclient

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Phone is a phone with the SMS on it.
type Phone struct {
	Number string `json:"phone"` // E.164
	State  string `json:"state"`
	SMS    []SMS  `json:"sms"` // oldest first
}

// SMS is one SMS, to the phone or from it.
type SMS struct {
	ID        string    `json:"id"`
	Direction string    `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Text      string    `json:"text"`
	Segments  int       `json:"segments"`
	At        time.Time `json:"at"`
	Status    string    `json:"status"`
}

// Phone returns the phone with a number. The sandbox has one for every number.
func (c *Client) Phone(ctx context.Context, number string) (Phone, error) {
	var p Phone
	err := c.do(ctx, http.MethodGet, "/phones/"+url.PathEscape(number), nil, &p)
	return p, err
}

// Opened is what somebody who opened a link got.
type Opened struct {
	Status    int    `json:"status"`
	Location  string `json:"location"`
	Confirmed bool   `json:"confirmed"` // a form of the page was sent, and the answer is that to it
}

// Open opens a link that stands in the chat: as the person, or as a preview_robot or a scanner.
func (c *Client) Open(ctx context.Context, person int64, bot, link, as string) (Opened, error) {
	var o Opened
	err := c.do(ctx, http.MethodPost, chatPath(person, bot)+"/open", map[string]string{"url": link, "as": as}, &o)
	return o, err
}

// WriteSMS lets whoever has the phone write an SMS to a number or name, mostly in answer to one that came from there.
func (c *Client) WriteSMS(ctx context.Context, number, to, text string) (SMS, error) {
	var sent SMS
	err := c.do(ctx, http.MethodPost, "/phones/"+url.PathEscape(number)+"/sms", map[string]string{"to": to, "text": text}, &sent)
	return sent, err
}
