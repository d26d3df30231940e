package messaging

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// shown is a message that Anna's chat shows since noon.
func shown(change func(*gateway.Delivery)) gateway.Delivery {
	return delivery(func(d *gateway.Delivery) {
		d.Message.State, d.Message.Text, d.Message.SubscriberID = gateway.Accepted, "At home?", "sub_1"
		d.Leg.Channel, d.Leg.State, d.Leg.SettledAt, d.Leg.Attempts = gateway.ChannelTelegram, gateway.LegAccepted, noon, 1
		d.Leg.ChatID, d.Leg.PlatformMessageID = 42, 7
		if change != nil {
			change(d)
		}
	})
}

func wanted(change func(*gateway.Edit)) gateway.Edit {
	e := gateway.Edit{
		ID: "edt_1", MessageID: "msg_1", Kind: gateway.EditContent, Text: "At home today?", State: gateway.EditPending, CreatedAt: noon, DueAt: noon,
		ExpiresAt: noon.Add(editWorth),
	}
	if change != nil {
		change(&e)
	}
	return e
}

func calling(e *gateway.Edit) { e.Intent, e.Attempts = noon, 1 }

func TestEditsBegin(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	t.Run("with an intent and a slot of the bot", func(t *testing.T) {
		t.Parallel()
		got := policy.beginEdit(shown(nil), wanted(nil), noon)
		require.True(t, got.call)
		require.Equal(t, 1, got.edit.Attempts)
		require.Equal(t, noon, got.edit.Intent)
		require.NotNil(t, got.change.Slots)
		require.False(t, got.change.Slots.Free.IsZero(), "a change counts for the messenger's limits as a message does")
	})
	t.Run("later when the bot was asked to wait, and says so", func(t *testing.T) {
		t.Parallel()
		d := shown(func(d *gateway.Delivery) { d.Slots.Blocked = noon.Add(time.Minute) })
		got := policy.beginEdit(d, wanted(nil), noon)
		require.False(t, got.call)
		require.Equal(t, noon.Add(time.Minute), got.edit.DueAt)
		require.Equal(t, gateway.EventTurn, got.change.Events[0].Kind)
		require.Equal(t, time.Minute, got.change.Events[0].Wait)
	})
	t.Run("not while somebody may be calling", func(t *testing.T) {
		t.Parallel()
		got := policy.beginEdit(shown(nil), wanted(calling), noon.Add(time.Second))
		require.False(t, got.call)
		require.Equal(t, noon.Add(policy.doubtAfter()), got.edit.DueAt)
		require.Empty(t, got.change.Events)
	})
	t.Run("once more when a worker died over it, whatever the message says about doubt", func(t *testing.T) {
		t.Parallel()
		d := shown(func(d *gateway.Delivery) { d.Message.OnUnknown = gateway.Hold })
		got := policy.beginEdit(d, wanted(calling), noon.Add(policy.doubtAfter()))
		require.True(t, got.call)
		require.Equal(t, 2, got.edit.Attempts)
		require.Equal(t, gateway.EventInDoubt, got.change.Events[0].Kind)
	})
	t.Run("not for ever, and not for a bot that was revoked", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, gateway.ReasonTTL, policy.beginEdit(shown(nil), wanted(nil), noon.Add(editWorth)).edit.Reason)
		revoked := shown(func(d *gateway.Delivery) { d.Bot.State = gateway.BotRevoked })
		require.Equal(t, gateway.ReasonBotRevoked, policy.beginEdit(revoked, wanted(nil), noon).edit.Reason)
	})
}

