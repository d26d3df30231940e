package sms_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/sms"
)

// TestProviders holds every provider to the same words, each against a peer that speaks its protocol over sockets.
func TestProviders(t *testing.T) {
	t.Parallel()
	for _, p := range []struct {
		name  string
		start func(t *testing.T, callback string) peer
	}{
		{"sandbox", startSandbox},
		{"smsc", startSMSC},
		{"kannel", startKannel},
		{"twilio", startTwilio},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p.start)
			t.Run("takes", func(t *testing.T) { testTaking(t, w) })
			t.Run("reports", func(t *testing.T) { testReports(t, w) })
			t.Run("asks", func(t *testing.T) { testAsking(t, w) })
			t.Run("replies", func(t *testing.T) { testReplies(t, w) })
			t.Run("fails", func(t *testing.T) { testTrouble(t, w) })
		})
	}
}

func testTaking(t *testing.T, w *world) {
	for _, c := range []struct {
		name, number, text string
		segments           int
	}{
		{"a short text", "+380501230001", "Your code is 1234", 1},
		{"signs of addresses and forms", "+380501230002", "a+b=c&d 100% #1 ?x \"q\" 'z' <b>", 1},
		{"accents and the extension table", "+380501230003", "Grüße: {€ 5} [ok] ~Ω~", 1},
		{"line ends", "+380501230004", "one\ntwo\n\nthree", 1},
		{"Cyrillic", "+380501230005", "Ваш код 1234. Нікому не кажіть його", 1},
		{"characters beyond the basic plane", "+380501230006", "Thanks 🙂👍🏽 спасибі", 1},
		{"a long text", "+380501230007", strings.Repeat("All work and no play. ", 20), 3},
		{"a long text of escaped characters", "+380501230008", strings.Repeat("{a}", 40), 2},
		{"a long text in Cyrillic", "+380501230009", strings.Repeat("Довгий текст. ", 12), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := w.to(c.number, c.text)
			receipt := w.send(t, out)
			require.Equal(t, "main", receipt.Provider)
			require.NotEmpty(t, receipt.ProviderID)
			require.Equal(t, c.segments, receipt.Segments)
			require.Equal(t, []string{c.text}, w.hears(t, c.number, 1))
			got := w.reported(t, out.LegID, 1)[0]
			require.Equal(t, gateway.SMSDelivered, got.Status)
			require.Equal(t, receipt.ProviderID, got.ProviderID)
			require.Equal(t, "main", got.Provider)
			require.WithinDuration(t, time.Now(), got.At, time.Minute)
			require.NotContains(t, got.Detail, "work", "a report keeps nothing of the text")
		})
	}
}

func testReports(t *testing.T, w *world) {
	t.Run("undelivered", func(t *testing.T) {
		out := w.to("+380501230011", "hi")
		w.peer.phone(t, out.To, unreachable)
		w.send(t, out)
		got := w.reported(t, out.LegID, 1)[0]
		require.Equal(t, gateway.SMSUndelivered, got.Status)
		require.NotEmpty(t, got.Detail)
	})
	t.Run("expired", func(t *testing.T) {
		out := w.to("+380501230012", "hi")
		out.ValidFor = time.Second
		w.peer.phone(t, out.To, dead)
		w.send(t, out)
		require.Equal(t, gateway.SMSExpired, w.reported(t, out.LegID, 1)[0].Status)
	})
	t.Run("late", func(t *testing.T) {
		out := w.to("+380501230013", "hi")
		w.peer.phone(t, out.To, off)
		w.send(t, out)
		require.Empty(t, w.sink.final(out.LegID))
		w.peer.phone(t, out.To, on)
		require.Equal(t, gateway.SMSDelivered, w.reported(t, out.LegID, 1)[0].Status)
	})
	t.Run("twice", func(t *testing.T) {
		if w.config.Kind == sms.KindKannel {
			return // Kannel forgets an SMS with its first final report
		}
		out := w.to("+380501230014", "hi")
		w.peer.phone(t, out.To, stutters)
		w.send(t, out)
		got := w.reported(t, out.LegID, 2)
		require.Equal(t, got[0].ProviderID, got[1].ProviderID)
		require.Equal(t, got[0].Status, got[1].Status)
	})
	t.Run("before the answer to the submission", func(t *testing.T) {
		out := w.to("+380501230015", "hi")
		w.front.set(hold)
		defer w.front.set(pass)
		answered := make(chan gateway.SMSReceipt, 1)
		go func() {
			defer close(answered)
			if receipt, _, err := w.router.SendSMS(t.Context(), out); err == nil {
				answered <- receipt
			}
		}()
		got := w.reported(t, out.LegID, 1)[0]
		require.Empty(t, answered)
		w.front.letGo <- struct{}{}
		receipt, ok := <-answered
		require.True(t, ok)
		require.Equal(t, receipt.ProviderID, got.ProviderID, "the report that came first is about this SMS")
	})
	t.Run("twice, since our answer was lost", func(t *testing.T) {
		if _, repeats := w.peer.(interface{ repeats() }); !repeats {
			return
		}
		out := w.to("+380501230017", "hi")
		w.public.lose.Store(1)
		w.send(t, out)
		got := w.reported(t, out.LegID, 2)
		require.Equal(t, got[0].Status, got[1].Status)
	})
	t.Run("again after the store was away", func(t *testing.T) {
		if _, repeats := w.peer.(interface{ repeats() }); !repeats {
			return // the provider calls once; what it is answered is tested with the callbacks
		}
		out := w.to("+380501230016", "hi")
		w.sink.broken.Store(1)
		w.send(t, out)
		require.Equal(t, gateway.SMSDelivered, w.reported(t, out.LegID, 1)[0].Status)
		require.Zero(t, w.sink.broken.Load())
	})
}

