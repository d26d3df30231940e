package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"herald/client"
	"herald/client/wire"
	"herald/internal/terminal"
)

const (
	// maxText bounds what is read from standard input, in bytes: 4096 UTF-16 units are less.
	maxText = 64 << 10
	// maxWait is the longest that the API waits for an outcome.
	maxWait = time.Minute
)

// SendCmd sends one message.
type SendCmd struct {
	To              string        `required:"" placeholder:"WHO" env:"HERALD_SEND_TO" help:"The recipient: a phone such as +380501234567, a @name, #id, ext: and your own id, or chat: and the id of a group."`
	Text            string        `placeholder:"TEXT" env:"HERALD_SEND_TEXT" help:"The text. Left out, it is read from standard input, unless there is a photo or document."`
	Format          string        `placeholder:"FORMAT" env:"HERALD_SEND_FORMAT" help:"How the text is marked up: plain, html or markdown (MarkdownV2), as the Bot API reads them (default plain). SMS get it without markup."`
	Bot             string        `placeholder:"BOT" help:"The bot that sends, by @name or id. May be left out when there is only one."`
	Button          []string      `sep:"none" placeholder:"TEXT=DATA" env:"HERALD_SEND_BUTTON" help:"A button under the text; more flags are more buttons. DATA comes back when it is pressed; a DATA that is an https:// address is opened, app:https://... opens a Mini App."`
	Lane            string        `placeholder:"LANE" env:"HERALD_SEND_LANE" help:"Who goes first when a bot is busy: code, service or bulk (default service)."`
	TTL             string        `name:"ttl" placeholder:"SPAN" env:"HERALD_SEND_TTL" help:"How long it is worth sending, such as 90s, 10m or 7d (default 24h; 10m for codes)."`
	Fallback        string        `placeholder:"CHANNEL" env:"HERALD_SEND_FALLBACK" help:"sms: send an SMS if the person is not connected or the messenger does not take it."`
	Cascade         string        `sep:"none" placeholder:"LEGS" env:"HERALD_SEND_CASCADE" help:"The ways that it takes one after another, such as telegram:read:2m,sms: by the bot, and by SMS if it is not read in two minutes."`
	ReadLink        string        `placeholder:"URL" env:"HERALD_SEND_READ_LINK" help:"Add a link to this address that proves reading. Inside the text it is written {link:URL}."`
	SendAt          string        `placeholder:"TIME" env:"HERALD_SEND_AT" help:"Send at this time, such as 2026-03-02T08:00 by the clock of --timezone, or 2026-03-02T08:00:00+02:00. The outcome is not waited for."`
	Between         string        `placeholder:"HOURS" env:"HERALD_SEND_BETWEEN" help:"Send only at these hours of the day, such as 09:00-21:00, by the person's clock as far as it is known, else by that of --timezone."`
	Timezone        string        `placeholder:"ZONE" env:"HERALD_SEND_TIMEZONE" help:"The zone of --send-at, and of --between where the person's own is not known, such as Europe/Kyiv (default UTC)."`
	MaxPrice        string        `placeholder:"AMOUNT" env:"HERALD_SEND_MAX_PRICE" help:"What it may cost at most, such as 0.05: dearer ways are left out (see: herald prices)."`
	ConfirmedWithin string        `placeholder:"SPAN" env:"HERALD_SEND_CONFIRMED_WITHIN" help:"How old the proof of the person's phone may be, such as 90d: with an older one it is withheld until they prove the phone again."`
	ConfirmBy       string        `placeholder:"HOW" env:"HERALD_SEND_CONFIRM_BY" help:"How they prove it: contact, by a button, or sms, by digits that an SMS brings (default contact)."`
	Label           string        `placeholder:"MARK" env:"HERALD_SEND_LABEL" help:"Your own mark, to find the message by."`
	OnUnknown       string        `placeholder:"WHAT" env:"HERALD_SEND_ON_UNKNOWN" help:"When the messenger's answer is lost: resend it or hold it (default hold; resend for codes)."`
	IdempotencyKey  string        `placeholder:"KEY" env:"HERALD_SEND_IDEMPOTENCY_KEY" help:"Your own name for this send: repeated with the same key, it is done once."`
	Wait            time.Duration `default:"10s" placeholder:"SPAN" env:"HERALD_SEND_WAIT" help:"How long to wait for the outcome, at most 1m; 0 does not wait (default 10s)."`
	Preview         bool          `env:"HERALD_SEND_PREVIEW" help:"Send nothing: show whom it would reach, how, and what would be refused."`
	Carried
	Output
	Remote
}