func TestEditsSettle(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	refused := func(c gateway.Class) error {
		return &gateway.DeliveryError{Class: c, RetryAfter: 7 * time.Second, Text: "words"}
	}
	for _, c := range []struct {
		name       string
		kind       gateway.EditKind
		answer     error
		state      gateway.EditState
		reason     gateway.Reason
		wait       time.Duration
		event      gateway.EventKind
		disconnect gateway.Reason
	}{
		{name: "done", kind: gateway.EditContent, state: gateway.EditDone, event: gateway.EventEdit},
		{name: "it shows that already", kind: gateway.EditContent, answer: refused(gateway.ClassNotModified), state: gateway.EditDone, event: gateway.EventEdit},
		{name: "it is gone, so it cannot be changed", kind: gateway.EditContent, answer: refused(gateway.ClassMessageGone), state: gateway.EditFailed, reason: gateway.ReasonMessageGone, event: gateway.EventEdit},
		{name: "it is gone, which was wanted", kind: gateway.EditDelete, answer: refused(gateway.ClassMessageGone), state: gateway.EditDone, event: gateway.EventDelete},
		{name: "too late", kind: gateway.EditDelete, answer: refused(gateway.ClassTooLate), state: gateway.EditFailed, reason: gateway.ReasonTooLate, event: gateway.EventDelete},
		{name: "throttled", kind: gateway.EditContent, answer: refused(gateway.ClassThrottled), state: gateway.EditPending, wait: 7 * time.Second, event: gateway.EventThrottled},
		{name: "unavailable", kind: gateway.EditContent, answer: refused(gateway.ClassUnavailable), state: gateway.EditPending, wait: time.Second, event: gateway.EventRetry},
		{name: "in doubt, which is harmless", kind: gateway.EditContent, answer: refused(gateway.ClassUnknown), state: gateway.EditPending, wait: time.Second, event: gateway.EventInDoubt},
		{name: "any other failure", kind: gateway.EditContent, answer: errors.New("odd"), state: gateway.EditPending, wait: time.Second, event: gateway.EventInDoubt},
		{name: "refused content", kind: gateway.EditContent, answer: refused(gateway.ClassContent), state: gateway.EditFailed, reason: gateway.ReasonContent, event: gateway.EventEdit},
		{name: "a revoked bot", kind: gateway.EditContent, answer: refused(gateway.ClassRevoked), state: gateway.EditFailed, reason: gateway.ReasonBotRevoked, event: gateway.EventEdit},
		{name: "a person who blocked the bot", kind: gateway.EditContent, answer: refused(gateway.ClassUnsubscribed), state: gateway.EditFailed, reason: gateway.ReasonBlocked, event: gateway.EventEdit, disconnect: gateway.ReasonBlocked},
		{name: "a person who is gone", kind: gateway.EditContent, answer: refused(gateway.ClassGone), state: gateway.EditFailed, reason: gateway.ReasonDeactivated, event: gateway.EventEdit, disconnect: gateway.ReasonDeactivated},
		{name: "a chat that is lost", kind: gateway.EditContent, answer: refused(gateway.ClassChatLost), state: gateway.EditFailed, reason: gateway.ReasonChatLost, event: gateway.EventEdit, disconnect: gateway.ReasonChatLost},
		{name: "a person who never started", kind: gateway.EditDelete, answer: refused(gateway.ClassNotSubscribed), state: gateway.EditFailed, reason: gateway.ReasonNeverStarted, event: gateway.EventDelete, disconnect: gateway.ReasonNeverStarted},
		{name: "our defect", kind: gateway.EditContent, answer: refused(gateway.ClassDefect), state: gateway.EditFailed, reason: gateway.ReasonDefect, event: gateway.EventEdit},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := wanted(func(e *gateway.Edit) { e.Kind = c.kind; calling(e) })
			got := policy.settleEdit(shown(nil), e, c.answer, noon)
			require.Equal(t, c.state, got.edit.State)
			require.Equal(t, c.reason, got.edit.Reason)
			require.Equal(t, c.disconnect, got.change.Disconnect)
			require.Len(t, got.change.Events, 1)
			require.Equal(t, c.event, got.change.Events[0].Kind)
			require.Empty(t, got.change.State, "what a message reached stands")
			if c.state == gateway.EditPending {
				require.Equal(t, noon.Add(c.wait), got.edit.DueAt)
				require.Zero(t, got.edit.Intent)
			}
		})
	}
	t.Run("markup that is refused is sent plainly, once", func(t *testing.T) {
		t.Parallel()
		e := wanted(func(e *gateway.Edit) { e.Format = gateway.FormatHTML; calling(e) })
		got := policy.settleEdit(shown(nil), e, refused(gateway.ClassMarkup), noon)
		require.Equal(t, gateway.EditPending, got.edit.State)
		require.True(t, got.edit.Plain)
		got = policy.settleEdit(shown(nil), got.edit, refused(gateway.ClassMarkup), noon)
		require.Equal(t, gateway.ReasonContent, got.edit.Reason)
	})
}

