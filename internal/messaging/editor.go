package messaging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"herald/internal/gateway"
)

// Editor changes and deletes messages where they stand. Edits are rows that are due at some time; whoever takes one hides
// it from the others for a while, so a worker that dies with one delays it and loses nothing. An edit says all that the
// message shall show, so one that was lost in doubt is made again: the second one changes nothing.
type Editor struct {
	store     gateway.EditStore
	messenger gateway.Messenger
	now       gateway.Clock
	policy    Policy
	logger    *slog.Logger
}

// NewEditor returns an Editor.
func NewEditor(store gateway.EditStore, messenger gateway.Messenger, now gateway.Clock, policy Policy, logger *slog.Logger) *Editor {
	return &Editor{store: store, messenger: messenger, now: now, policy: policy.filled(), logger: logger}
}

const (
	editWorkers = 8 // calls at a time, so that a slow one holds up no other
	editBatch   = 20
	editEvery   = time.Second      // how often due edits are looked for without being told
	editHidden  = 30 * time.Second // longer than a call and the writing of its outcome
)

// Run makes edits until the context ends. wake receives when one was asked for.
func (e *Editor) Run(ctx context.Context, wake <-chan struct{}) {
	tick := time.NewTicker(editEvery)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, editWorkers)
	for {
		more, err := e.runDue(ctx, &wg, free)
		if err != nil && ctx.Err() == nil {
			e.logger.WarnContext(ctx, "looking for edits", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-tick.C:
		}
	}
}

// runDue begins one batch and tells whether there may be more.
func (e *Editor) runDue(ctx context.Context, wg *sync.WaitGroup, free chan struct{}) (more bool, err error) {
	now := e.now()
	due, err := e.store.DueEdits(ctx, now, now.Add(editHidden), editBatch)
	if err != nil {
		return false, err
	}
	for _, ref := range due {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			if err := e.Attempt(ctx, ref); err != nil && ctx.Err() == nil {
				e.logger.WarnContext(ctx, "an edit is repeated", "message", ref.MessageID, "error", err)
			}
		})
	}
	return len(due) == editBatch, nil
}

// Attempt takes one edit a step further: it makes the call, or leaves it to a later time.
func (e *Editor) Attempt(ctx context.Context, ref gateway.EditRef) error {
	var next editDecision
	d, edit, err := e.store.ChangeEdit(ctx, ref.AccountID, ref.MessageID, func(d gateway.Delivery, last *gateway.Edit) (gateway.Change, *gateway.Edit, error) {
		if last == nil || last.ID != ref.ID || last.State != gateway.EditPending {
			next = editDecision{}
			return gateway.Change{}, nil, nil
		}
		next = e.policy.beginEdit(d, *last, e.now())
		return next.change, &next.edit, nil
	})
	if err != nil {
		return fmt.Errorf("begin edit of message %s: %w", ref.MessageID, err)
	}
	if !next.call {
		return nil
	}
	time.Sleep(next.pause)
	refusal := e.call(ctx, d, *edit)
	_, _, err = e.store.ChangeEdit(context.WithoutCancel(ctx), ref.AccountID, ref.MessageID, func(d gateway.Delivery, last *gateway.Edit) (gateway.Change, *gateway.Edit, error) {
		if last == nil || last.ID != ref.ID || last.State != gateway.EditPending || last.Attempts != edit.Attempts {
			return gateway.Change{}, nil, nil // a newer edit, or another attempt, decides what the chat shows
		}
		settled := e.policy.settleEdit(d, *last, refusal, e.now())
		settled.change.RevokedToken = d.Bot.SealedToken
		return settled.change, &settled.edit, nil
	})
	if err != nil {
		return fmt.Errorf("settle edit of message %s: %w", ref.MessageID, err)
	}
	return nil
}

