package inbox

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

var (
	came = time.Date(2026, 3, 2, 12, 0, 5, 0, time.UTC)
	raw  = gateway.RawUpdate{AccountID: "acc_1", BotID: "bot_1", ReceivedAt: came}
)

// update is one of Anna's in her private chat, with what the test changes about it.
func update(change func(*gateway.Update)) gateway.Update {
	u := gateway.Update{
		Kind: gateway.UpdateText, UpdateID: 5, At: came.Add(-5 * time.Second), Private: true, ChatID: 42, MessageID: 3, Text: "hi",
		Person: gateway.Person{PlatformID: 42, Username: "anna", FirstName: "Anna", Language: "uk"},
	}
	change(&u)
	return u
}

func TestJudge(t *testing.T) {
	t.Parallel()
	contact := func(c gateway.Contact) func(*gateway.Update) {
		return func(u *gateway.Update) { u.Kind, u.Contact = gateway.UpdateContact, &c }
	}
	for _, c := range []struct {
		name       string
		u          gateway.Update
		connection gateway.Connection
		phone      string
		payload    string
		note       string
		kind       gateway.UpdateKind // of the line in History, empty if there is none
	}{
		{name: "a text connects and stands in History", u: update(func(*gateway.Update) {}), connection: gateway.Connected, kind: gateway.UpdateText},
		{name: "a start brings its payload", u: update(func(u *gateway.Update) {
			u.Kind, u.Command, u.Payload = gateway.UpdateCommand, "start", "order-7"
		}), connection: gateway.Connected, payload: "order-7", kind: gateway.UpdateCommand},
		{name: "a start brings the longest payload that a link can have", u: update(func(u *gateway.Update) {
			u.Kind, u.Command, u.Payload = gateway.UpdateCommand, "start", strings.Repeat("aZ_-0123", 8)
		}), connection: gateway.Connected, payload: strings.Repeat("aZ_-0123", 8), kind: gateway.UpdateCommand},
		{name: "what is longer than a link can bring is no payload", u: update(func(u *gateway.Update) {
			u.Kind, u.Command, u.Payload = gateway.UpdateCommand, "start", strings.Repeat("a", 65)
		}), connection: gateway.Connected, kind: gateway.UpdateCommand},
		{name: "what no link can bring is no payload", u: update(func(u *gateway.Update) {
			u.Kind, u.Command, u.Payload = gateway.UpdateCommand, "start", "call me at +380501234567"
		}), connection: gateway.Connected, kind: gateway.UpdateCommand},
		{name: "another command brings none", u: update(func(u *gateway.Update) {
			u.Kind, u.Command, u.Payload = gateway.UpdateCommand, "help", "order-7"
		}), connection: gateway.Connected, kind: gateway.UpdateCommand},
		{name: "a person's own contact proves a phone", u: update(contact(gateway.Contact{Phone: "380501234567", PlatformID: 42})), connection: gateway.Connected, phone: "+380501234567", kind: gateway.UpdateContact},
		{name: "somebody else's contact proves nothing", u: update(contact(gateway.Contact{Phone: "380501234567", PlatformID: 43})), connection: gateway.Connected, note: NoteContactNotOwn, kind: gateway.UpdateContact},
		{name: "a contact of nobody proves nothing", u: update(contact(gateway.Contact{Phone: "380501234567"})), connection: gateway.Connected, note: NoteContactNotOwn, kind: gateway.UpdateContact},
		{name: "a forwarded contact proves nothing", u: update(func(u *gateway.Update) {
			contact(gateway.Contact{Phone: "380501234567", PlatformID: 42})(u)
			u.Forwarded = true
		}), connection: gateway.Connected, note: NoteContactForwarded, kind: gateway.UpdateContact},
		{name: "an anonymous number proves nothing", u: update(contact(gateway.Contact{Phone: "88812345678", PlatformID: 42})), connection: gateway.Connected, note: NoteContactAnonymous, kind: gateway.UpdateContact},
		{name: "a number that nobody could call proves nothing", u: update(contact(gateway.Contact{Phone: "12", PlatformID: 42})), connection: gateway.Connected, note: NoteContactInvalid, kind: gateway.UpdateContact},
		{name: "a block disconnects", u: update(func(u *gateway.Update) { u.Kind = gateway.UpdateMembership }), connection: gateway.Disconnected},
		{name: "an unblock connects", u: update(func(u *gateway.Update) { u.Kind, u.Member = gateway.UpdateMembership, true }), connection: gateway.Connected},
		{name: "a group makes nobody a subscriber", u: update(func(u *gateway.Update) { u.Private = false }), note: NoteNotPrivate},
		{name: "a contact in a group proves nothing", u: update(func(u *gateway.Update) {
			contact(gateway.Contact{Phone: "380501234567", PlatformID: 42})(u)
			u.Private = false
		}), note: NoteNotPrivate},
		{name: "bots are ignored", u: update(func(u *gateway.Update) { u.Person.Bot = true }), note: NoteFromBot},
		{name: "an update of nobody changes nothing", u: update(func(u *gateway.Update) { u.Person = gateway.Person{} }), note: NoteNoPerson},
		{name: "an unknown kind is counted", u: update(func(u *gateway.Update) { u.Kind = gateway.UpdateOther }), note: NoteUnknownKind},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := New(Deps{IDs: gateway.NewIDs(nil, nil)})
			v := i.judge(raw, c.u)
			require.Equal(t, c.connection, v.Connection)
			require.Equal(t, c.phone, v.Phone)
			require.Equal(t, c.payload, v.Payload)
			require.Equal(t, c.note, v.Note)
			require.Equal(t, c.connection != "", v.Subscriber != nil)
			if c.kind == "" {
				require.Nil(t, v.Message)
				return
			}
			require.Equal(t, c.kind, v.Message.Kind)
			require.Equal(t, gateway.Received, v.Message.State)
		})
	}
	t.Run("an update without a time, or from the future, happened when it came", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, came, happened(gateway.Update{}, raw))
		require.Equal(t, came, happened(gateway.Update{At: came.Add(time.Hour)}, raw))
	})
}

func TestJudgeOfGroups(t *testing.T) {
	t.Parallel()
	i := New(Deps{IDs: gateway.NewIDs(nil, nil)})
	inGroup := func(change func(*gateway.Update)) gateway.Update {
		return update(func(u *gateway.Update) {
			u.Private, u.Chat, u.Title, u.ChatID = false, gateway.KindGroup, "Staff", -500
			change(u)
		})
	}
	v := i.judge(raw, inGroup(func(u *gateway.Update) { u.Kind, u.Member = gateway.UpdateMembership, true }))
	require.Equal(t, gateway.Connected, v.Connection)
	require.Equal(t, int64(-500), v.Subscriber.PlatformID)
	require.Equal(t, gateway.KindGroup, v.Subscriber.Kind)
	require.Equal(t, "Staff", v.Subscriber.Name())

	v = i.judge(raw, inGroup(func(u *gateway.Update) { u.Kind = gateway.UpdateMembership }))
	require.Equal(t, gateway.Disconnected, v.Connection)
	require.Equal(t, gateway.ReasonChatLost, v.Reason)

	v = i.judge(raw, inGroup(func(u *gateway.Update) { u.Kind, u.MigratedTo = gateway.UpdateMedia, -1001 }))
	require.Equal(t, gateway.Migration{From: -500, To: -1001}, v.Migrated)

	v = i.judge(raw, inGroup(func(*gateway.Update) {}))
	require.Equal(t, gateway.Verdict{Note: NoteNotPrivate}, v, "what people say to one another is not kept")
}
