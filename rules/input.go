package rules

import (
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// Facts are what is known when rules are asked about an update.
type Facts struct {
	Update    gateway.Update   // of a messenger
	Own       gateway.OwnEvent // of our own side, instead
	MessageID gateway.MessageID
	Bot       gateway.Bot
	Talk      gateway.Conversation
	Received  time.Time
	Phone     bool // the update proves the person's phone
}

// Event is what an update is for the language; empty if it is nothing that rules may be about.
func Event(u gateway.Update, phone bool) string {
	switch u.Kind {
	case gateway.UpdateText, gateway.UpdateMedia:
		return dsl.EventMessage
	case gateway.UpdateCommand:
		return dsl.EventCommand
	case gateway.UpdateButton:
		return dsl.EventButton
	case gateway.UpdateContact:
		if phone {
			return dsl.EventPhone
		}
		return dsl.EventMessage
	case gateway.UpdateMembership:
		if u.Member {
			return dsl.EventSubscribed
		}
		return dsl.EventUnsubscribed
	default:
		return ""
	}
}

// Input says in the words of the language what happened, to whom and when.
func (p *Program) Input(f Facts) dsl.Input {
	person, state := f.Talk.Person, f.Talk.State
	in := dsl.Input{
		Now: f.Received, Muted: state.Muted, Fired: state.Fired,
		Message: dsl.Message{ID: string(f.MessageID), ReceivedAt: f.Received, ReplyTo: string(f.Talk.ReplyTo)},
		User: dsl.User{
			ID: string(person.ID), Username: person.Username, FirstName: person.FirstName, LastName: person.LastName, Lang: person.Language,
			Phone: person.Phone, PhoneProvedAt: person.PhoneProvedAt, Tags: state.Tags, Fields: p.known(state.Fields),
			Since: f.Talk.Since, Messages: state.Messages,
		},
		Bot: dsl.Bot{Name: f.Bot.Username, Platform: string(f.Bot.Platform), Shared: f.Bot.Shared},
	}
	if m := f.Talk.Last; m != nil {
		text, _ := m.Final()
		in.Last = &dsl.Last{Text: text, SentAt: m.CreatedAt, Rule: m.Rule, Label: m.Label}
	}
	if f.Own.Event != "" {
		in.Events = []string{f.Own.Event}
		return in
	}
	p.say(&in, f)
	return in
}

// say puts in what the person did.
func (p *Program) say(in *dsl.Input, f Facts) {
	u := f.Update
	first := u.Kind.Written() && in.User.Messages == 0
	in.Events = dsl.EventsOf(Event(u, f.Phone), u.Command, first)
	if f.Talk.New && u.Kind != gateway.UpdateMembership {
		in.Events = append(in.Events, dsl.EventSubscribed)
	}
	if u.Kind.Written() {
		in.User.Messages++
	}
	in.Message.Kind = string(u.Kind)
	switch u.Kind {
	case gateway.UpdateButton:
		in.Button = u.Text
		return
	case gateway.UpdateMembership:
		return
	case gateway.UpdateMedia:
		in.Message.Kind, in.Message.FileName = u.Media, u.FileName
		if u.Location != nil {
			in.Message.Location = &dsl.Location{Latitude: u.Location.Latitude, Longitude: u.Location.Longitude}
		}
	}
	in.Text, in.Command, in.Args = u.Text, u.Command, u.Payload
	if in.Text != "" {
		in.Message.Lang, in.Told = p.env.LangOf(in.Text), true
	}
}

// known leaves out fields that the file does not keep, or keeps with another type now: expressions were checked for the
// types that it declares.
func (p *Program) known(fields gateway.Fields) map[string]any {
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		if p.fields[name] == typeOf(value) {
			out[name] = value
		}
	}
	return out
}

// typeOf is how a rule file calls the type of a value.
func typeOf(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case int64:
		return "int"
	case float64:
		return "float"
	case bool:
		return "bool"
	case time.Time:
		return "time"
	default:
		return "none"
	}
}

// Said is the input of something that a person does in a trial: a text, a pressed button, or another event by its name.
func Said(text, press, event, kind string, first bool) dsl.Input {
	in := dsl.Input{Text: text, Button: press}
	in.Message.Kind = kind
	what, command := dsl.EventMessage, ""
	switch {
	case event == dsl.EventFirstMessage:
		first = true
	case event != "":
		what = event
	case press != "":
		what = dsl.EventButton
	case strings.HasPrefix(text, "/"):
		what = dsl.EventCommand
		command, in.Args, _ = strings.Cut(text[1:], " ")
		command, _, _ = strings.Cut(command, "@")
		command = strings.ToLower(command)
		in.Command, in.Args = command, strings.TrimSpace(in.Args)
	}
	if in.Message.Kind == "" {
		in.Message.Kind = map[string]string{dsl.EventMessage: "text", dsl.EventCommand: "command", dsl.EventButton: "button", dsl.EventPhone: "contact"}[what]
	}
	in.Events = dsl.EventsOf(what, command, first)
	return in
}
