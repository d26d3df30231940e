package dsl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Test plays the file's own tests and reports each expectation that does not hold, at its place and with the difference.
// Between the steps it does what a host does with a verdict: it keeps tags, fields, what was sent last, which rules fired,
// and until when the person is muted. Nothing is translated.
//
// The person of a test who is not described writes in the file's language and has written nothing yet; a test that does not
// say when it begins begins on Monday, 5 January 2026, at noon. Tests that the end of ctx breaks off have failed.
func (p *Program) Test(ctx context.Context) Diagnostics {
	src := p.file.src
	if src == nil {
		src = newSource(string(p.file.Source))
	}
	r := newReport(p.file.Name, src)
	for i := range p.file.Tests {
		play := p.newPlay(r, &p.file.Tests[i])
		for j := range play.test.Steps {
			play.step(ctx, &play.test.Steps[j])
		}
		if ctx.Err() != nil { // what was not played has not passed
			r.errorf(play.test.Name.At, CodeLimit, "the tests take too long; they were broken off in `%s`", clip(play.test.Name.Value))
			break
		}
	}
	r.list.Sort()
	return r.list
}

// play is one test on its way.
type play struct {
	program *Program
	report  *report
	test    *Test

	now      time.Time
	user     User
	muted    time.Time
	fired    map[string]time.Time
	last     *Last
	buttons  []OutgoingButton // under the last replies
	messages int
}

func (p *Program) newPlay(r *report, t *Test) *play {
	begin := time.Date(2026, 1, 5, 12, 0, 0, 0, p.zone)
	if at, err := time.Parse(time.RFC3339, t.Start.Value); err == nil {
		begin = at
	}
	play := &play{
		program: p, report: r, test: t, now: begin, fired: map[string]time.Time{},
		user: User{ID: "1", Lang: p.language, Since: begin, Fields: map[string]any{}},
	}
	for _, fact := range t.User {
		play.know(fact)
	}
	return play
}

// know takes what the test says about its person. The checker has seen to the form.
func (t *play) know(fact Assignment) {
	text := fact.Value.Value
	if field, isField := cutField(fact.Field.Value); isField {
		t.user.Fields[field] = t.program.fieldOf(field, text)
		return
	}
	moment, _ := time.Parse(time.RFC3339, text)
	switch fact.Field.Value {
	case "id":
		t.user.ID = text
	case "username":
		t.user.Username = strings.TrimPrefix(text, "@")
	case "first_name":
		t.user.FirstName = text
	case "last_name":
		t.user.LastName = text
	case "lang":
		t.user.Lang = text
	case "phone":
		t.user.Phone = text
	case "phone_proved_at":
		t.user.PhoneProvedAt = moment
	case "tags":
		t.user.Tags = append(t.user.Tags, text)
	case "since":
		t.user.Since = moment
	case "messages":
		t.user.Messages, _ = strconv.Atoi(text)
	}
}

// fieldOf reads a value that is written out for a field, nil if it is none of its type.
func (p *Program) fieldOf(name, text string) any {
	switch p.fields[name] {
	case KindString:
		return text
	case KindInt:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case KindFloat:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case KindBool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case KindTime:
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t
		}
	}
	return nil
}

func (t *play) step(ctx context.Context, s *Step) {
	if s.Wait.Duration > 0 {
		t.now = t.now.Add(s.Wait.Duration)
	}
	if s.Sent != nil {
		t.last = &Last{Text: s.Sent.Text.Value, SentAt: t.now, Rule: s.Sent.Rule.Value, Label: s.Sent.Label.Value}
	}
	var v Verdict
	var in Input
	if s.Say.Known || s.Press.Known || s.Event.Known {
		in = t.input(s)
		var err error
		if v, err = t.program.Run(ctx, in); err != nil {
			return
		}
	}
	t.compare(ctx, s, in, v, t.happen(v))
}