// testAsking finds out by polling what no callback told, where the provider can be asked.
func testAsking(t *testing.T, w *world) {
	store := &pendingStore{}
	out, lost := w.to("+380501230021", "hi"), w.to("+380501230022", "hi")
	w.peer.phone(t, out.To, silent)
	w.peer.phone(t, lost.To, off)
	for _, sms := range []gateway.OutgoingSMS{out, lost} {
		receipt := w.send(t, sms)
		store.add(gateway.SMSPending{LegID: sms.LegID, Provider: receipt.Provider, ProviderID: receipt.ProviderID, To: sms.To})
	}
	w.hears(t, out.To, 1)
	require.Empty(t, w.sink.final(out.LegID))
	n, err := w.router.Poll(t.Context(), store, w.sink, time.Minute)
	require.NoError(t, err)
	if w.config.Kind == sms.KindKannel {
		require.Zero(t, n, "Kannel cannot be asked")
		return
	}
	require.Equal(t, 2, n)
	got := w.sink.final(out.LegID)
	require.Len(t, got, 1)
	require.Equal(t, gateway.SMSDelivered, got[0].Status)
	require.Empty(t, w.sink.final(lost.LegID), "what still waits has no final report")
	w.peer.phone(t, lost.To, on)
	w.reported(t, lost.LegID, 1)
}

func testReplies(t *testing.T, w *world) {
	for number, text := range map[string]string{
		"+380501230031": "STOP",
		"+380501230032": "So   many spaces & signs + 100% ~{€}",
		"+380501230033": "Дякую! 🙂 Все добре",
	} {
		w.peer.write(t, number, "4567", text)
		require.Eventually(t, func() bool { return len(w.sink.from(number)) == 1 }, patience, tick, "no reply came: %s", text)
		got := w.sink.from(number)[0]
		require.Equal(t, text, got.Text)
		require.Equal(t, "main", got.Provider)
		require.Equal(t, "4567", got.To)
		require.NotEmpty(t, got.ProviderID)
		require.WithinDuration(t, time.Now(), got.At, time.Minute)
	}
}

func testTrouble(t *testing.T, w *world) {
	impatient := w.config
	impatient.Timeout = 1500 * time.Millisecond
	router := w.routerOf(t, impatient)
	for _, c := range []struct {
		mode   mode
		number string
		class  gateway.Class
		heard  int
	}{
		{resetBefore, "+380501230041", gateway.ClassUnknown, 0},
		{resetAfter, "+380501230042", gateway.ClassUnknown, 1},
		{slow, "+380501230043", gateway.ClassUnknown, 1},
		{page, "+380501230044", gateway.ClassUnknown, 1},
		{busy, "+380501230045", gateway.ClassUnavailable, 0},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			w.front.set(c.mode)
			defer w.front.set(pass)
			out := w.to(c.number, "hi")
			got := refused(t, router, out)
			require.Equal(t, c.class, got.Class)
			require.NotContains(t, got.Error()+got.Err.Error(), c.number[1:], "an error never shows the number")
			require.NotContains(t, got.Error()+got.Err.Error(), w.config.Password.Reveal()+"?")
			if c.heard > 0 {
				w.hears(t, c.number, c.heard)
				w.reported(t, out.LegID, 1) // the report settles what the lost answer left open
			}
			require.Len(t, w.peer.heard(t, c.number), c.heard)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		gone := w.config
		gone.URL = "http://" + listener.Addr().String()
		require.NoError(t, listener.Close())
		require.Equal(t, gateway.ClassUnavailable, refused(t, w.routerOf(t, gone), w.to("+380501230046", "hi")).Class)
	})
	t.Run("wrong credentials", func(t *testing.T) {
		wrong := w.config
		if wrong.Password == "" {
			require.Equal(t, sms.KindSandbox, wrong.Kind, "only the sandbox lets everybody in")
			return
		}
		wrong.Password = "not-this-one"
		got := refused(t, w.routerOf(t, wrong), w.to("+380501230047", "hi"))
		require.Equal(t, gateway.ClassRevoked, got.Class)
		require.Empty(t, w.peer.heard(t, "+380501230047"))
	})
	t.Run("a number that is none", func(t *testing.T) {
		require.Equal(t, gateway.ClassInvalidNumber, refused(t, w.router, w.to("+38050abc", "hi")).Class)
	})
	t.Run("another provider takes over", func(t *testing.T) {
		w.front.set(busy)
		defer w.front.set(pass)
		second := w.config
		second.Name, second.URL = "second", w.front.to
		second.CallbackURL = w.public.URL + "/sms/second"
		receipt, attempts, err := w.routerOf(t, w.config, second).SendSMS(t.Context(), w.to("+380501230048", "hi"))
		require.NoError(t, err)
		require.Equal(t, "second", receipt.Provider)
		require.Equal(t, []gateway.SMSAttempt{{Provider: "main", Class: gateway.ClassUnavailable}, {Provider: "second"}}, attempts)
		require.Equal(t, []string{"hi"}, w.hears(t, "+380501230048", 1))
	})
	t.Run("no other provider after a lost answer", func(t *testing.T) {
		w.front.set(resetAfter)
		defer w.front.set(pass)
		second := w.config
		second.Name, second.URL = "second", w.front.to
		_, attempts, err := w.routerOf(t, w.config, second).SendSMS(t.Context(), w.to("+380501230049", "hi"))
		require.Error(t, err)
		require.Equal(t, []gateway.SMSAttempt{{Provider: "main", Class: gateway.ClassUnknown}}, attempts)
		require.Equal(t, []string{"hi"}, w.hears(t, "+380501230049", 1))
	})
}
