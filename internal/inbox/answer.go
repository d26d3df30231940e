package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"herald/dsl"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/rules"
)

// Composer makes messages that somebody else stores.
type Composer interface {
	Compose(account gateway.AccountID, bot gateway.Bot, r messaging.Request) (gateway.NewMessage, error)
	// Claim makes the messages by which a person proves a phone that they claim.
	Claim(bot gateway.Bot, person gateway.Subscriber, phone string) (gateway.PhoneAsk, []gateway.NewMessage, error)
}

func refOf(m gateway.NewMessage) gateway.MessageRef {
	return gateway.MessageRef{AccountID: m.Message.AccountID, MessageID: m.Message.ID}
}

// EventForwarded is the kind of event that the effect forward leaves for the customer's handler.
const EventForwarded gateway.AccountEventKind = "rule.forwarded"

// consultation is one update on its way through the rules.
type consultation struct {
	inbox  *Inbox
	raw    gateway.RawUpdate
	bot    gateway.Bot
	update gateway.Update
	own    gateway.OwnEvent
	phone  bool // the update proves the person's phone
	about  gateway.MessageID

	answer gateway.Answer
	notes  []string
	lines  []rules.EffectLine
}

// consult returns what asks the rules about an update: nil if none are active, or nothing that they may be about has
// happened. accepted receives the messages that were made, for the case that the transaction holds.
func (i *Inbox) consult(c consultation, accepted *[]gateway.MessageRef) gateway.Answerer {
	if i.engine == nil || c.raw.Rules == 0 || c.own.Event == "" && rules.Event(c.update, c.phone) == "" {
		return nil
	}
	return func(ctx context.Context, talk gateway.Conversation) (a gateway.Answer, err error) {
		defer func() { // a panic over one odd update ends that update, not the process
			if r := recover(); r != nil {
				a, err = gateway.Answer{Failure: fmt.Sprintf("the rules panicked: %v", r)}, nil
			}
		}()
		c := c // a transaction that is tried again begins anew
		c.inbox = i
		if talk.Foreign {
			c.update.Text = gateway.HiddenPhone
		}
		if a, err = c.ask(ctx, talk); err != nil {
			return a, err
		}
		*accepted = (*accepted)[:0]
		for _, m := range a.Messages {
			*accepted = append(*accepted, refOf(m))
		}
		return a, nil
	}
}

// ask lets the rules decide and turns what they ask for into what is to be written.
func (c *consultation) ask(ctx context.Context, talk gateway.Conversation) (gateway.Answer, error) {
	program, err := c.inbox.engine.Program(ctx, c.raw.AccountID, c.raw.BotID, c.raw.Rules)
	var broken *rules.BrokenError
	if errors.As(err, &broken) {
		return gateway.Answer{Failure: broken.Error()}, nil
	}
	if err != nil {
		return gateway.Answer{}, err
	}
	in := program.Input(rules.Facts{
		Update: c.update, Own: c.own, MessageID: c.about, Bot: c.bot, Talk: talk, Received: c.raw.ReceivedAt, Phone: c.phone,
	})
	verdict, err := program.Run(ctx, in)
	if err != nil {
		return gateway.Answer{}, fmt.Errorf("run rules: %w", err)
	}
	applied := rules.Apply(talk.State, verdict, c.own.Event == "" && c.update.Kind.Written(), in.Now)
	c.notes = applied.Notes
	c.answer = gateway.Answer{
		Version: program.Version, Event: c.own.Event, About: c.about, Rules: verdict.Rules, State: applied.State,
	}
	if verdict.Incoming != "" && in.Text != "" && c.update.Kind != gateway.UpdateCommand {
		c.answer.Language, c.answer.TranslateTo, c.answer.Keep = in.Message.Lang, verdict.Incoming, program.Keep()
	}
	for _, e := range applied.Effects {
		c.carryOut(program, talk.Person, e)
	}
	for _, e := range applied.Left {
		line := rules.Line(e)
		line.Left = rules.NoteLoop
		c.lines = append(c.lines, line)
	}
	return c.finish(in)
}

