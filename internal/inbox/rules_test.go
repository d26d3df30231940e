package inbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/rules"
)

const shop = `
herald: 1
language: en
timezone: Europe/Kyiv
fields: {order: string, visits: int}
translate:
  replies:
    - {when: 'user.lang == "be"', to: ru}
  incoming:
    - {when: 'lang_of(text) != "en"', to: en}
  keep: [Acme]
rules:
  - name: welcome
    on: first_message
    reply:
      text: {en: "Hello!", uk: "Вітаємо!"}
      buttons: [[Prices, {text: Site, url: "https://acme.example"}]]
  - name: menu
    on: /menu
    reply: [One, Two]
  - name: prices
    on: [message, button]
    when: has(text, "price") or button == "Prices"
    reply: "See {{ link('https://acme.example/prices') }}"
    tag: asked
  - name: order
    on: message
    let: {number: 'find(text, "[0-9]{6}")'}
    when: number != nil
    set: {order: number, visits: (user.fields.visits ?? 0) + 1}
    reply: "Order {{ number }}, last time {{ user.fields.order ?? 'none' }}"
    forward: order-status
  - name: person
    on: message
    when: has(text, "human")
    reply: A person will answer.
    notify: {to: "@acme_manager", text: "{{ user.name }} asks for a person: {{ text }}"}
    mute: 1h
  - name: photo
    on: message
    when: message.kind == "photo"
    reply: "A photo: {{ text }}"
  - name: spot
    on: message
    when: message.kind == "location"
    reply: "You are at {{ message.location?.latitude ?? 0.0 }}"
  - name: phone
    on: phone
    reply: "Your number is {{ user.phone ?? 'unknown' }}"
  - name: only once
    on: message
    when: has(text, "gift")
    once: true
    reply: A gift!
  - name: closed
    on: message
    when: has(text, "hours")
    every: 12h
    reply: We open at nine.
  - name: number please
    on: /phone
    ask_phone: Share your number.
  - name: gone
    on: unsubscribed
    forward: left
  - name: read it
    on: read
    when: last?.label == "invoice"
    reply: Thank you for reading.
  - name: odd
    on: message
    when: has(text, "odd")
    notify: {to: "{{ text }}", text: x}
    reply: Still answered.
  - name: anything else
    on: message
    forward: unanswered
`

func TestRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)

	t.Run("a newcomer is greeted in their language, with buttons", func(t *testing.T) {
		o := w.says("привіт")
		require.Equal(t, []string{"welcome"}, o.verdict.Rules)
		require.Equal(t, []string{"Вітаємо!"}, o.texts())
		reply := o.replies[0]
		require.Equal(t, [][]gateway.Button{{{Text: "Prices", Data: "Prices"}, {Text: "Site", URL: "https://acme.example"}}}, reply.Buttons)
		require.Equal(t, "welcome", reply.Rule)
		require.Equal(t, o.inbound.ID, reply.Cause)
		require.Equal(t, gateway.Queued, reply.State)
		require.Equal(t, "en", o.inbound.TranslateTo, "what the person wrote is wanted in English")
		require.Equal(t, starts{reply.ID}, *w.started)
	})
	t.Run("a command with two replies, which keep their order", func(t *testing.T) {
		o := w.says("/menu")
		require.Equal(t, []string{"One", "Two"}, o.texts())
		require.Equal(t, o.replies[0].ID, o.replies[1].After)
		require.NotEmpty(t, o.replies[0].After, "after the reply to the message before")
		require.Empty(t, o.inbound.TranslateTo, "a command is in no language")
	})
	t.Run("a button, a tag and a read link", func(t *testing.T) {
		o := w.presses("Prices")
		require.Equal(t, []string{"See {link:https://acme.example/prices}"}, o.texts())
		links, err := w.store.Links(t.Context(), account, o.replies[0].ID)
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, []string{"asked"}, w.state().Tags)
	})
	t.Run("fields are kept from one message to the next", func(t *testing.T) {
		require.Equal(t, []string{"Order 123456, last time none"}, w.says("where is 123456?").texts())
		require.Equal(t, []string{"Order 654321, last time 123456"}, w.says("and 654321?").texts())
		require.Equal(t, gateway.Fields{"order": "654321", "visits": int64(2)}, w.state().Fields)
	})
	t.Run("what is forwarded is an event for the handler", func(t *testing.T) {
		o := w.says("hm")
		require.Equal(t, []string{"anything else"}, o.verdict.Rules)
		events, err := w.store.AccountEvents(t.Context(), account, gateway.AccountEventFilter{Kind: "rule.forwarded", Label: "unanswered"}, gateway.Page{Limit: 1})
		require.NoError(t, err)
		e := events.Items[0]
		require.Equal(t, o.inbound.ID, e.MessageID)
		require.JSONEq(t, `{"rule":"anything else","event":"message","kind":"text","text":"hm"}`, string(e.Data))
	})
	t.Run("media have their kinds", func(t *testing.T) {
		o := w.comes(message(map[string]any{"date": w.at.Unix(), "caption": "my cat", "photo": []any{map[string]any{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}}}))
		require.Equal(t, []string{"A photo: my cat"}, o.texts())
		o = w.comes(message(map[string]any{"date": w.at.Unix(), "location": map[string]any{"latitude": 50.5, "longitude": 30.5}}))
		require.Equal(t, []string{"You are at 50.5"}, o.texts())
	})
	t.Run("a phone is asked for, and known when it was shared", func(t *testing.T) {
		o := w.says("/phone")
		require.True(t, o.replies[0].AskPhone)
		o = w.comes(message(map[string]any{"date": w.at.Unix(), "contact": map[string]any{"phone_number": "380501234567", "first_name": "Anna", "user_id": anna}}))
		require.Equal(t, []string{"Your number is +380501234567"}, o.texts())
	})
	t.Run("once, and every", func(t *testing.T) {
		require.Equal(t, []string{"A gift!"}, w.says("a gift").texts())
		require.Empty(t, w.says("a gift").texts())
		require.Equal(t, []string{"We open at nine."}, w.says("hours").texts())
		w.later(11 * time.Hour)
		require.Empty(t, w.says("hours").texts())
		w.later(2 * time.Hour)
		require.Equal(t, []string{"We open at nine."}, w.says("hours").texts())
	})
	t.Run("a recipient that is none leaves the rest of the rule", func(t *testing.T) {
		o := w.says("odd one")
		require.Equal(t, []string{"Still answered."}, o.texts())
		require.Equal(t, rules.NoteRefused, o.verdict.Note)
	})
	t.Run("a muted person gets no answer but is forwarded", func(t *testing.T) {
		o := w.says("a human please")
		require.Equal(t, []string{"A person will answer.", "Anna asks for a person: a human please"}, o.texts())
		require.Equal(t, "@acme_manager", o.replies[1].To.String())
		o = w.says("123456")
		require.Empty(t, o.texts())
		require.Equal(t, rules.NoteMuted, o.verdict.Note)
		require.Equal(t, []string{"set", "set", "forward"}, kinds(o.lines))
		w.later(time.Hour)
		require.NotEmpty(t, w.says("123456").texts())
	})
	t.Run("who leaves stands in History if rules have something to say to it", func(t *testing.T) {
		o := w.comes(map[string]any{"my_chat_member": map[string]any{
			"chat": map[string]any{"id": anna, "type": "private"}, "from": annaUser, "date": w.at.Unix(),
			"old_chat_member": map[string]any{"status": "member", "user": annaUser}, "new_chat_member": map[string]any{"status": "kicked", "user": annaUser},
		}})
		require.Equal(t, gateway.UpdateMembership, o.inbound.Kind)
		require.Equal(t, []string{"gone"}, o.verdict.Rules)
	})
	t.Run("an explanation is an exact repetition", func(t *testing.T) {
		o := w.says("where is 111111?")
		in, err := rules.DecodeInput(o.verdict.Input)
		require.NoError(t, err)
		program, err := w.engine.Program(t.Context(), account, bot, o.verdict.Version)
		require.NoError(t, err)
		again, err := program.Run(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, o.verdict.Rules, again.Rules)
		require.Equal(t, o.texts()[0], again.Effects[2].Message.Text)
	})
}

func kinds(lines []rules.EffectLine) (out []string) {
	for _, l := range lines {
		out = append(out, l.Kind)
	}
	return out
}

// state is what the rules keep about Anna.
func (w *world) state() gateway.PersonState {
	w.t.Helper()
	people, err := w.store.Subscribers(w.t.Context(), account, bot, gateway.SubscriberFilter{PlatformID: anna}, gateway.Page{Limit: 1})
	require.NoError(w.t, err)
	c, err := w.store.Conversation(w.t.Context(), account, people.Items[0])
	require.NoError(w.t, err)
	return c.State
}

func TestRepliesEndInALoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "herald: 1\nlanguage: en\nrules:\n  - name: echo\n    on: message\n    reply: \"{{ text }}\"\n    tag: seen\n")
	for n := range rules.LoopReplies {
		require.Len(t, w.says(fmt.Sprint("ping ", n)).texts(), 1)
	}
	o := w.says("ping")
	require.Empty(t, o.texts())
	require.Equal(t, rules.NoteLoop, o.verdict.Note)
	require.Equal(t, []string{"tag", "reply"}, kinds(o.lines), "what was left out is told, and quiet effects happen")
	require.Equal(t, rules.NoteLoop, o.lines[1].Left)
	w.later(rules.LoopWindow)
	require.Len(t, w.says("ping").texts(), 1, "ten minutes later it answers again")
}

func TestTheNextUpdateRunsThroughWhatIsActive(t *testing.T) {
	t.Parallel()
	file := func(reply string) string {
		return "herald: 1\nlanguage: en\nrules:\n  - name: r\n    on: message\n    reply: " + reply + "\n"
	}
	w := newWorld(t, file("one"))
	require.Equal(t, []string{"one"}, w.says("x").texts())
	w.publish(file("two"))
	require.Equal(t, []string{"two"}, w.says("x").texts())
	require.NoError(t, w.store.ActivateRules(t.Context(), account, bot, 1, "key_1", w.at))
	require.Equal(t, []string{"one"}, w.says("x").texts())
	require.NoError(t, w.store.ActivateRules(t.Context(), account, bot, 0, "key_1", w.at))
	require.Empty(t, w.says("x").texts())
}

func TestAnUpdateIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	w.says("price?")
	w.next--
	w.receive(message(map[string]any{"text": "price?", "date": w.at.Unix()}))
	found, err := w.in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.False(t, found)
}

// Rules that this program cannot run hold up nobody: the message stands in History, and the operator is told.
func TestRulesThatCannotRunHoldUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	_, err := w.store.PublishRules(t.Context(), gateway.RuleVersion{
		AccountID: account, BotID: bot, Source: "herald: 99\n", Author: "key_1", CreatedAt: w.at,
	}, true)
	require.NoError(t, err)
	o := w.says("hello")
	require.Equal(t, "hello", o.inbound.Text)
	_, aside, err := w.store.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, aside)
}

func TestWhatPeopleWriteIsTranslatedAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	o := w.says("привіт")
	_, err := w.in.TranslateSome(t.Context())
	require.NoError(t, err)
	m, err := w.store.Message(t.Context(), account, o.inbound.ID)
	require.NoError(t, err)
	require.Equal(t, gateway.TranslationOff, m.Translation.Reason, "without a translator the original stands")
	require.Equal(t, "привіт", m.Text)
}

// What was sent and read is an update of our own: rules may have something to say to it, once.
func TestRulesHearOfWhatWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shop)
	w.says("привіт")
	m := gateway.Message{
		ID: "msg_invoice", AccountID: account, BotID: bot, Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"},
		Text: "Your invoice", Lane: gateway.LaneService, OnUnknown: gateway.Hold, Label: "invoice", CreatedAt: w.at, UpdatedAt: w.at, ExpiresAt: w.at.Add(time.Hour),
	}
	_, err := w.store.AcceptMessage(t.Context(), m, []gateway.Leg{{ID: "leg_1", Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
	require.NoError(t, err)
	for _, state := range []gateway.State{gateway.Sending, gateway.Read} {
		_, err := w.store.ChangeDelivery(context.Background(), account, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{State: state, Subscriber: d.Subscriber.ID, Events: []gateway.Event{{At: w.at, Kind: gateway.EventState, State: state}}}, nil
		})
		require.NoError(t, err)
	}
	found, err := w.in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	o := w.about(m)
	require.Equal(t, []string{"Thank you for reading."}, o.texts())
	require.Equal(t, gateway.OwnRead, o.verdict.Event)
	found, err = w.in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.False(t, found, "a reply that is not read yet raises nothing")
}

func TestVoicesAndStickersHaveTheirKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "herald: 1\nlanguage: en\nrules:\n  - name: r\n    on: message\n    reply: \"A {{ message.kind }}\"\n")
	o := w.comes(message(map[string]any{"date": w.at.Unix(), "voice": map[string]any{"file_id": "a", "file_unique_id": "b", "duration": 2}}))
	require.Equal(t, []string{"A voice"}, o.texts())
	o = w.comes(message(map[string]any{"date": w.at.Unix(), "sticker": map[string]any{
		"file_id": "a", "file_unique_id": "b", "type": "regular", "width": 1, "height": 1, "is_animated": false, "is_video": false,
	}}))
	require.Equal(t, []string{"A sticker"}, o.texts())
}