// call is not ended by the worker's stop: see Deliverer.call.
func (e *Editor) call(ctx context.Context, d gateway.Delivery, edit gateway.Edit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.policy.CallTimeout)
	defer cancel()
	leg, err := standing(d, gateway.CodeNotEditable)
	if err != nil {
		return &gateway.DeliveryError{Class: gateway.ClassMessageGone, Err: err}
	}
	a := gateway.Alteration{
		Bot: d.Bot, ChatID: leg.ChatID, MessageID: leg.PlatformMessageID, Caption: d.Message.Media != nil, Format: edit.Format,
		Buttons: edit.Buttons, NoPreview: len(d.Links) > 0,
	}
	if edit.Kind == gateway.EditDelete {
		return e.messenger.Delete(ctx, a)
	}
	links, _ := linksOf(d, edit.Text)
	a.Text = render(edited(d.Message, edit), links)
	if edit.Plain {
		a.Text, a.Format = visible(a.Text, a.Format), gateway.FormatPlain
	}
	return e.messenger.Edit(ctx, a)
}

// editDecision is what to write about an edit, and what to do then. What decides is pure.
type editDecision struct {
	change gateway.Change
	edit   gateway.Edit
	call   bool
	pause  time.Duration
}

// editStory tells about the leg by which the message stands in the chat.
func editStory(d gateway.Delivery, at time.Time) story {
	if leg, err := standing(d, gateway.CodeNotEditable); err == nil {
		d.Leg = leg
	}
	return story{delivery: d, at: at}
}

func eventOf(k gateway.EditKind) gateway.EventKind {
	if k == gateway.EditDelete {
		return gateway.EventDelete
	}
	return gateway.EventEdit
}

// doubtAfter is when a call without an answer counts as lost.
func (p Policy) doubtAfter() time.Duration { return p.CallTimeout + p.DoubtGrace }

// beginEdit decides how an attempt at an edit starts.
func (p Policy) beginEdit(d gateway.Delivery, e gateway.Edit, now time.Time) editDecision {
	s := editStory(d, now)
	if !e.Intent.IsZero() {
		if again := e.Intent.Add(p.doubtAfter()); now.Before(again) {
			e.DueAt = again // somebody may be calling at this moment
			return editDecision{edit: e}
		}
		s.tell(gateway.Event{Kind: gateway.EventInDoubt, Reason: gateway.ReasonAnswerLost, Detail: "An earlier attempt at the change has no answer. It is made again: a second time changes nothing."})
	}
	switch {
	case !now.Before(e.ExpiresAt):
		return s.editFailed(e, gateway.ReasonTTL, "It could not be done in time.")
	case d.Bot.State == gateway.BotRevoked:
		return s.editFailed(e, gateway.ReasonBotRevoked, Explain(gateway.ReasonBotRevoked))
	}
	slots, turn := d.Slots, e.Slot
	if turn.IsZero() || turn.Before(slots.Blocked) {
		turn, slots = slots.Ticket(now, gateway.LaneService)
	}
	e.Slot = turn
	if wait := turn.Sub(now); wait > 0 {
		e.DueAt, e.Intent = turn, time.Time{}
		if wait > toldFrom {
			s.tell(gateway.Event{Kind: gateway.EventTurn, Wait: wait, Detail: "The bot or this chat has sent as much as the messenger allows. The change is made when its turn comes."})
		}
		return editDecision{edit: e, change: gateway.Change{Slots: &slots, Events: s.events}}
	}
	at, slots := slots.Slot(now)
	e.Intent, e.Attempts, e.DueAt = at, e.Attempts+1, at.Add(p.doubtAfter())
	return editDecision{edit: e, call: true, pause: at.Sub(now), change: gateway.Change{Slots: &slots, Events: s.events}}
}