// Help is shown by herald send --help.
func (SendCmd) Help() string {
	return `Waits for the outcome and shows what happened to the message, line by line.

Examples:

    herald send --to +380501234567 --text "Your code is 1234" --lane code
    herald send --to @anna --text "Will you be at home?" --button Yes=home:yes --button No=home:no
    uptime | herald send --to '#7012345' --bot @acme_bot --wait 0
    herald send --to +380501234567 --text "Ready: {link:https://acme.example/77}" --cascade telegram:read:2m,sms
    herald send --to +380501234567 --text "Your visit is at noon." --fallback sms --send-at 2026-03-02T08:00 --timezone Europe/Kyiv
    herald send --to +380671234567 --text "Your visit is at noon." --fallback sms --preview
    herald send --to +380671234567 --text "Your balance is 100" --confirmed-within 90d --ttl 2d
    herald send --to @anna --photo door.jpg --text "Your parcel is at the door" --silent
    herald send --to @anna --format html --text "Your order is <b>ready</b>"
    HERALD_API_URL=https://herald.example HERALD_API_KEY_FILE=key herald send --to @anna --text Hello

Exit codes:

    0  the messenger took it, or it is stored for later, or it is stored and --wait is 0
    1  it could not be handed over; the line on standard error says why
    2  the command line is wrong
    3  it ended otherwise: not_subscribed, failed, unknown, expired, cancelled
    4  it was still on its way when the waiting ended`
}

// Validate is called by the parser.
func (s *SendCmd) Validate() error {
	if s.Wait < 0 || s.Wait > maxWait {
		return fmt.Errorf("--wait must be from 0 to %s", terminal.Span(maxWait))
	}
	return nil
}