// Another process has an engine of its own, and no announcement reaches this one: the version comes with the update.
func TestEveryWorkerRunsTheNextUpdateThroughWhatIsActive(t *testing.T) {
	t.Parallel()
	file := func(reply string) string {
		return "herald: 1\nlanguage: en\nrules:\n  - name: r\n    on: message\n    reply: " + reply + "\n"
	}
	w := newWorld(t, file("one"))
	first, second := w.in, w.another()
	for _, worker := range []*inbox.Inbox{first, second} { // both have compiled the first version
		w.in = worker
		require.Equal(t, []string{"one"}, w.says("x").texts())
	}
	w.publish(file("two"))
	for _, worker := range []*inbox.Inbox{second, first} {
		w.in = worker
		require.Equal(t, []string{"two"}, w.says("x").texts())
	}
}

// What could not be delivered is an update of our own, too. What rules sent themselves raises none: an answer to that would
// be one more message to somebody who cannot be reached.
func TestRulesHearOfWhatWasNotDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `
herald: 1
language: en
rules:
  - name: hello
    on: message
    reply: Hello.
  - name: lost
    on: undelivered
    when: user.first_name == "Anna"
    notify: {to: "@acme_manager", text: "{{ user.name }} did not get: {{ last?.label ?? 'a message' }}"}
    forward: lost
`)
	reply := w.says("привіт").replies[0]
	m := gateway.Message{
		ID: "msg_parcel", AccountID: account, BotID: bot, Direction: gateway.Out, To: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"},
		Text: "Your parcel", Lane: gateway.LaneService, OnUnknown: gateway.Hold, Label: "parcel", CreatedAt: w.at, UpdatedAt: w.at, ExpiresAt: w.at.Add(time.Hour),
	}
	_, err := w.store.AcceptMessage(t.Context(), m, []gateway.Leg{{ID: "leg_1", Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}, nil)
	require.NoError(t, err)
	fail := func(id gateway.MessageID) {
		t.Helper()
		_, err := w.store.ChangeDelivery(t.Context(), account, id, func(d gateway.Delivery) (gateway.Change, error) {
			leg := d.Legs[0]
			leg.State, leg.Reason, leg.SettledAt = gateway.LegFailed, gateway.ReasonUndelivered, w.at
			c := gateway.Change{
				State: gateway.Failed, Reason: gateway.ReasonUndelivered, Leg: &leg,
				Events: []gateway.Event{{At: w.at, Kind: gateway.EventState, State: gateway.Failed}},
			}
			if d.Subscriber != nil {
				c.Subscriber = d.Subscriber.ID
			}
			return c, nil
		})
		require.NoError(t, err)
	}
	fail(m.ID)
	found, err := w.in.ProcessOne(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	o := w.about(m)
	require.Equal(t, gateway.OwnUndelivered, o.verdict.Event)
	require.Equal(t, []string{"lost"}, o.verdict.Rules)
	require.Equal(t, "@acme_manager", o.replies[0].To.String())
	require.Contains(t, o.replies[0].Text, "Anna did not get: ")
	require.Equal(t, []string{"notify", "forward"}, kinds(o.lines))
	events, err := w.store.AccountEvents(t.Context(), account, gateway.AccountEventFilter{Kind: "rule.forwarded", Label: "lost"}, gateway.Page{Limit: 1})
	require.NoError(t, err)
	require.JSONEq(t, `{"rule":"lost","event":"undelivered"}`, string(events.Items[0].Data))

	for _, own := range []gateway.MessageID{reply.ID, o.replies[0].ID} {
		fail(own)
		found, err = w.in.ProcessOne(t.Context())
		require.NoError(t, err)
		require.False(t, found, "what rules sent raises nothing")
	}
}