// finish adds what explains the answer later.
func (c *consultation) finish(in dsl.Input) (gateway.Answer, error) {
	var err error
	if c.answer.Input, err = rules.EncodeInput(in); err != nil {
		return gateway.Answer{}, err
	}
	if c.lines == nil {
		c.lines = []rules.EffectLine{}
	}
	if c.answer.Effects, err = json.Marshal(c.lines); err != nil {
		return gateway.Answer{}, fmt.Errorf("write effects of rules: %w", err)
	}
	c.answer.Note = strings.Join(c.notes, ",")
	return c.answer, nil
}

// carryOut turns one effect into what is written for it. What changes the person is in the answer's state already.
func (c *consultation) carryOut(program *rules.Program, person gateway.Subscriber, e dsl.Effect) {
	line := rules.Line(e)
	switch e.Kind {
	case dsl.EffectReply, dsl.EffectAskPhone:
		line.Message, line.Left = c.reply(program, person, e)
	case dsl.EffectNotify:
		line.Message, line.Left = c.send(program, e, messaging.Request{To: e.Name}, func(*gateway.Message) {})
	case dsl.EffectForward:
		c.forward(e)
	case dsl.EffectFired:
		return
	}
	if line.Left != "" {
		c.note(line.Left)
	}
	c.lines = append(c.lines, line)
}

// reply makes a message to the person, to go out after the one before it.
func (c *consultation) reply(program *rules.Program, person gateway.Subscriber, e dsl.Effect) (id gateway.MessageID, left string) {
	to := gateway.Address{Kind: gateway.AddressPlatform, Value: fmt.Sprint(person.PlatformID)}
	id, left = c.send(program, e, messaging.Request{To: to.String()}, func(m *gateway.Message) {
		m.SubscriberID, m.After, m.AskPhone = person.ID, c.answer.State.LastReply, e.Kind == dsl.EffectAskPhone
	})
	if id != "" {
		c.answer.State.LastReply = id
	}
	return id, left
}

func (c *consultation) send(program *rules.Program, e dsl.Effect, r messaging.Request, finish func(*gateway.Message)) (id gateway.MessageID, left string) {
	r.Text, r.Buttons = e.Message.Text, buttonsOf(e.Message.Buttons)
	made, err := c.inbox.composer.Compose(c.raw.AccountID, c.bot, r)
	if err != nil {
		return "", rules.NoteRefused
	}
	m := &made.Message
	m.Rule, m.Cause, m.Language = e.Rule, c.about, e.Message.Language
	if to := e.Message.Translate; to != "" && to != m.Language {
		m.TranslateTo, m.Keep = to, program.Keep()
	}
	finish(m)
	c.answer.Messages = append(c.answer.Messages, made)
	return m.ID, ""
}

func buttonsOf(rows [][]dsl.OutgoingButton) [][]gateway.Button {
	var out [][]gateway.Button
	for _, row := range rows {
		made := make([]gateway.Button, len(row))
		for i, b := range row {
			made[i] = gateway.Button{Text: b.Text, Data: b.Data, URL: b.URL}
		}
		out = append(out, made)
	}
	return out
}

// forward leaves an event for the customer's handler.
func (c *consultation) forward(e dsl.Effect) {
	data := struct {
		Rule  string `json:"rule"`
		Event string `json:"event"`
		Kind  string `json:"kind,omitempty"`
		Text  string `json:"text,omitempty"`
	}{Rule: e.Rule, Event: c.own.Event, Kind: string(c.update.Kind), Text: c.update.Text}
	if data.Event == "" {
		data.Event = rules.Event(c.update, c.phone)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		panic("inbox: an event that JSON cannot write: " + err.Error())
	}
	c.answer.Events = append(c.answer.Events, gateway.AccountEvent{
		Kind: EventForwarded, At: c.raw.ReceivedAt, MessageID: c.about, Label: e.Name, Data: raw,
	})
}

func (c *consultation) note(word string) {
	for _, n := range c.notes {
		if n == word {
			return
		}
	}
	c.notes = append(c.notes, word)
}