// settleEdit is the one table from the messenger's answer to what it means for an edit.
func (p Policy) settleEdit(d gateway.Delivery, e gateway.Edit, refusal error, now time.Time) editDecision {
	s := editStory(d, now)
	if refusal == nil {
		return s.editDone(e, "")
	}
	var facts *gateway.DeliveryError
	if !errors.As(refusal, &facts) {
		facts = &gateway.DeliveryError{Class: gateway.ClassUnknown, Err: refusal}
	}
	switch facts.Class {
	case gateway.ClassNotModified:
		return s.editDone(e, " It showed that already.")
	case gateway.ClassMessageGone:
		if e.Kind == gateway.EditDelete {
			return s.editDone(e, " It was gone already.")
		}
		return s.editFailed(e, gateway.ReasonMessageGone, Explain(gateway.ReasonMessageGone))
	case gateway.ClassTooLate:
		return s.editFailed(e, gateway.ReasonTooLate, Explain(gateway.ReasonTooLate))
	case gateway.ClassThrottled:
		slots := d.Slots.Throttled(now, facts.RetryAfter)
		next := s.editAgain(e, facts.RetryAfter, gateway.Event{Kind: gateway.EventThrottled, Reason: gateway.ReasonThrottled, Detail: "The messenger asks to wait before the bot changes or sends anything."})
		next.change.Slots, next.change.Refused = &slots, true
		return next
	case gateway.ClassUnavailable:
		return s.editAgain(e, p.backoff(e.Attempts), gateway.Event{Kind: gateway.EventRetry, Reason: gateway.ReasonUnavailable, Detail: "The messenger did not take the change. It is tried again."})
	case gateway.ClassUnknown:
		return s.editAgain(e, p.backoff(e.Attempts), gateway.Event{Kind: gateway.EventInDoubt, Reason: gateway.ReasonAnswerLost, Detail: "The change was sent and the answer was lost. It is sent again: a second time changes nothing."})
	case gateway.ClassRevoked:
		next := s.editFailed(e, gateway.ReasonBotRevoked, Explain(gateway.ReasonBotRevoked))
		next.change.RevokeBot = gateway.WordsRevoked
		return next
	case gateway.ClassUnsubscribed:
		return s.editDisconnected(e, gateway.ReasonBlocked)
	case gateway.ClassGone:
		return s.editDisconnected(e, gateway.ReasonDeactivated)
	case gateway.ClassNotSubscribed:
		return s.editDisconnected(e, gateway.ReasonNeverStarted)
	case gateway.ClassChatLost, gateway.ClassMigrated:
		return s.editDisconnected(e, gateway.ReasonChatLost)
	case gateway.ClassMarkup:
		if e.Format.Marked() && !e.Plain {
			e.Plain = true
			return s.editAgain(e, 0, gateway.Event{Kind: gateway.EventPlainText, Detail: "The messenger did not understand the markup: " + facts.Text + ". The change is made once more as plain text."})
		}
		fallthrough
	case gateway.ClassContent:
		return s.editFailed(e, gateway.ReasonContent, "The messenger refused the change: "+facts.Text)
	default:
		return s.editFailed(e, gateway.ReasonDefect, "The messenger did not understand the call: "+facts.Text)
	}
}

func (s *story) editDone(e gateway.Edit, more string) editDecision {
	e.State, e.SettledAt, e.Intent = gateway.EditDone, s.at, time.Time{}
	words := "The chat shows the change."
	if e.Kind == gateway.EditDelete {
		words = "It does not stand in the chat any more."
	}
	s.tell(gateway.Event{Kind: eventOf(e.Kind), Detail: words + more})
	return editDecision{edit: e, change: gateway.Change{Events: s.events}}
}

func (s *story) editFailed(e gateway.Edit, reason gateway.Reason, words string) editDecision {
	e.State, e.Reason, e.SettledAt, e.Intent = gateway.EditFailed, reason, s.at, time.Time{}
	opening := "It could not be changed. "
	if e.Kind == gateway.EditDelete {
		opening = "It could not be deleted. "
	}
	s.tell(gateway.Event{Kind: eventOf(e.Kind), Reason: reason, Detail: opening + words})
	return editDecision{edit: e, change: gateway.Change{Events: s.events}}
}

func (s *story) editDisconnected(e gateway.Edit, reason gateway.Reason) editDecision {
	next := s.editFailed(e, reason, Explain(reason))
	next.change.Disconnect = reason
	return next
}

// editAgain closes the intent and leaves the edit to a later time.
func (s *story) editAgain(e gateway.Edit, wait time.Duration, event gateway.Event) editDecision {
	e.Intent, e.Slot, e.DueAt = time.Time{}, time.Time{}, s.at.Add(wait)
	event.Wait = wait
	s.tell(event)
	return editDecision{edit: e, change: gateway.Change{Events: s.events}}
}