func TestWhatCanBeEdited(t *testing.T) {
	t.Parallel()
	require.NoError(t, editable(shown(nil), nil))
	for name, d := range map[string]gateway.Delivery{
		"a message that waits":            delivery(nil),
		"a message that is lost in doubt": shown(func(d *gateway.Delivery) { d.Message.State, d.Leg.PlatformMessageID = gateway.Unknown, 0 }),
		"an SMS":                          shown(func(d *gateway.Delivery) { d.Leg.Channel, d.Leg.PlatformMessageID = gateway.ChannelSMS, 0 }),
		"a message that failed": shown(func(d *gateway.Delivery) {
			d.Message.State, d.Leg.State, d.Leg.PlatformMessageID = gateway.Failed, gateway.LegFailed, 0
		}),
		"a message that was deleted":      shown(func(d *gateway.Delivery) { d.Message.DeletedAt = noon }),
		"a message that asks for a phone": shown(func(d *gateway.Delivery) { d.Message.AskPhone = true }),
	} {
		require.Equal(t, gateway.CodeNotEditable, gateway.CodeOf(editable(d, nil)), name)
	}
	going := wanted(func(e *gateway.Edit) { e.Kind = gateway.EditDelete })
	require.Equal(t, gateway.CodeNotEditable, gateway.CodeOf(editable(shown(nil), &going)))
	revoked := shown(func(d *gateway.Delivery) { d.Bot.State = gateway.BotRevoked })
	require.Equal(t, gateway.CodeBotRevoked, gateway.CodeOf(editable(revoked, nil)))
}

func TestDeletingEndsACascade(t *testing.T) {
	t.Parallel()
	e := wanted(func(e *gateway.Edit) { e.Kind = gateway.EditDelete })
	t.Run("that waits for evidence", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) { d.Legs[0].PlatformMessageID = 7 })
		got := asked(d, e, "Words.", noon)
		require.True(t, got.SkipRest)
		require.Empty(t, got.State)
		require.False(t, after(d, got).Open(), "no SMS follows")
	})
	t.Run("whose SMS waits to be tried again", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) { d.Message.State, d.Legs[0].PlatformMessageID = gateway.Sending, 7 })
		require.Equal(t, gateway.Accepted, asked(d, e, "Words.", noon).State)
	})
	t.Run("but not an SMS whose call is under way", func(t *testing.T) {
		t.Parallel()
		d := unread(func(d *gateway.Delivery) {
			d.Message.State, d.Legs[0].PlatformMessageID = gateway.Sending, 7
			d.Legs[1].Intent, d.Legs[1].Attempts = noon, 1
		})
		got := asked(d, e, "Words.", noon)
		require.Empty(t, got.State)
		require.True(t, after(d, got).Open())
	})
}

func TestLinksOfEdits(t *testing.T) {
	t.Parallel()
	d := shown(func(d *gateway.Delivery) {
		d.Message.ReadLink = "https://a.example/0"
		d.Links = []gateway.ReadLink{
			{Link: "L0", URL: "https://a.example/0"}, {Link: "L1", URL: "https://a.example/1"}, {Link: "L2", URL: "https://a.example/2"},
		}
	})
	text := "Now {link:https://a.example/2}"
	links, known := linksOf(d, text)
	require.True(t, known)
	require.Equal(t, "Now L2\nL0", render(edited(d.Message, gateway.Edit{Text: text}), links))
	_, known = linksOf(d, "Now {link:https://a.example/3}")
	require.False(t, known)
}
