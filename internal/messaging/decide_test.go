package messaging

import (
	"cmp"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// delivery is a message to a connected person, queued at noon, with what the test changes about it.
func delivery(change func(*gateway.Delivery)) gateway.Delivery {
	d := gateway.Delivery{
		Message: gateway.Message{
			ID: "msg_1", AccountID: "acc_1", State: gateway.Queued, OnUnknown: gateway.Hold, Lane: gateway.LaneService,
			To: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}, ExpiresAt: noon.Add(time.Hour),
		},
		Bot:        gateway.Bot{AccountID: "acc_1", State: gateway.BotActive},
		Leg:        gateway.Leg{ID: "leg_1", Number: 1, State: gateway.LegPending},
		Subscriber: &gateway.Subscriber{ID: "sub_1", ChatID: 42, Connection: gateway.Connected},
		Sequence:   1,
	}
	if change != nil {
		change(&d)
	}
	if d.Legs == nil {
		d.Legs = []gateway.Leg{d.Leg}
	}
	return d
}

// sending is the same message with an open intent of its first attempt.
func sending(change func(*gateway.Delivery)) gateway.Delivery {
	return delivery(func(d *gateway.Delivery) {
		d.Message.State = gateway.Sending
		d.Leg.Intent, d.Leg.Attempts, d.Leg.ChatID = noon, 1, 42
		if change != nil {
			change(d)
		}
	})
}

