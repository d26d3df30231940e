package messaging

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"herald/internal/gateway"
)

// How long what a message shows can be changed.
const (
	// deletableFor is how long the Bot API lets a bot take a message away.
	deletableFor = 48 * time.Hour
	// editWorth is how long a change is tried: who reads a text a day later has read the old one.
	editWorth = 24 * time.Hour
)

// EditRequest is what a message shall show instead. What is nil stays as it is.
type EditRequest struct {
	Text    *string
	Format  *gateway.Format // of Text; the message's own if left out
	Buttons *[][]gateway.Button
}

// Edit asks for a message to be changed in the chat where it stands. The change is stored, and a worker makes it; the newest
// one counts. One that the message shows already, or that is on its way, is not asked for again.
func (s *Service) Edit(ctx context.Context, account gateway.AccountID, id gateway.MessageID, r EditRequest) (gateway.Message, *gateway.Edit, error) {
	if r.Text == nil && r.Buttons == nil {
		return gateway.Message{}, nil, gateway.Fault(gateway.CodeRequired, "text", "Say what shall change: the text, the buttons, or both.")
	}
	return s.alter(ctx, account, id, func(d gateway.Delivery, last *gateway.Edit) (*gateway.Edit, string, error) {
		if err := editable(d, last); err != nil {
			return nil, "", err
		}
		e := r.of(d.Message)
		if err := checkEdit(d, e); err != nil {
			return nil, "", err
		}
		shown := gateway.Edit{Text: d.Message.Text, Format: d.Message.Format, Buttons: d.Message.Buttons}
		if last != nil && last.State == gateway.EditPending {
			shown = *last
		}
		if e.Text == shown.Text && e.Format == shown.Format && reflect.DeepEqual(e.Buttons, shown.Buttons) {
			return nil, "", nil
		}
		changed := d.Message
		changed.Text, changed.Buttons = e.Text, e.Buttons
		if refusal, err := s.looked(ctx, changed, d.Bot); err != nil {
			return nil, "", err
		} else if refusal != nil {
			s.guard.Refused(d.Bot.ID, *refusal)
			return nil, "", gateway.Fault(gateway.CodePolicy, "text", refusal.Words)
		}
		return &e, "Its sender wants another text or other buttons. They are changed in the chat.", nil
	})
}

// Delete asks for a message to be taken out of the chat where it stands.
func (s *Service) Delete(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, *gateway.Edit, error) {
	return s.alter(ctx, account, id, func(d gateway.Delivery, last *gateway.Edit) (*gateway.Edit, string, error) {
		if deleting(d, last) {
			return nil, "", nil
		}
		leg, err := standing(d, gateway.CodeNotDeletable)
		if err != nil {
			return nil, "", err
		}
		if !s.now().Before(leg.SettledAt.Add(deletableFor)) {
			return nil, "", gateway.Fault(gateway.CodeNotDeletable, "", "The message is over 48 hours old: the messenger does not let it be deleted any more.")
		}
		return &gateway.Edit{Kind: gateway.EditDelete, ExpiresAt: leg.SettledAt.Add(deletableFor)}, "Its sender wants it deleted. It is taken out of the chat.", nil
	})
}

// alter stores the edit that decide returns, and the line of the story that goes with it.
func (s *Service) alter(ctx context.Context, account gateway.AccountID, id gateway.MessageID, decide func(gateway.Delivery, *gateway.Edit) (*gateway.Edit, string, error)) (gateway.Message, *gateway.Edit, error) {
	now := s.now()
	d, last, err := s.store.ChangeEdit(ctx, account, id, func(d gateway.Delivery, last *gateway.Edit) (gateway.Change, *gateway.Edit, error) {
		e, words, err := decide(d, last)
		if err != nil || e == nil {
			return gateway.Change{}, nil, err
		}
		e.ID, e.AccountID, e.MessageID, e.State, e.CreatedAt, e.DueAt = s.ids.Edit(), account, id, gateway.EditPending, now, now
		if e.ExpiresAt.IsZero() {
			e.ExpiresAt = now.Add(editWorth)
		}
		if last != nil && last.State == gateway.EditPending && !last.Intent.IsZero() {
			e.DueAt = last.Intent.Add(Policy{}.filled().doubtAfter()) // a call is under way: the newer one must come after it
		}
		return asked(d, *e, words, now), e, nil
	})
	return d.Message, last, err
}

// asked tells that an edit was asked for. A message that its sender deletes takes no other way any more.
func asked(d gateway.Delivery, e gateway.Edit, words string, now time.Time) gateway.Change {
	s := editStory(d, now)
	if e.Kind != gateway.EditDelete || !d.Open() {
		s.tell(gateway.Event{Kind: eventOf(e.Kind), Detail: words})
		return gateway.Change{Events: s.events}
	}
	change := gateway.Change{SkipRest: true}
	event := gateway.Event{Kind: gateway.EventDelete, Detail: words + " No other way is tried."}
	d.Legs = d.Changed(change, now)
	if from := d.Message.State; from == gateway.Sending && !d.Open() {
		change.State = gateway.Accepted // what was accepted before stands
		event.From, event.State = from, gateway.Accepted
	}
	s.tell(event)
	change.Events = s.events
	return change
}

