package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/gateway"
	"herald/internal/sandbox/controlclient"
)

const (
	phoneBrowser = "Mozilla/5.0 (Linux; Android 14; CUBOT X70) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
	previewRobot = "TelegramBot (like TwitterBot)"
)

// linkToAnna sends a message with a read link to Anna and takes the link out of her chat.
func (w *world) linkToAnna(t *testing.T, target string, cascade ...client.NewLeg) (id, link string) {
	t.Helper()
	sent, err := w.client(t).Send(t.Context(), client.NewMessage{To: "@anna", Text: "Ready: {link:" + target + "}", Cascade: cascade}, client.WithWait(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, sent.State)
	anna, err := strconv.ParseInt(w.names["anna_number"], 10, 64)
	require.NoError(t, err)
	chat, err := w.control(t).Messages(t.Context(), anna, "@acme_bot")
	require.NoError(t, err)
	link = regexp.MustCompile(`http://\S+$`).FindString(chat[len(chat)-1].Text)
	require.True(t, strings.HasPrefix(link, w.public.URL+"/r/"), chat[len(chat)-1].Text)
	return sent.ID, link
}

func (w *world) control(t *testing.T) *controlclient.Client {
	t.Helper()
	c, err := controlclient.New(w.sandbox.URL())
	require.NoError(t, err)
	return c
}

// evidence is what the message has of it.
func (w *world) evidence(t *testing.T, id string) client.Message {
	t.Helper()
	m, err := w.client(t).Message(t.Context(), id)
	require.NoError(t, err)
	return m
}

// open asks for an address and follows no redirect.
func open(t *testing.T, method, address, agent string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	request.Header.Set("User-Agent", agent)
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(body)
}

func TestReadLinkCountsNothingForRobots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	id, link := w.linkToAnna(t, "https://acme.example/order/77?a=1&b=<2>")
	for _, look := range []struct{ method, agent string }{
		{http.MethodGet, previewRobot},
		{http.MethodHead, previewRobot},
		{http.MethodPost, previewRobot},
		{http.MethodGet, phoneBrowser},
		{http.MethodHead, phoneBrowser},
		{http.MethodGet, ""},
		{http.MethodPost, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
		{http.MethodPost, "facebookexternalhit/1.1"},
		{http.MethodPost, "WhatsApp/2.23.20.0"},
		{http.MethodPost, "curl/8.5.0"},
	} {
		response, body := open(t, look.method, link, look.agent)
		require.Equal(t, http.StatusOK, response.StatusCode, look)
		require.Empty(t, response.Header.Get("Location"), look)
		if look.method != http.MethodHead {
			require.Contains(t, body, "https://acme.example/order/77?a=1&amp;b=&lt;2&gt;", "the page says where the link leads")
			require.Contains(t, body, `<form method="post">`)
		}
		require.Equal(t, wire.MessageStateAccepted, w.evidence(t, id).State, look)
	}
	require.Zero(t, w.evidence(t, id).Evidence)

	response, _ := open(t, http.MethodGet, link, phoneBrowser)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
	} {
		require.Equal(t, want, response.Header.Get(name), name)
	}
}

func TestReadLinkCountsThePersonOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	id, link := w.linkToAnna(t, "https://acme.example/order/77")
	w.tick(time.Minute)
	first := w.now()
	for range 3 {
		response, _ := open(t, http.MethodPost, link, phoneBrowser)
		require.Equal(t, http.StatusSeeOther, response.StatusCode)
		require.Equal(t, "https://acme.example/order/77", response.Header.Get("Location"))
		m := w.evidence(t, id)
		require.Equal(t, wire.MessageStateRead, m.State)
		require.Equal(t, client.Evidence{Kind: wire.EvidenceKindLink, Grade: "link confirmed", At: first}, m.Evidence)
		w.tick(time.Minute)
	}
	events, err := w.client(t).Events(t.Context(), id)
	require.NoError(t, err)
	proofs := 0
	for _, e := range events {
		if e.Kind == string(gateway.EventEvidence) {
			proofs++
			require.Equal(t, wire.MessageStateRead, e.State)
		}
	}
	require.Equal(t, 1, proofs)
}

func TestReadLinkThatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	for _, token := range []string{"0123456789abcdefghjk", "x", strings.Repeat("0", 65), strings.Repeat("0", 4000), "%00", "%ff"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			response, body := open(t, method, w.public.URL+"/r/"+token, phoneBrowser)
			require.Equal(t, http.StatusNotFound, response.StatusCode, "%s %s", method, token)
			if method != http.MethodHead {
				require.Equal(t, "There is no such link.", body, "%s %s", method, token)
			}
		}
	}
	response, _ := open(t, http.MethodPut, w.public.URL+"/r/0123456789abcdefghjk", phoneBrowser)
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

// lookups are Links that count what is asked of them.
type lookups struct {
	Links
	shown, confirmed []string
}

func (l *lookups) ShowLink(ctx context.Context, token string) (string, error) {
	l.shown = append(l.shown, token)
	return l.Links.ShowLink(ctx, token)
}

func (l *lookups) ConfirmLink(ctx context.Context, token string) (string, error) {
	l.confirmed = append(l.confirmed, token)
	return l.Links.ConfirmLink(ctx, token)
}