func TestBegin(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	doubt := policy.CallTimeout + policy.DoubtGrace
	for _, c := range []struct {
		name   string
		d      gateway.Delivery
		at     time.Time
		call   bool
		state  gateway.State
		reason gateway.Reason
		wait   time.Duration
	}{
		{name: "calls a connected person", d: delivery(nil), at: noon, call: true, state: gateway.Sending},
		{name: "ends free when nobody has the address", d: delivery(func(d *gateway.Delivery) { d.Subscriber = nil }), at: noon, state: gateway.NotSubscribed, reason: gateway.ReasonNeverStarted},
		{name: "ends free when the person blocked the bot", d: delivery(func(d *gateway.Delivery) {
			d.Subscriber.Connection, d.Subscriber.Reason = gateway.Disconnected, gateway.ReasonBlocked
		}), at: noon, state: gateway.NotSubscribed, reason: gateway.ReasonBlocked},
		{name: "expires when its lifetime is over", d: delivery(nil), at: noon.Add(time.Hour), state: gateway.Expired, reason: gateway.ReasonTTL},
		{name: "fails when the bot was revoked", d: delivery(func(d *gateway.Delivery) { d.Bot.State = gateway.BotRevoked }), at: noon, state: gateway.Failed, reason: gateway.ReasonBotRevoked},
		{name: "fails when the bot was taken away", d: delivery(func(d *gateway.Delivery) { d.Bot.State = gateway.BotRemoved }), at: noon, state: gateway.Failed, reason: gateway.ReasonBotRemoved},
		{name: "goes by a bot that the operator lends", d: delivery(func(d *gateway.Delivery) { d.Bot.AccountID, d.Bot.Shared = "acc_operator", true }), at: noon, call: true, state: gateway.Sending},
		{name: "fails when the operator lends the bot no longer", d: delivery(func(d *gateway.Delivery) { d.Bot.AccountID = "acc_operator" }), at: noon, state: gateway.Failed, reason: gateway.ReasonBotRemoved},
		{name: "waits while the bot is paused", d: delivery(func(d *gateway.Delivery) { d.Bot.State = gateway.BotPaused }), at: noon, state: gateway.Scheduled, wait: pausedLook},
		{name: "expires on time while the bot is paused", d: delivery(func(d *gateway.Delivery) { d.Bot.State = gateway.BotPaused }), at: noon.Add(time.Hour - time.Second), state: gateway.Scheduled, wait: time.Second},
		{name: "sends through a bot whose updates another program takes", d: delivery(func(d *gateway.Delivery) { d.Bot.State = gateway.BotConflict }), at: noon, call: true, state: gateway.Sending},
		{name: "sends no code to a name that was seen long ago", d: delivery(func(d *gateway.Delivery) {
			d.Message.To, d.Message.Lane = gateway.Address{Kind: gateway.AddressUsername, Value: "anna"}, gateway.LaneCode
			d.Subscriber.UsernameSeenAt = noon.Add(-31 * 24 * time.Hour)
		}), at: noon, state: gateway.NotSubscribed, reason: gateway.ReasonNameTooOld},
		{name: "sends a notice to a name that was seen long ago", d: delivery(func(d *gateway.Delivery) {
			d.Message.To = gateway.Address{Kind: gateway.AddressUsername, Value: "anna"}
			d.Subscriber.UsernameSeenAt = noon.Add(-31 * 24 * time.Hour)
		}), at: noon, call: true, state: gateway.Sending},
		{name: "does nothing to a message that has its outcome", d: delivery(func(d *gateway.Delivery) {
			d.Message.State, d.Leg.State = gateway.Accepted, gateway.LegAccepted
		}), at: noon},
		{name: "waits while another attempt may be calling", d: sending(nil), at: noon.Add(time.Second), wait: doubt - time.Second},
		{name: "holds a message whose answer was lost", d: sending(nil), at: noon.Add(doubt), state: gateway.Unknown, reason: gateway.ReasonAnswerLost},
		{name: "sends a message again whose second copy is harmless", d: sending(func(d *gateway.Delivery) { d.Message.OnUnknown = gateway.Resend }), at: noon.Add(doubt), call: true},
		{name: "does not call a message expired that may have arrived", d: sending(func(d *gateway.Delivery) { d.Message.OnUnknown = gateway.Resend }), at: noon.Add(time.Hour), state: gateway.Unknown, reason: gateway.ReasonAnswerLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := policy.begin(c.d, c.at)
			require.Equal(t, c.call, got.call)
			require.Equal(t, c.state, got.change.State)
			require.Equal(t, c.reason, got.change.Reason)
			require.Equal(t, c.wait, got.wait)
			checkChange(t, c.d, got.change)
			if c.call {
				require.Equal(t, c.at, got.change.Leg.Intent)
				require.NotNil(t, got.change.Slots)
				require.Equal(t, c.d.Leg.Attempts+1, got.change.Leg.Attempts)
				require.Equal(t, int64(42), got.change.Leg.ChatID)
			}
		})
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	t.Run("waits inside the attempt for a turn that is near, and takes no slot before it", func(t *testing.T) {
		t.Parallel()
		for ahead, told := range map[time.Duration]bool{500 * time.Millisecond: false, 3 * time.Second: true} {
			d := delivery(func(d *gateway.Delivery) { d.Slots.ServiceFree = noon.Add(ahead) })
			got := policy.begin(d, noon)
			require.True(t, got.near)
			require.False(t, got.call)
			require.Positive(t, got.wait)
			require.LessOrEqual(t, got.wait, ahead)
			require.True(t, got.change.Empty(), "a promise is written nowhere")
			require.Equal(t, gateway.Promise{Turn: noon.Add(got.wait), Since: noon}, got.promise)

			other := d
			other.Promises = gateway.Promises{gateway.LaneService: {got.promise.Turn}}
			behind := policy.begin(other, noon)
			require.True(t, behind.promise.Turn.After(got.promise.Turn), "and the turn is nobody else's")

			d.Promised = got.promise
			then := noon.Add(got.wait)
			again := policy.begin(d, then)
			require.True(t, again.call)
			require.Equal(t, then, again.change.Leg.Intent, "the doubt begins with the call")
			_, taken := d.Slots.Turn(noon, gateway.LaneService)
			require.Equal(t, taken.ServiceFree, again.change.Slots.ServiceFree, "its turn is written with the call")
			require.Equal(t, told, again.change.Events[0].Kind == gateway.EventTurn)
			require.Equal(t, gateway.EventIntent, again.change.Events[len(again.change.Events)-1].Kind)
		}
	})
	t.Run("leaves a turn to a timer where nobody may wait inside, also one that was promised", func(t *testing.T) {
		t.Parallel()
		nobody := policy
		nobody.Horizon = 0
		d := delivery(func(d *gateway.Delivery) { d.Slots.ServiceFree = noon.Add(3 * time.Second) })
		got := nobody.begin(d, noon)
		require.False(t, got.near)
		require.Equal(t, noon.Add(got.wait), got.change.Leg.Slot)

		d.Promised = gateway.Promise{Turn: noon.Add(2 * time.Second), Since: noon}
		got = nobody.begin(d, noon)
		require.False(t, got.near)
		require.Equal(t, d.Promised.Turn, got.change.Leg.Slot, "it loses no place")
	})
	t.Run("is promised another turn when the messenger blocked the bot past it, and tells of the whole wait", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) {
			d.Promised = gateway.Promise{Turn: noon, Since: noon.Add(-time.Second)}
			d.Slots.Blocked = noon.Add(2 * time.Second)
		})
		got := policy.begin(d, noon)
		require.True(t, got.near)
		require.Equal(t, gateway.Promise{Turn: d.Slots.Blocked, Since: d.Promised.Since}, got.promise)
		d.Promised = got.promise
		again := policy.begin(d, d.Slots.Blocked)
		require.True(t, again.call)
		require.Contains(t, again.change.Events[0].Detail, "waited 3s for its turn")
	})
	t.Run("tells of a wait that went on for a slot", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) {
			d.Promised = gateway.Promise{Turn: noon, Since: noon.Add(-3 * time.Second)}
			d.Slots.Free = noon.Add(1100 * time.Millisecond)
		})
		got := policy.begin(d, noon)
		require.True(t, got.near)
		require.Empty(t, got.change.Events)
		d.Promised, d.Leg = got.promise, *got.change.Leg
		again := policy.begin(d, noon.Add(got.wait))
		require.True(t, again.call)
		require.Equal(t, gateway.EventTurn, again.change.Events[0].Kind)
	})
	t.Run("is promised no turn that it does not live to see", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) {
			d.Message.ExpiresAt = noon.Add(2 * time.Second)
			d.Slots.Blocked = noon.Add(3 * time.Second)
		})
		got := policy.begin(d, noon)
		require.Zero(t, got.promise.Turn)
		require.Equal(t, gateway.EventTurn, got.change.Events[0].Kind, "the story says why it ends")
		require.Equal(t, 2*time.Second, got.wait)
	})
	t.Run("waits inside the attempt for a slot that others have taken until a moment", func(t *testing.T) {
		t.Parallel()
		taken := (gateway.BotBurst + 4) * time.Second / 30
		d := delivery(func(d *gateway.Delivery) { d.Slots.Free = noon.Add(taken) })
		got := policy.begin(d, noon)
		require.True(t, got.call)
		require.InDelta(t, 5.0/30, got.pause.Seconds(), 0.01)
		require.Equal(t, noon.Add(got.pause), got.change.Leg.Intent, "the doubt begins with the call")
	})
	t.Run("leaves a slot that is far to a timer, and holds it", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) { d.Slots.ServiceFree = noon.Add(10 * time.Second) })
		got := policy.begin(d, noon)
		require.False(t, got.call)
		require.False(t, got.near)
		require.Equal(t, gateway.Sending, got.change.State)
		require.InDelta(t, 10, got.wait.Seconds(), 0.2)
		held := got.change.Leg.Slot
		require.Equal(t, noon.Add(got.wait), held)

		d.Message.State, d.Leg, d.Slots = gateway.Sending, *got.change.Leg, *got.change.Slots
		again := policy.begin(d, held)
		require.True(t, again.call)
		require.Zero(t, again.pause)
		require.Equal(t, got.change.Slots.ServiceFree, again.change.Slots.ServiceFree, "it takes no second turn")
	})
	t.Run("comes again when its turn has come and the slots are taken by others", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) { d.Slots.Free = noon.Add(1100 * time.Millisecond) })
		got := policy.begin(d, noon)
		require.False(t, got.call)
		require.True(t, got.near)
		require.NotNil(t, got.change.Leg, "its turn is written: it comes before others")
		require.InDelta(t, 0.8, got.wait.Seconds(), 0.02, "when they are free")
		code := d
		code.Message.Lane = gateway.LaneCode
		first := policy.begin(code, noon)
		require.True(t, first.call, "a code goes first")
		require.InDelta(t, 0.8, first.pause.Seconds(), 0.02)

		d.Message.State, d.Leg.Slot = gateway.Sending, noon.Add(-8*time.Second)
		require.Equal(t, 4*time.Second, policy.begin(d, noon).wait, "who has waited long looks less often")
	})
	t.Run("takes a new slot when the messenger blocked the bot past the held one", func(t *testing.T) {
		t.Parallel()
		d := sending(func(d *gateway.Delivery) {
			d.Leg.Intent, d.Leg.Slot = time.Time{}, noon.Add(time.Second)
			d.Slots.Blocked = noon.Add(7 * time.Second)
		})
		got := policy.begin(d, noon.Add(time.Second))
		require.False(t, got.call)
		require.Equal(t, 6*time.Second, got.wait)
	})
	t.Run("lets a code pass ten thousand bulk messages", func(t *testing.T) {
		t.Parallel()
		var slots gateway.Slots
		for range 10_000 {
			slots.ChatFree = time.Time{}
			_, slots = slots.Ticket(noon, gateway.LaneBulk)
		}
		slots.ChatFree = time.Time{}
		bulk := policy.begin(delivery(func(d *gateway.Delivery) { d.Slots, d.Message.Lane = slots, gateway.LaneBulk }), noon)
		require.False(t, bulk.call)
		require.Greater(t, bulk.wait, 5*time.Minute)
		code := policy.begin(delivery(func(d *gateway.Delivery) { d.Slots, d.Message.Lane = slots, gateway.LaneCode }), noon)
		require.True(t, code.call)
		require.Zero(t, code.pause)
	})
	t.Run("expires on time while it waits for its turn", func(t *testing.T) {
		t.Parallel()
		d := delivery(func(d *gateway.Delivery) { d.Slots.Blocked = noon.Add(5 * time.Hour) })
		got := policy.begin(d, noon)
		require.Equal(t, time.Hour, got.wait)
		d.Message.State, d.Leg, d.Slots = gateway.Sending, *got.change.Leg, *got.change.Slots
		require.Equal(t, gateway.Expired, policy.begin(d, noon.Add(time.Hour)).change.State)
	})
	t.Run("a 429 blocks the whole bot", func(t *testing.T) {
		t.Parallel()
		got := policy.settle(sending(nil), 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassThrottled, RetryAfter: 7 * time.Second}, noon)
		require.Equal(t, noon.Add(7*time.Second), got.change.Slots.Blocked)
		require.True(t, got.change.Refused)
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	resend := func(d *gateway.Delivery) { d.Message.OnUnknown = gateway.Resend }
	bySMS := func(d *gateway.Delivery) { d.Leg.Channel = gateway.ChannelSMS }
	refusal := func(class gateway.Class) *gateway.DeliveryError { return &gateway.DeliveryError{Class: class} }
	for _, c := range []struct {
		name       string
		d          gateway.Delivery
		refusal    error
		state      gateway.State
		reason     gateway.Reason
		wait       time.Duration
		disconnect gateway.Reason
		open       bool // the leg goes on to another attempt
	}{
		{name: "is accepted", d: sending(nil), state: gateway.Accepted},
		{name: "disconnects who blocked the bot", d: sending(nil), refusal: refusal(gateway.ClassUnsubscribed), state: gateway.NotSubscribed, reason: gateway.ReasonBlocked, disconnect: gateway.ReasonBlocked},
		{name: "disconnects a deleted account", d: sending(nil), refusal: refusal(gateway.ClassGone), state: gateway.NotSubscribed, reason: gateway.ReasonDeactivated, disconnect: gateway.ReasonDeactivated},
		{name: "disconnects who never started the bot", d: sending(nil), refusal: refusal(gateway.ClassNotSubscribed), state: gateway.NotSubscribed, reason: gateway.ReasonNeverStarted, disconnect: gateway.ReasonNeverStarted},
		{name: "disconnects a lost chat", d: sending(nil), refusal: refusal(gateway.ClassChatLost), state: gateway.NotSubscribed, reason: gateway.ReasonChatLost, disconnect: gateway.ReasonChatLost},
		{name: "follows a chat that moved", d: sending(nil), refusal: &gateway.DeliveryError{Class: gateway.ClassMigrated, MigrateTo: -100}, open: true},
		{name: "waits as long as the messenger asks", d: sending(nil), refusal: &gateway.DeliveryError{Class: gateway.ClassThrottled, RetryAfter: 7 * time.Second}, wait: 7 * time.Second, open: true},
		{name: "waits no longer than it lives", d: sending(nil), refusal: &gateway.DeliveryError{Class: gateway.ClassThrottled, RetryAfter: 2 * time.Hour}, wait: time.Hour, open: true},
		{name: "tries again when the messenger was away", d: sending(nil), refusal: refusal(gateway.ClassUnavailable), wait: time.Second, open: true},
		{name: "tries again more slowly each time", d: sending(func(d *gateway.Delivery) { d.Leg.Attempts = 4 }), refusal: refusal(gateway.ClassUnavailable), wait: 8 * time.Second, open: true},
		{name: "holds a message whose answer was lost", d: sending(nil), refusal: refusal(gateway.ClassUnknown), state: gateway.Unknown, reason: gateway.ReasonAnswerLost},
		{name: "sends again when a second copy is harmless", d: sending(resend), refusal: refusal(gateway.ClassUnknown), wait: time.Second, open: true},
		{name: "takes an error without facts for a lost answer", d: sending(nil), refusal: errors.New("odd"), state: gateway.Unknown, reason: gateway.ReasonAnswerLost},
		{name: "fails on refused content", d: sending(nil), refusal: refusal(gateway.ClassContent), state: gateway.Failed, reason: gateway.ReasonContent},
		{name: "fails on a defect", d: sending(nil), refusal: refusal(gateway.ClassDefect), state: gateway.Failed, reason: gateway.ReasonDefect},
		{name: "fails and stops the bot when its token was revoked", d: sending(nil), refusal: refusal(gateway.ClassRevoked), state: gateway.Failed, reason: gateway.ReasonBotRevoked},
		{name: "fails when its file is gone", d: sending(nil), refusal: refusal(gateway.ClassNoFile), state: gateway.Failed, reason: gateway.ReasonFileGone},
		{name: "uploads a file anew that the messenger has forgotten", d: sending(nil), refusal: refusal(gateway.ClassHandle), open: true},
		{name: "fails when no provider takes the SMS", d: sending(bySMS), refusal: refusal(gateway.ClassNoRoute), state: gateway.Failed, reason: gateway.ReasonNoProvider},
		{name: "fails when the balance at the provider is empty", d: sending(bySMS), refusal: refusal(gateway.ClassNoMoney), state: gateway.Failed, reason: gateway.ReasonNoProvider},
		{name: "fails when the provider refuses our login, and stops no bot", d: sending(bySMS), refusal: refusal(gateway.ClassRevoked), state: gateway.Failed, reason: gateway.ReasonNoProvider},
		{name: "fails when the operator carries no SMS to the number", d: sending(bySMS), refusal: refusal(gateway.ClassInvalidNumber), state: gateway.Failed, reason: gateway.ReasonUndelivered},
		{name: "does not call a message free of which an earlier copy may have arrived", d: sending(func(d *gateway.Delivery) {
			d.Leg.Reason = gateway.ReasonAnswerLost
		}), refusal: refusal(gateway.ClassUnsubscribed), state: gateway.Unknown, reason: gateway.ReasonAnswerLost, disconnect: gateway.ReasonBlocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := policy.settle(c.d, c.d.Leg.Attempts, gateway.Receipt{ChatID: 42, PlatformMessageID: 7}, c.refusal, noon)
			require.Equal(t, c.state, got.change.State)
			require.Equal(t, c.reason, got.change.Reason)
			require.Equal(t, c.wait, got.wait)
			require.Equal(t, c.disconnect, got.change.Disconnect)
			require.Equal(t, c.open, got.change.Leg.State == gateway.LegPending)
			require.True(t, got.change.Leg.Intent.IsZero(), "an answer closes the intent")
			require.False(t, got.call)
			require.Equal(t, c.reason == gateway.ReasonBotRevoked, got.change.RevokeBot != "")
			checkChange(t, c.d, got.change)
			if c.state == gateway.Accepted {
				require.Equal(t, int64(7), got.change.Leg.PlatformMessageID)
			}
		})
	}

	t.Run("stops a bot whose token was revoked, with words for its owner", func(t *testing.T) {
		t.Parallel()
		got := policy.settle(sending(nil), 1, gateway.Receipt{}, refusal(gateway.ClassRevoked), noon)
		require.Contains(t, got.change.RevokeBot, "revoked")
	})
	t.Run("moves the person's chat with a group that was upgraded", func(t *testing.T) {
		t.Parallel()
		got := policy.settle(sending(nil), 1, gateway.Receipt{}, &gateway.DeliveryError{Class: gateway.ClassMigrated, MigrateTo: -100}, noon)
		require.Equal(t, int64(-100), got.change.Migrate)
	})
	t.Run("sends refused markup once more as plain text, and never a third time", func(t *testing.T) {
		t.Parallel()
		broken := &gateway.DeliveryError{Class: gateway.ClassMarkup, Text: "Bad Request: can't parse entities: at byte offset 3"}
		d := sending(func(d *gateway.Delivery) { d.Message.Format = gateway.FormatHTML })
		got := policy.settle(d, 1, gateway.Receipt{}, broken, noon)
		require.True(t, got.change.Leg.Plain)
		require.Equal(t, gateway.LegPending, got.change.Leg.State)
		require.Zero(t, got.wait)
		require.Equal(t, gateway.EventPlainText, got.change.Events[0].Kind)
		require.Contains(t, got.change.Events[0].Detail, "at byte offset 3")

		d.Leg.Plain, d.Leg.Attempts = true, 2
		got = policy.settle(d, 2, gateway.Receipt{}, broken, noon)
		require.Equal(t, gateway.Failed, got.change.State)
		require.Equal(t, gateway.ReasonContent, got.change.Reason)

		d = sending(func(d *gateway.Delivery) { d.Message.Format = gateway.FormatPlain })
		require.Equal(t, gateway.Failed, policy.settle(d, 1, gateway.Receipt{}, broken, noon).change.State, "what has no markup is refused for something else")
	})
	t.Run("believes a late receipt of a message that was held", func(t *testing.T) {
		t.Parallel()
		d := sending(func(d *gateway.Delivery) {
			d.Message.State, d.Leg.State, d.Leg.Intent = gateway.Unknown, gateway.LegUnknown, time.Time{}
		})
		got := policy.settle(d, 1, gateway.Receipt{PlatformMessageID: 7}, nil, noon)
		require.Equal(t, gateway.Accepted, got.change.State)
		require.Equal(t, gateway.LegAccepted, got.change.Leg.State)
	})
	t.Run("leaves a message alone that a later attempt has taken over", func(t *testing.T) {
		t.Parallel()
		d := sending(func(d *gateway.Delivery) { d.Leg.Attempts = 2 })
		require.True(t, policy.settle(d, 1, gateway.Receipt{PlatformMessageID: 7}, nil, noon).change.Empty())
	})
}

