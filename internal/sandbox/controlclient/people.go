package controlclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Person is somebody with an account and perhaps a phone.
type Person struct {
	ID        int64  `json:"id,omitempty"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"` // without @
	Phone     string `json:"phone,omitempty"`
	Language  string `json:"language,omitempty"`
}

// Message is what stands in a chat.
type Message struct {
	ID      int64  `json:"message_id"`
	Date    int64  `json:"date"` // Unix seconds
	Text    string `json:"text"`
	Caption string `json:"caption"` // of a photo or document
	Photo   []struct {
		FileID string `json:"file_id"`
		Width  int    `json:"width"`
	} `json:"photo"`
	Document struct {
		FileID   string `json:"file_id"`
		FileName string `json:"file_name"`
		FileSize int64  `json:"file_size"`
	} `json:"document"`
	Protected bool       `json:"has_protected_content"`
	Silent    bool       `json:"silent"`
	Buttons   [][]Button `json:"buttons"`
	Edited    bool       `json:"edited"`
	Out       bool       `json:"out"` // the person wrote it
}

// Button is a button under a message.
type Button struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
	URL  string `json:"url"`

	WebApp struct {
		URL string `json:"url"`
	} `json:"web_app"`
}

// Pressed is what pressing a button did.
type Pressed struct {
	Answered bool   `json:"answered"` // the bot answered the press
	Text     string `json:"text"`     // what the bot shows for it
}

// CreatePerson opens an account. A phone that somebody else has changes hands.
func (c *Client) CreatePerson(ctx context.Context, p Person) (Person, error) {
	p.ID = 0 // the sandbox gives it
	var made Person
	err := c.do(ctx, http.MethodPost, "/people", p, &made)
	return made, err
}

// DeletePerson closes the account: bots that write to it hear that the user is deactivated.
func (c *Client) DeletePerson(ctx context.Context, person int64) error {
	return c.do(ctx, http.MethodDelete, "/people/"+strconv.FormatInt(person, 10), nil, nil)
}

// chatPath is the chat of a person with a bot.
func chatPath(person int64, bot string) string {
	return "/people/" + strconv.FormatInt(person, 10) + "/chats/" + url.PathEscape(bot)
}

// Start presses Start in the chat, with a link's payload or none.
func (c *Client) Start(ctx context.Context, person int64, bot, payload string) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/start", map[string]string{"payload": payload}, nil)
}

// Write sends a text to the bot.
func (c *Client) Write(ctx context.Context, person int64, bot, text string) (Message, error) {
	var m Message
	err := c.do(ctx, http.MethodPost, chatPath(person, bot)+"/messages", map[string]string{"text": text}, &m)
	return m, err
}

// ShareContact shares the person's own contact.
func (c *Client) ShareContact(ctx context.Context, person int64, bot string) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/contact", struct{}{}, nil)
}

// ForwardContact forwards the person's own contact from another chat.
func (c *Client) ForwardContact(ctx context.Context, person int64, bot string) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/contact", map[string]bool{"forwarded": true}, nil)
}

// SharePerson shares the contact of somebody else.
func (c *Client) SharePerson(ctx context.Context, person int64, bot string, other int64) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/contact", map[string]int64{"person": other}, nil)
}

// Press presses the button with this data under a message.
func (c *Client) Press(ctx context.Context, person int64, bot string, message int64, data string) (Pressed, error) {
	var p Pressed
	err := c.do(ctx, http.MethodPost, chatPath(person, bot)+"/press", map[string]any{"message_id": message, "data": data}, &p)
	return p, err
}

// Block blocks the bot.
func (c *Client) Block(ctx context.Context, person int64, bot string) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/block", nil, nil)
}

// Unblock takes the block back.
func (c *Client) Unblock(ctx context.Context, person int64, bot string) error {
	return c.do(ctx, http.MethodPost, chatPath(person, bot)+"/unblock", nil, nil)
}

// Messages returns what stands in the chat, oldest first.
func (c *Client) Messages(ctx context.Context, person int64, bot string) ([]Message, error) {
	var messages []Message
	err := c.do(ctx, http.MethodGet, chatPath(person, bot)+"/messages", nil, &messages)
	return messages, err
}

// lookPause is how long AwaitMessage waits between two looks.
const lookPause = 20 * time.Millisecond

// AwaitMessage waits until a message of the bot with exactly this text stands in the chat. The context bounds the waiting.
func (c *Client) AwaitMessage(ctx context.Context, person int64, bot, text string) (Message, error) {
	ticker := time.NewTicker(lookPause)
	defer ticker.Stop()
	for {
		messages, err := c.Messages(ctx, person, bot)
		if err != nil {
			return Message{}, err
		}
		for _, m := range messages {
			if !m.Out && m.Text == text {
				return m, nil
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("wait for a message of %s: %w", bot, ctx.Err())
		}
	}
}