// How long an answer takes must tell nothing about a guess: each is looked up whole, once, whatever it looks like. The store
// finds it by its hash, so that not even the index compares what was guessed.
func TestEveryReadLinkIsLookedUpTheSameWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	_, link := w.linkToAnna(t, "https://acme.example/order/77")
	token := link[strings.LastIndex(link, "/")+1:]
	counted := &lookups{Links: w.service}
	handler := Public(PublicDeps{Links: counted, IDs: w.ids, Logger: slog.New(slog.DiscardHandler)})
	for _, guess := range []struct {
		token, lookedUp string
		status          int
	}{
		{token, token, http.StatusOK},
		{token[:19] + "~", token[:19] + "~", http.StatusNotFound},
		{"0123456789abcdefghjk", "0123456789abcdefghjk", http.StatusNotFound},
		{"x", "x", http.StatusNotFound},
		{strings.Repeat("0", 4000), "", http.StatusNotFound},
	} {
		counted.shown, counted.confirmed = nil, nil
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/r/"+guess.token, nil))
		require.Equal(t, guess.status, answer.Code)
		require.Equal(t, []string{guess.lookedUp}, counted.shown)
		post := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/r/"+guess.token, nil)
		post.Header.Set("User-Agent", phoneBrowser)
		handler.ServeHTTP(httptest.NewRecorder(), post)
		require.Equal(t, []string{guess.lookedUp}, counted.confirmed)
	}
	require.Equal(t, 1, w.rows("read_links WHERE token_hash = sha256('"+token+"')"))
}

// An SMS that waits for evidence is not sent once the link was opened, and is when it was not.
func TestReadLinkEndsTheCascade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	cascade := []client.NewLeg{{Channel: wire.Telegram, Until: wire.UntilRead, Within: "2m"}, {Channel: wire.Sms}}
	read, link := w.linkToAnna(t, "https://acme.example/read", cascade...)
	w.tick(2 * time.Second) // a chat takes one message a second
	unread, _ := w.linkToAnna(t, "https://acme.example/unread", cascade...)
	_, _ = open(t, http.MethodGet, link, previewRobot)
	_, _ = open(t, http.MethodPost, link, phoneBrowser)
	w.tick(3 * time.Minute)
	for _, id := range []string{read, unread} {
		step, err := w.courier.Attempt(t.Context(), w.mine, gateway.MessageID(id))
		require.NoError(t, err)
		require.True(t, step.Done, "%s: %+v", id, step)
	}
	m := w.evidence(t, read)
	require.Equal(t, wire.MessageStateRead, m.State)
	require.Equal(t, wire.LegStateSkipped, m.Legs[1].State)
	require.Zero(t, m.Legs[1].Attempts)

	m = w.evidence(t, unread)
	require.Contains(t, []client.LegState{wire.LegStateAccepted, wire.LegStateDelivered}, m.Legs[1].State, "its report may have come already")
	require.Equal(t, "sandbox", m.Legs[1].Provider)
	require.Equal(t, 1, m.Legs[1].Segments)
	sms, err := w.control(t).Phone(t.Context(), "+380501234567")
	require.NoError(t, err)
	require.Len(t, sms.SMS, 1, "one SMS, that of the message which was not read")
	require.Regexp(t, `^Ready: http://\S+/r/[0-9a-z]{20}$`, sms.SMS[0].Text)
	require.NotContains(t, sms.SMS[0].Text, strings.TrimPrefix(link, w.public.URL))
}

// startChromium starts the browser of this machine.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	_, err := os.Stat(path)
	require.NoError(t, err, "the page of a read link is tested in Chromium: install it (apt-get install chromium), or set CHROMIUM to its path")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "start Chromium")
	return ctx
}

func TestReadLinkInABrowser(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>Shop</title><p id=order>Order 77, from "+r.Method+r.Referer()+"</p>")
	}))
	t.Cleanup(shop.Close)
	for _, c := range []struct {
		name   string
		script bool
	}{
		{"goes on by itself where scripts run", true},
		{"goes on by its button where they do not", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, true)
			id, link := w.linkToAnna(t, shop.URL+"/order/77")
			tab, cancel := chromedp.NewContext(browser)
			t.Cleanup(cancel)
			require.NoError(t, chromedp.Do(tab), "open a tab")
			_, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !c.script})
			require.NoError(t, err)
			require.NoError(t, chromedp.Do(tab, chromedp.Navigate(link)))
			if !c.script {
				require.Equal(t, wire.MessageStateAccepted, w.evidence(t, id).State, "looking at the page proves nothing")
				require.NoError(t, chromedp.Do(tab, chromedp.WaitVisible("form b"), chromedp.Click("form button")))
			}
			words, err := chromedp.Run(tab, chromedp.Text("#order"))
			require.NoError(t, err)
			address, err := chromedp.Run(tab, chromedp.Location())
			require.NoError(t, err)
			require.Equal(t, "Order 77, from GET", words, "the shop hears nothing of the link")
			require.Equal(t, shop.URL+"/order/77", address)
			m := w.evidence(t, id)
			require.Equal(t, wire.MessageStateRead, m.State)
			require.Equal(t, wire.EvidenceKindLink, m.Evidence.Kind)
		})
	}
}
