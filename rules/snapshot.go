package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// snapshot is all that rules saw, as it is stored with a verdict. What is empty is left out: most of it is, mostly.
type snapshot struct {
	Events  []string             `json:"events"`
	Now     time.Time            `json:"now"`
	Text    string               `json:"text,omitempty"`
	Command string               `json:"command,omitempty"`
	Args    string               `json:"args,omitempty"`
	Button  string               `json:"button,omitempty"`
	Message snapshotMessage      `json:"message"`
	User    snapshotUser         `json:"user"`
	Bot     snapshotBot          `json:"bot"`
	Last    *snapshotLast        `json:"last,omitempty"`
	Muted   time.Time            `json:"muted,omitzero"`
	Fired   map[string]time.Time `json:"fired,omitempty"`
}

type snapshotMessage struct {
	ID         string        `json:"id,omitempty"`
	Kind       string        `json:"kind,omitempty"`
	Lang       string        `json:"lang,omitempty"`
	ReceivedAt time.Time     `json:"received_at,omitzero"`
	ReplyTo    string        `json:"reply_to,omitempty"`
	FileName   string        `json:"file_name,omitempty"`
	Location   *dsl.Location `json:"location,omitempty"`
}

type snapshotUser struct {
	ID            string         `json:"id,omitempty"`
	Username      string         `json:"username,omitempty"`
	FirstName     string         `json:"first_name,omitempty"`
	LastName      string         `json:"last_name,omitempty"`
	Lang          string         `json:"lang,omitempty"`
	Phone         string         `json:"phone,omitempty"`
	PhoneProvedAt time.Time      `json:"phone_proved_at,omitzero"`
	Tags          []string       `json:"tags,omitempty"`
	Fields        gateway.Fields `json:"fields,omitempty"`
	Since         time.Time      `json:"since,omitzero"`
	Messages      int            `json:"messages,omitempty"`
}

type snapshotBot struct {
	Name     string `json:"name,omitempty"`
	Platform string `json:"platform,omitempty"`
	Shared   bool   `json:"shared,omitempty"`
}

type snapshotLast struct {
	Text   string    `json:"text,omitempty"`
	SentAt time.Time `json:"sent_at,omitzero"`
	Rule   string    `json:"rule,omitempty"`
	Label  string    `json:"label,omitempty"`
}

// EncodeInput writes an input so that DecodeInput brings it back exactly.
func EncodeInput(in dsl.Input) ([]byte, error) {
	s := snapshot{
		Events: in.Events, Now: in.Now, Text: in.Text, Command: in.Command, Args: in.Args, Button: in.Button, Muted: in.Muted, Fired: in.Fired,
		Message: snapshotMessage(in.Message), Bot: snapshotBot(in.Bot), Last: (*snapshotLast)(in.Last),
		User: snapshotUser{
			in.User.ID, in.User.Username, in.User.FirstName, in.User.LastName, in.User.Lang, in.User.Phone, in.User.PhoneProvedAt,
			in.User.Tags, gateway.Fields(in.User.Fields), in.User.Since, in.User.Messages,
		},
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write input of rules: %w", err)
	}
	return raw, nil
}

// DecodeInput reads what EncodeInput wrote.
func DecodeInput(raw []byte) (dsl.Input, error) {
	var s snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return dsl.Input{}, fmt.Errorf("read input of rules: %w", err)
	}
	return dsl.Input{
		Events: s.Events, Now: s.Now, Text: s.Text, Command: s.Command, Args: s.Args, Button: s.Button, Muted: s.Muted, Fired: s.Fired,
		Message: dsl.Message(s.Message), Bot: dsl.Bot(s.Bot), Last: (*dsl.Last)(s.Last),
		User: dsl.User{
			ID: s.User.ID, Username: s.User.Username, FirstName: s.User.FirstName, LastName: s.User.LastName, Lang: s.User.Lang,
			Phone: s.User.Phone, PhoneProvedAt: s.User.PhoneProvedAt, Tags: s.User.Tags, Fields: s.User.Fields, Since: s.User.Since,
			Messages: s.User.Messages,
		},
	}, nil
}

// EffectLine is one effect as it is stored with a verdict and shown.
type EffectLine struct {
	Kind      string            `json:"kind"`
	Rule      string            `json:"rule"`
	Name      string            `json:"name,omitempty"`  // the field, the tag, the label of forward, the recipient of notify
	Value     string            `json:"value,omitempty"` // of set, as JSON writes it
	Text      string            `json:"text,omitempty"`
	Language  string            `json:"language,omitempty"`  // in which Text is
	Translate string            `json:"translate,omitempty"` // the language that it is wanted in, with its buttons
	Buttons   [][]ButtonLine    `json:"buttons,omitempty"`
	Seconds   int64             `json:"seconds,omitempty"` // of mute
	Message   gateway.MessageID `json:"message,omitempty"` // that it became
	Left      string            `json:"left,omitempty"`    // why it was left out
}

// ButtonLine is a button under what an effect sends.
type ButtonLine struct {
	Text string `json:"text"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// String shows what stands on the button, and what is behind it if that is something else.
func (b ButtonLine) String() string {
	switch {
	case b.URL != "":
		return "[" + b.Text + ": " + b.URL + "]"
	case b.Data != b.Text:
		return "[" + b.Text + ": " + b.Data + "]"
	default:
		return "[" + b.Text + "]"
	}
}

// ButtonWords shows the buttons of the line, row by row; nothing if it has none.
func (l EffectLine) ButtonWords() string {
	rows := make([]string, len(l.Buttons))
	for i, row := range l.Buttons {
		for _, b := range row {
			rows[i] += b.String()
		}
	}
	return strings.Join(rows, " / ")
}

// translated tells whether the text is wanted in another language.
func (l EffectLine) translated() bool { return l.Translate != "" && l.Translate != l.Language }

// Line writes an effect for people to read.
func Line(e dsl.Effect) EffectLine {
	l := EffectLine{Kind: string(e.Kind), Rule: e.Rule, Name: e.Name, Seconds: int64(e.Duration / time.Second)}
	if e.Kind == dsl.EffectSet {
		value, _ := json.Marshal(e.Value) // strings, numbers, booleans, times and nil
		l.Value = string(value)
	}
	if e.Message != nil {
		l.Text, l.Language, l.Translate = e.Message.Text, e.Message.Language, e.Message.Translate
		for _, row := range e.Message.Buttons {
			line := make([]ButtonLine, len(row))
			for i, b := range row {
				line[i] = ButtonLine(b)
			}
			l.Buttons = append(l.Buttons, line)
		}
	}
	return l
}
