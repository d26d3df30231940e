package inbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/messaging"
)

// routes is SMS to all numbers but those of one country.
type routes struct{ none string }

func (r routes) Carries(to string, _ gateway.Network) bool {
	return r.none == "" || !strings.HasPrefix(to, r.none)
}

func (routes) Serving(gateway.Network) bool { return true }

// textsTo lets the inbox know where SMS can go.
func (w *world) textsTo(r gateway.SMSRoutes) *world {
	w.deps.SMS = r
	w.in = inbox.New(w.deps)
	return w
}

// claims lets Anna write a number, and returns the SMS and what the bot says to it.
func (w *world) claims(number string) (sms, said gateway.Message) {
	w.t.Helper()
	w.later(time.Minute)
	w.says(number)
	got := w.answers()
	require.Len(w.t, got, 2)
	for _, m := range got {
		require.Contains(w.t, *w.started, m.ID)
		if m.CarriesCode {
			sms = m
		} else {
			said = m
		}
	}
	return sms, said
}

// carries puts a code into an SMS, as it does when it leaves.
func (w *world) carries(sms gateway.MessageID, code string) {
	w.t.Helper()
	open, err := w.store.SetPhoneCode(w.t.Context(), account, sms, func(ask gateway.MessageID) gateway.CodeHash { return messaging.HashCode(ask, code) }, w.at.Add(15*time.Minute))
	require.NoError(w.t, err)
	require.True(w.t, open)
}

func TestAPhoneThatAPersonClaims(t *testing.T) {
	t.Parallel()
	t.Run("is theirs once they write the digits that an SMS brought there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "").textsTo(routes{})
		require.Contains(t, w.asked("/phone").Text, "Або напишіть номер тут, з + і кодом країни")
		sms, said := w.claims("+380 (67) 111-22-33")
		require.Equal(t, gateway.Address{Kind: gateway.AddressPhone, Value: "+380671112233"}, sms.To)
		require.Contains(t, sms.Text, "{code} підтверджує ваш телефон для бота @acme_bot.")
		require.Contains(t, said.Text, "На номер, що закінчується на 33, надіслано SMS")
		require.Contains(t, said.Text, "Ніколи нікому не надсилайте коди входу, які дає Telegram.")
		require.Empty(t, w.person().Phone)
		w.carries(sms.ID, "12345678")
		require.Equal(t, "herald:code_wrong", w.asked("8765-4321").Rule)
		got := w.asked("1234 5678")
		require.Equal(t, "Дякуємо. Ваш телефон, що закінчується на 33, підтверджено.", got.Text)
		require.Equal(t, "+380671112233", w.person().Phone)
		require.Equal(t, gateway.ProofSMS, w.person().PhoneProof)
		require.Equal(t, w.at, w.person().PhoneProvedAt)
		require.Contains(t, w.asked("/phone").Text, "закінчується на 33")
	})
	t.Run("changes the one that they had, and is taken from whoever had it", func(t *testing.T) {
		t.Parallel()
		const boris = 43
		w := newWorld(t, "").textsTo(routes{})
		w.shares("380501234567", anna)
		w.later(time.Minute)
		w.comes(map[string]any{"message": map[string]any{
			"message_id": 7, "date": w.at.Unix(), "chat": map[string]any{"id": boris, "type": "private"}, "from": map[string]any{"id": boris, "first_name": "Boris"},
			"contact": map[string]any{"phone_number": "380671112233", "first_name": "Boris", "user_id": boris},
		}})
		w.asked("/phone")
		sms, _ := w.claims("+380671112233")
		w.carries(sms.ID, "12345678")
		require.Equal(t, "herald:phone_proved", w.asked("12345678").Rule)
		require.Equal(t, "+380671112233", w.person().Phone)
		list, err := w.store.Subscribers(t.Context(), account, bot, gateway.SubscriberFilter{PlatformID: boris}, gateway.Page{}.Bounded())
		require.NoError(t, err)
		require.Empty(t, list.Items[0].Phone)
	})
	t.Run("gets an SMS only if they were asked for their phone lately", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "").textsTo(routes{})
		w.says("+380671112233")
		require.Empty(t, w.answers())
		w.asked("/phone")
		w.later(25 * time.Hour)
		w.says("+380671112233")
		require.Empty(t, w.answers())
		w.asked("/phone")
		w.later(time.Minute)
		w.says("My phone is +380671112233")
		require.Empty(t, w.answers())
	})
	t.Run("is asked for in a form that names one phone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "").textsTo(routes{none: "+48"})
		w.asked("/phone")
		for _, odd := range []string{"067 111 22 33", "+380441234567", "+88812345678"} {
			got := w.asked(odd)
			require.Equal(t, "herald:phone_form", got.Rule, odd)
			require.Contains(t, got.Text, "наприклад +380 50 123 45 67")
		}
		require.Equal(t, "herald:claim_no_sms", w.asked("+48512345678").Rule, "nobody carries an SMS there")
	})
	t.Run("costs its owner only so many SMS", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "").textsTo(routes{})
		for n := range gateway.MaxClaimsOfPerson {
			w.asked("/phone")
			w.claims("+38067111223" + string(rune('0'+n)))
		}
		w.asked("/phone")
		require.Equal(t, "herald:claim_limit", w.asked("+380671112239").Rule)
		w.later(gateway.ClaimsWithin)
		w.asked("/phone")
		w.claims("+380671112239")
	})
	t.Run("is nobody's business where a rule answers, or the owner wants contacts alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "herald: 1\nlanguage: en\nrules:\n  - {name: all, on: message, reply: Thanks.}\n").textsTo(routes{})
		w.asked("/phone")
		require.Equal(t, "all", w.asked("+380671112233").Rule)

		w = newWorld(t, "").textsTo(routes{})
		b, err := w.store.Bot(t.Context(), account, bot)
		require.NoError(t, err)
		b.ContactOnly = true
		b.Reconfirm = gateway.ReconfirmPolicy{By: gateway.ConfirmContact, RemindAfter: time.Hour, LapseAfter: 2 * time.Hour}
		_, err = w.store.DescribeBot(t.Context(), b, w.at)
		require.NoError(t, err)
		require.NotContains(t, w.asked("/phone").Text, "напишіть номер")
		w.later(time.Minute)
		w.says("+380671112233")
		require.Empty(t, w.answers())
	})
	t.Run("is forgotten with its digits once another question takes its place", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, "").textsTo(routes{})
		w.asked("/phone")
		first, _ := w.claims("+380671112233")
		w.carries(first.ID, "11111111")
		w.asked("/phone")
		second, _ := w.claims("+380671112244")
		w.carries(second.ID, "22222222")
		require.Equal(t, "herald:code_wrong", w.asked("11111111").Rule)
		require.Equal(t, "herald:phone_proved", w.asked("22222222").Rule)
		require.Equal(t, "+380671112244", w.person().Phone)
	})
}