// checkChange holds what is true of every change: the machine allows it, and its last line tells it.
func checkChange(t *testing.T, d gateway.Delivery, c gateway.Change) {
	t.Helper()
	if c.State == "" {
		return
	}
	require.True(t, d.Message.State.CanBecome(c.State), "from %s to %s", d.Message.State, c.State)
	last := c.Events[len(c.Events)-1]
	require.Equal(t, c.State, last.State)
	require.Equal(t, d.Message.State, last.From)
	require.NotEmpty(t, last.Detail)
}

// A reply that comes after another one of its chat is not tried before that one has left, or can leave no more.
func TestRepliesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	after := func(state gateway.State) decision {
		return policy.begin(delivery(func(d *gateway.Delivery) { d.Before = state }), noon)
	}
	for _, state := range gateway.States() {
		next := after(state)
		require.Equal(t, state.Settled(), next.call, "behind one that is %s", state)
		require.Equal(t, !state.Settled(), next.behind)
	}
	late := policy.begin(delivery(func(d *gateway.Delivery) { d.Before, d.Message.ExpiresAt = gateway.Sending, noon }), noon)
	require.Equal(t, gateway.Expired, late.change.State, "it does not wait beyond its lifetime")
	first := policy.begin(delivery(func(d *gateway.Delivery) { d.Before, d.Message.TranslateTo = gateway.Sending, "uk" }), noon)
	require.True(t, first.translate, "it is translated while it waits")
}