// of is everything that the message shall show after the edit.
func (r EditRequest) of(m gateway.Message) gateway.Edit {
	e := gateway.Edit{Kind: gateway.EditContent, Text: m.Text, Format: m.Format, Buttons: m.Buttons}
	if r.Text != nil {
		e.Text = *r.Text
	}
	if r.Format != nil {
		e.Format = *r.Format
	}
	if r.Buttons != nil {
		e.Buttons = *r.Buttons
		if len(e.Buttons) == 0 {
			e.Buttons = nil
		}
	}
	return e
}

// checkEdit holds what a message shall show against the limits of one that is sent.
func checkEdit(d gateway.Delivery, e gateway.Edit) error {
	as := Request{Text: e.Text, Format: e.Format, Media: d.Message.Media}
	var faults gateway.Faults
	if fault := as.checkText(); fault != nil {
		faults = append(faults, fault)
	}
	faults = append(faults, checkButtons(e.Buttons)...)
	if links, known := linksOf(d, e.Text); !known {
		faults = append(faults, gateway.Fault(gateway.CodeLink, "text", "A changed text can have the read links that the message was sent with, and no others."))
	} else if faults == nil && units(visible(render(edited(d.Message, e), links), e.Format)) > textLimit(d.Message.Media) {
		faults = append(faults, gateway.Fault(gateway.CodeTextTooLong, "text", "With its read links the text is longer than the messenger takes."))
	}
	return faults.OrNil()
}

// edited is the message as it shall be.
func edited(m gateway.Message, e gateway.Edit) gateway.Message {
	m.Text, m.Format, m.Buttons, m.Translation = e.Text, e.Format, e.Buttons, gateway.Translated{}
	return m
}

// linksOf finds the links of a message for the places that another text has for them.
func linksOf(d gateway.Delivery, text string) (links []gateway.ReadLink, known bool) {
	rest := d.Links
	if d.Message.ReadLink != "" && len(rest) > 0 {
		links = append(links, rest[0])
	}
	for _, hole := range linkHole.FindAllStringSubmatch(text, -1) {
		at := slices.IndexFunc(rest, func(l gateway.ReadLink) bool { return l.URL == hole[1] })
		if at < 0 {
			return nil, false
		}
		links = append(links, rest[at])
	}
	return links, true
}

// editable tells why a message cannot be changed where it stands, nil if it can.
func editable(d gateway.Delivery, last *gateway.Edit) error {
	if deleting(d, last) {
		return gateway.Fault(gateway.CodeNotEditable, "", "The message was deleted.")
	}
	if _, err := standing(d, gateway.CodeNotEditable); err != nil {
		return err
	}
	if !d.Bot.UsableBy(d.Message.AccountID) {
		return gateway.Fault(gateway.CodeNotEditable, "", "The operator lends the bot no longer: what stands there can be deleted, not changed.")
	}
	if d.Message.AskPhone {
		return gateway.Fault(gateway.CodeNotEditable, "", "The message asks for a phone with a button below the person's input line: the messenger does not let such a one be changed.")
	}
	return nil
}

// deleting tells whether a message was deleted, or is about to be.
func deleting(d gateway.Delivery, last *gateway.Edit) bool {
	return !d.Message.DeletedAt.IsZero() || last != nil && last.State == gateway.EditPending && last.Kind == gateway.EditDelete
}

// standing returns the leg by which a message stands in a chat.
func standing(d gateway.Delivery, code gateway.Code) (gateway.Leg, error) {
	for _, l := range slices.Backward(d.Legs) {
		if l.PlatformMessageID != 0 {
			if d.Bot.State == gateway.BotRevoked {
				return l, gateway.Fault(gateway.CodeBotRevoked, "", Explain(gateway.ReasonBotRevoked))
			}
			return l, nil
		}
	}
	switch {
	case d.Message.State == gateway.Unknown:
		return gateway.Leg{}, gateway.Fault(code, "", "Nobody knows whether the message stands in the chat: the messenger's answer was lost.")
	case d.Reached():
		return gateway.Leg{}, gateway.Fault(code, "", "The message went by SMS. An SMS stays as it is.")
	case d.Message.State.Settled():
		return gateway.Leg{}, gateway.Fault(code, "", fmt.Sprintf("The message does not stand in a chat: it ended as %s.", d.Message.State))
	default:
		return gateway.Leg{}, gateway.Fault(code, "", "The message was not sent yet. Cancel it, and send another.")
	}
}

// LastEdit returns the newest edit of a message, nil if there is none.
func (s *Service) LastEdit(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (*gateway.Edit, error) {
	return s.store.LastEdit(ctx, account, id)
}

// WaitEdit returns the edit once it is settled, or as it is when the time is over.
func (s *Service) WaitEdit(ctx context.Context, e gateway.Edit, atMost time.Duration) (gateway.Edit, error) {
	w := s.Watch(e.MessageID)
	defer w.Stop()
	look := func(gateway.Outcome) (settled bool, err error) {
		last, err := s.store.LastEdit(ctx, e.AccountID, e.MessageID)
		if err != nil || last == nil {
			return false, err
		}
		if last.ID != e.ID { // a newer one took its place
			e.State, e.SettledAt = gateway.EditReplaced, last.CreatedAt
			return true, nil
		}
		e = *last
		return e.State != gateway.EditPending, nil
	}
	if settled, err := look(gateway.Outcome{}); err != nil || settled {
		return e, err
	}
	err := w.until(ctx, atMost, look)
	return e, err
}