// Run sends the message.
func (s *SendCmd) Run(ctx context.Context, c *console) error {
	message, err := s.message(c.In)
	if err != nil {
		return err
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	if s.Preview {
		return s.preview(ctx, c, api, message)
	}
	if s.SendAt != "" {
		s.Wait = 0 // its time may be far
	}
	var options []client.SendOption
	if s.IdempotencyKey != "" {
		options = append(options, client.WithIdempotencyKey(s.IdempotencyKey))
	}
	if s.Wait > 0 {
		options = append(options, client.WithWait(s.Wait))
	}
	if err := s.attach(ctx, api, &message, s.IdempotencyKey); err != nil {
		return err
	}
	sent, err := api.Send(ctx, message, options...)
	if err != nil {
		return err
	}
	var events []client.Event
	if s.Wait > 0 {
		if events, err = api.Events(ctx, sent.ID); err != nil {
			return fmt.Errorf("message %s is sent, but its story could not be read: %w", sent.ID, err)
		}
	}
	if err := s.show(c, sent, events); err != nil {
		return err
	}
	return s.outcome(sent)
}

// message is what goes to the API.
func (s *SendCmd) message(stdin io.Reader) (client.NewMessage, error) {
	m := client.NewMessage{
		Bot: s.Bot, To: s.To, Text: s.Text, Format: client.Format(s.Format), Lane: client.Lane(s.Lane), TTL: s.TTL, Label: s.Label,
		OnUnknown: client.OnUnknown(s.OnUnknown), Fallback: s.Fallback, ReadLink: s.ReadLink,
		SendAt: s.SendAt, Between: s.Between, Timezone: s.Timezone, MaxPrice: s.MaxPrice,
		ConfirmedWithin: s.ConfirmedWithin, ConfirmBy: client.ConfirmBy(s.ConfirmBy),
	}
	var err error
	if m.Cascade, err = parseCascade(s.Cascade); err != nil {
		return m, err
	}
	for _, given := range s.Button {
		button, err := parseButton(given)
		if err != nil {
			return m, err
		}
		m.Buttons = append(m.Buttons, []client.Button{button})
	}
	if m.Text != "" || s.given() {
		return m, nil
	}
	text, err := io.ReadAll(io.LimitReader(stdin, maxText+1))
	switch {
	case err != nil:
		return m, fmt.Errorf("read the text from standard input: %w", err)
	case len(text) > maxText:
		return m, errors.New("the text on standard input is too long: a message has at most 4096 characters")
	}
	if m.Text = strings.TrimRight(string(text), "\r\n"); m.Text == "" {
		return m, errors.New("there is no text: give --text, or write it to standard input")
	}
	return m, nil
}

// parseCascade reads CHANNEL[:UNTIL[:WITHIN]], one leg after another with commas between them.
func parseCascade(given string) ([]client.NewLeg, error) {
	if given == "" {
		return nil, nil
	}
	var legs []client.NewLeg
	for _, part := range strings.Split(given, ",") {
		words := strings.Split(strings.TrimSpace(part), ":")
		if words[0] == "" || len(words) > 3 {
			return nil, &exitError{code: exitUsage, text: fmt.Sprintf("--cascade %q is not like telegram:read:2m,sms; see: herald send --help", given)}
		}
		words = append(words, "", "")
		legs = append(legs, client.NewLeg{Channel: client.Channel(words[0]), Until: client.Until(words[1]), Within: words[2]})
	}
	return legs, nil
}

// parseButton reads TEXT=DATA, TEXT=https://address or TEXT=app:https://address.
func parseButton(given string) (client.Button, error) {
	text, data, found := strings.Cut(given, "=")
	if !found || text == "" || data == "" {
		return client.Button{}, &exitError{code: exitUsage, text: fmt.Sprintf("--button %q is not TEXT=DATA; see: herald send --help", given)}
	}
	if address, isApp := strings.CutPrefix(data, "app:"); isApp && strings.HasPrefix(address, "https://") {
		return client.Button{Text: text, WebApp: address}, nil
	}
	if strings.HasPrefix(data, "https://") || strings.HasPrefix(data, "http://") {
		return client.Button{Text: text, URL: data}, nil
	}
	return client.Button{Text: text, Data: data}, nil
}

func (s *SendCmd) show(c *console, m client.Message, events []client.Event) error {
	if s.JSON {
		return c.writeJSON(struct {
			client.Message
			Events []client.Event `json:"events,omitempty"`
		}{m, events})
	}
	var record terminal.Record
	record.Add("message", m.ID)
	record.Add("to", m.To)
	record.Add("state", string(m.State))
	record.Add("reason", reason(m.Reason, m.ReasonText))
	record.Add("send at", terminal.Moment(m.SendAt, c.Zone))
	if settled(m.State) {
		record.Add("took", terminal.Span(m.UpdatedAt.Sub(m.CreatedAt)))
	}
	if err := record.Write(c.Out); err != nil || len(events) == 0 {
		return err
	}
	if err := c.say(""); err != nil {
		return err
	}
	return story(events, c.Zone).Write(c.Out)
}

// outcome turns the state into the exit code.
func (s *SendCmd) outcome(m client.Message) error {
	switch {
	case taken(m.State) || s.Wait == 0 || m.State == wire.MessageStateScheduled:
		return nil
	case settled(m.State):
		return &exitError{code: exitNotAccepted, text: fmt.Sprintf("the message ended as %s", m.State)}
	default:
		return &exitError{
			code: exitOnItsWay,
			text: fmt.Sprintf("no outcome after %s; see later: herald messages get %s", terminal.Span(s.Wait), m.ID),
		}
	}
}

// reason joins the machine word of a reason with its text.
func reason(code, text string) string {
	if code == "" || text == "" {
		return code + text
	}
	return code + ": " + text
}