// input makes the update of a step.
func (t *play) input(s *Step) Input {
	t.messages++
	in := Input{
		Message: Message{ID: "m" + strconv.Itoa(t.messages), Kind: "text", ReceivedAt: t.now},
		Bot:     Bot{Name: "test_bot", Platform: "telegram"},
		Now:     t.now, Last: t.last, Muted: t.muted,
	}
	event := EventMessage
	switch {
	case s.Press.Known:
		event, in.Button, in.Message.Kind = EventButton, t.pressed(s.Press.Value), "button"
	case s.Event.Known:
		event = s.Event.Value
		if command, is := strings.CutPrefix(event, "/"); is {
			event, in.Command, in.Message.Kind = EventCommand, command, "command"
		}
		if event == EventFirstMessage {
			event, t.user.Messages = EventMessage, 0
		}
		if event == EventPhone {
			t.sharePhone(s, &in)
		}
	default:
		in.Text = s.Say.Value
		if command, args, is := cutCommand(in.Text); is {
			event, in.Command, in.Args, in.Message.Kind = EventCommand, command, args, "command"
		}
	}
	first := false
	if event == EventMessage || event == EventCommand {
		first = t.user.Messages == 0
		t.user.Messages++
	}
	in.Events = EventsOf(event, in.Command, first)
	if detect := t.program.env.LangOf; detect != nil && in.Text != "" {
		in.Message.Lang, in.Told = detect(in.Text), true
	}
	in.User = t.user
	in.User.Tags = slices.Clone(t.user.Tags)
	in.Fired = t.fired
	return in
}

// testPhone is what a person shares of whom the test says no phone.
const testPhone = "+380501234567"

func (t *play) sharePhone(s *Step, in *Input) {
	switch {
	case s.Phone.Known:
		t.user.Phone = s.Phone.Value
	case t.user.Phone == "":
		t.user.Phone = testPhone
	}
	t.user.PhoneProvedAt, in.Message.Kind = t.now, "contact"
}

// cutCommand splits /start@bot hello into start and hello.
func cutCommand(text string) (command, args string, is bool) {
	rest, is := strings.CutPrefix(text, "/")
	if !is {
		return "", "", false
	}
	command, args, _ = strings.Cut(rest, " ")
	command, _, _ = strings.Cut(command, "@")
	return command, strings.TrimSpace(args), command != ""
}

// pressed returns what comes back from a button: a test names it by what stands on it or by its data.
func (t *play) pressed(name string) string {
	for _, b := range t.buttons {
		if b.Text == name && b.URL == "" {
			return b.Data
		}
	}
	return name
}

// seen is what a verdict lets others see.
type seen struct {
	replies, notices []Effect
	labels           []string // of forward
}

// happen does what a host does with a verdict, and returns what others see of it.
func (t *play) happen(v Verdict) (out seen) {
	for _, e := range v.Effects {
		switch e.Kind {
		case EffectSet:
			if e.Value == nil {
				delete(t.user.Fields, e.Name)
			} else {
				t.user.Fields[e.Name] = e.Value
			}
		case EffectTag:
			if !slices.Contains(t.user.Tags, e.Name) {
				t.user.Tags = append(t.user.Tags, e.Name)
			}
		case EffectUntag:
			t.user.Tags = slices.DeleteFunc(t.user.Tags, func(tag string) bool { return tag == e.Name })
		case EffectReply, EffectAskPhone:
			if len(out.replies) == 0 {
				t.buttons = nil
			}
			out.replies = append(out.replies, e)
			t.buttons = append(t.buttons, slices.Concat(e.Message.Buttons...)...)
			t.last = &Last{Text: e.Message.Text, SentAt: t.now, Rule: e.Rule}
		case EffectNotify:
			out.notices = append(out.notices, e)
		case EffectForward:
			out.labels = append(out.labels, e.Name)
		case EffectMute:
			t.muted = t.now.Add(e.Duration)
		case EffectFired:
			t.fired[e.Name] = t.now
		}
	}
	return out
}

// why says why a rule did not match.
func (t *play) why(ctx context.Context, name string, in Input) string {
	if len(in.Events) == 0 {
		return ""
	}
	v, err := t.program.Explain(ctx, in)
	if err != nil {
		return ""
	}
	for _, tried := range v.Trace {
		if tried.Rule != name {
			continue
		}
		switch tried.Outcome {
		case OtherEvent:
			return fmt.Sprintf("; `%s` is not about %s", name, strings.Join(in.Events, ", "))
		case AlreadyOnce:
			return fmt.Sprintf("; `%s` had fired for this person", name)
		case TooSoon:
			return fmt.Sprintf("; `%s` fired too short a time ago", name)
		case NotReached:
			return fmt.Sprintf("; `%s` comes later", name)
		case ConditionFail:
			var parts []string
			for _, part := range tried.Values[:min(len(tried.Values), 4)] {
				parts = append(parts, clip(part.Source)+" is "+part.Value)
			}
			return "; " + strings.Join(parts, ", ")
		}
	}
	return ""
}