func TestASuspendedAccountSendsNothing(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	for _, channel := range []gateway.Channel{gateway.ChannelTelegram, gateway.ChannelSMS} {
		d := delivery(func(d *gateway.Delivery) {
			d.Suspended = true
			d.Leg.Channel = channel
		})
		next := policy.begin(d, noon)
		require.False(t, next.call, channel)
		require.Equal(t, gateway.Scheduled, next.change.State, channel)
		require.Equal(t, pausedLook, next.wait, channel)
	}
}

// Whoever reads the story of a message that waits for its bot or its account must learn what it waits for, and once.
func TestWhatIsRestedIsTold(t *testing.T) {
	t.Parallel()
	policy := Policy{}.filled()
	for words, rest := range map[string]func(*gateway.Delivery){
		"The bot is paused by its owner. It is sent once the bot is resumed.":              func(d *gateway.Delivery) { d.Bot.State = gateway.BotPaused },
		"The operator has suspended the account. It is sent once the account works again.": func(d *gateway.Delivery) { d.Suspended = true },
	} {
		for before, after := range map[gateway.State]gateway.State{gateway.Queued: gateway.Scheduled, gateway.Scheduled: "", gateway.Sending: ""} {
			d := delivery(func(d *gateway.Delivery) { rest(d); d.Message.State = before })
			next := policy.begin(d, noon)
			require.Equal(t, after, next.change.State)
			require.Len(t, next.change.Events, 1, before)
			told := next.change.Events[0]
			require.Equal(t, gateway.EventScheduled, told.Kind)
			require.Equal(t, words, told.Detail)

			d.Message.State, d.Leg = cmp.Or(after, before), *next.change.Leg
			next = policy.begin(d, noon.Add(time.Minute))
			require.Equal(t, gateway.Change{}, next.change, "a look again writes nothing")
			require.Equal(t, pausedLook, next.wait)
		}
	}
}
