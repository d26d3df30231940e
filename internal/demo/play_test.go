package demo

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/phone"
	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
)

// patience is short where a step is to run out of it.
const patience = 100 * time.Millisecond

func TestPlaySteps(t *testing.T) {
	t.Parallel()
	holds := func(context.Context, *play) (seen, error) { return seen{"accepted", "a message"}, nil }
	deviates := func(context.Context, *play) (seen, error) {
		return seen{}, &Mismatch{Expected: "one message", Saw: "none"}
	}
	breaks := func(context.Context, *play) (seen, error) { return seen{}, errors.New("send: no route") }

	t.Run("plays all steps in order", func(t *testing.T) {
		t.Parallel()
		var told []Result
		report, err := playSteps(t.Context(), Options{}, []step{{"one", holds}, {"two", holds}}, func(r Result) { told = append(told, r) })
		require.NoError(t, err)
		require.True(t, report.OK)
		require.Equal(t, told, report.Steps)
		require.Len(t, told, 2)
		require.Equal(t, 2, told[1].Number)
		require.Equal(t, "two", told[1].Title)
		require.Equal(t, "accepted", told[1].State)
		require.Equal(t, "a message", told[1].Saw)
		require.False(t, told[1].At.Before(told[0].At))
		require.Empty(t, report.Left)
	})
	t.Run("stops at the first step that does not hold", func(t *testing.T) {
		t.Parallel()
		var told []string
		report, err := playSteps(t.Context(), Options{}, []step{{"one", holds}, {"two", deviates}, {"three", holds}},
			func(r Result) { told = append(told, r.Title) })
		require.NoError(t, err)
		require.False(t, report.OK)
		require.Equal(t, []string{"one", "two"}, told)
		require.Equal(t, []string{"three"}, report.Left)
		require.False(t, report.Steps[1].OK)
		require.Equal(t, "one message", report.Steps[1].Expected)
		require.Equal(t, "none", report.Steps[1].Saw)
	})
	t.Run("shows an error as what was seen", func(t *testing.T) {
		t.Parallel()
		report, err := playSteps(t.Context(), Options{}, []step{{"one", breaks}}, func(Result) {})
		require.NoError(t, err)
		require.False(t, report.OK)
		require.Equal(t, "no error", report.Steps[0].Expected)
		require.Equal(t, "send: no route", report.Steps[0].Saw)
	})
	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := playSteps(ctx, Options{}, []step{{"one", func(context.Context, *play) (seen, error) {
			cancel()
			return seen{}, ctx.Err()
		}}}, func(Result) {})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestTitlesAreThoseOfTheStory(t *testing.T) {
	t.Parallel()
	require.Len(t, Titles(), len(story()))
	seen := map[string]bool{}
	for _, title := range Titles() {
		require.False(t, seen[title], "%s twice", title)
		seen[title] = true
	}
}

func TestNamesAndNumbers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 200 {
		number := mobile(random, "50")
		e164, err := phone.Parse(number, "")
		require.NoError(t, err, number)
		require.Equal(t, number, e164)
		require.Regexp(t, `^[a-z0-9]{6}$`, suffix(random))
		seen[number] = true
	}
	require.Greater(t, len(seen), 190, "stories must not meet")
}

func TestAwait(t *testing.T) {
	t.Parallel()
	p := &play{Options: Options{Patience: patience}}

	looks := 0
	require.NoError(t, p.await(t.Context(), "three", func() (string, bool, error) {
		looks++
		return strconv.Itoa(looks), looks == 3, nil
	}))
	require.Equal(t, 3, looks)

	err := p.await(t.Context(), "three", func() (string, bool, error) { return "two", false, nil })
	require.Equal(t, &Mismatch{Expected: "three", Saw: "two"}, err)

	broken := errors.New("no route")
	require.ErrorIs(t, p.await(t.Context(), "three", func() (string, bool, error) { return "", false, broken }), broken)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.Patience = time.Minute
	require.ErrorIs(t, p.await(ctx, "three", func() (string, bool, error) { return "", false, nil }), context.Canceled)
}

// claim is an API that tells whatever the test wants, beside a sandbox that is real.
type claim struct {
	message client.Message
	bot     controlclient.Bot
	address string // of the sandbox
	copies  int    // that really reach Anna
	link    string // that stands in the place of a read link
}

func (c *claim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var sent client.NewMessage
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text := regexp.MustCompile(`\{link:.*\}`).ReplaceAllString(sent.Text, c.link)
		for range c.copies {
			response, err := http.PostForm(c.address+"/bot"+c.bot.Token+"/sendMessage", url.Values{"chat_id": {"100001"}, "text": {text}})
			if err == nil {
				_ = response.Body.Close()
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(c.message)
}

// claimed is a story at the point where Anna is connected, with an API that makes claims.
func claimed(t *testing.T, m client.Message, copies int) *play {
	t.Helper()
	return claimedWithLink(t, m, copies, "")
}

func claimedWithLink(t *testing.T, m client.Message, copies int, link string) *play {
	t.Helper()
	server, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, server.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	control, err := controlclient.New(server.URL())
	require.NoError(t, err)
	bot, err := control.CreateBot(t.Context(), "Acme", "acme_bot")
	require.NoError(t, err)
	anna, err := control.CreatePerson(t.Context(), controlclient.Person{FirstName: "Anna", Username: "anna", Phone: "+380501234567"})
	require.NoError(t, err)
	require.Equal(t, int64(100001), anna.ID)
	require.NoError(t, control.Start(t.Context(), anna.ID, "@acme_bot", ""))

	liar := httptest.NewServer(&claim{message: m, bot: bot, address: server.URL(), copies: copies, link: link})
	t.Cleanup(liar.Close)
	api, err := client.New(liar.URL, "hk_example")
	require.NoError(t, err)
	return &play{
		Options: Options{API: api, Sandbox: control, Patience: patience}.withDefaults(), anna: anna, stranger: "+380671112233",
		bot: client.Bot{ID: "bot_1", PlatformID: bot.ID, Username: bot.Username},
	}
}

func TestArrivesLooksIntoTheChat(t *testing.T) {
	t.Parallel()
	accepted := client.Message{ID: "msg_1", State: wire.MessageStateAccepted}
	failed := client.Message{ID: "msg_1", State: wire.MessageStateFailed, Reason: "unavailable"}
	tests := []struct {
		name    string
		message client.Message
		copies  int
		want    *Mismatch
	}{
		{"holds when it stands there once", accepted, 1, nil},
		{"sees that it is not there", accepted, 0, &Mismatch{"the message once in Anna's chat", "it 0 times"}},
		{"sees a second copy", accepted, 2, &Mismatch{"the message once in Anna's chat", "it 2 times"}},
		{"sees another state", failed, 1, &Mismatch{"state accepted", "state failed, reason unavailable"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			saw, err := sendCode(t.Context(), claimed(t, test.message, test.copies))
			if test.want == nil {
				require.NoError(t, err)
				require.Equal(t, "accepted", saw.state)
				require.Contains(t, saw.words, "+380501234567")
				return
			}
			require.Equal(t, test.want, err)
		})
	}
}

func TestStaysOutLooksIntoTheChatAndTheLog(t *testing.T) {
	t.Parallel()
	refused := client.Message{ID: "msg_1", State: wire.MessageStateNotSubscribed, Reason: "never_started"}
	tests := []struct {
		name    string
		message client.Message
		copies  int
		want    *Mismatch
	}{
		{"holds when nothing was sent", refused, 0, nil},
		{"sees that it was sent", refused, 1, &Mismatch{"no call of the bot to send it, and nothing in Anna's chat", "1 calls and 1 copies"}},
		{
			"sees another reason",
			client.Message{ID: "msg_1", State: wire.MessageStateNotSubscribed, Reason: "blocked"},
			0, &Mismatch{"state not_subscribed, reason never_started", "state not_subscribed, reason blocked"},
		},
		{
			"sees another state",
			client.Message{ID: "msg_1", State: wire.MessageStateAccepted},
			0, &Mismatch{"state not_subscribed, reason never_started", "state accepted"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			saw, err := sendToStranger(t.Context(), claimed(t, test.message, test.copies))
			if test.want == nil {
				require.NoError(t, err)
				require.Equal(t, "not_subscribed", saw.state)
				return
			}
			require.Equal(t, test.want, err)
		})
	}
}

func TestSMSLooksAtThePhone(t *testing.T) {
	t.Parallel()
	delivered := client.Message{
		ID: "msg_1", State: wire.MessageStateDelivered, Evidence: client.Evidence{Kind: wire.EvidenceKindReport},
		Legs: []client.Leg{{State: wire.LegStateFailed}, {State: wire.LegStateDelivered, Provider: "sandbox", Segments: 1}},
	}
	_, err := sendSMSToStranger(t.Context(), claimed(t, delivered, 0))
	require.Equal(t, &Mismatch{"the SMS once on the phone +380671112233", "it 0 times"}, err)

	guessed := delivered
	guessed.Evidence.Kind = wire.EvidenceKindButton
	_, err = sendSMSToStranger(t.Context(), claimed(t, guessed, 0))
	require.Equal(t, &Mismatch{"an operator's report as evidence", "state delivered, evidence button"}, err)

	accepted := client.Message{ID: "msg_1", State: wire.MessageStateAccepted}
	_, err = sendSMSToStranger(t.Context(), claimed(t, accepted, 0))
	require.Equal(t, &Mismatch{"state delivered", "state accepted"}, err)
}

func TestRobotsOpenLinkLooksAtThePageAndTheMessage(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(page.Close)
	away := httptest.NewServer(http.RedirectHandler("https://acme.example", http.StatusFound))
	t.Cleanup(away.Close)
	accepted := client.Message{ID: "msg_1", State: wire.MessageStateAccepted}
	counted := accepted
	counted.Evidence.Kind = wire.EvidenceKindLink

	_, err := robotsOpenLink(t.Context(), claimedWithLink(t, accepted, 1, page.URL))
	require.NoError(t, err)
	_, err = robotsOpenLink(t.Context(), claimedWithLink(t, accepted, 1, away.URL))
	require.Equal(t, &Mismatch{"a page for the preview_robot", "status 302 https://acme.example"}, err)
	_, err = robotsOpenLink(t.Context(), claimedWithLink(t, counted, 1, page.URL))
	require.Equal(t, &Mismatch{"state accepted and no evidence", "state accepted, evidence link"}, err)
	_, err = robotsOpenLink(t.Context(), claimedWithLink(t, accepted, 1, "nowhere"))
	require.Equal(t, &Mismatch{"a message with a link in Anna's chat", "none"}, err)

	p := claimedWithLink(t, accepted, 1, page.URL)
	p.readLink = page.URL
	_, err = openLink(t.Context(), p)
	require.Equal(t, &Mismatch{"to be led to " + shopPage, "status 200 "}, err)
}

func TestFaultsAreSeenInTheLog(t *testing.T) {
	t.Parallel()
	accepted := client.Message{ID: "msg_1", State: wire.MessageStateAccepted}
	unknown := client.Message{ID: "msg_1", State: wire.MessageStateUnknown, OnUnknown: wire.Hold, Reason: "answer_lost"}

	_, err := sendThrottled(t.Context(), claimed(t, accepted, 2))
	require.NoError(t, err)
	_, err = sendThrottled(t.Context(), claimed(t, accepted, 1))
	require.Equal(t, &Mismatch{"state accepted, with a second call after a 429", "state accepted, with 1 calls"}, err)

	_, err = sendInDoubt(t.Context(), claimed(t, unknown, 1))
	require.NoError(t, err)
	_, err = sendInDoubt(t.Context(), claimed(t, unknown, 2))
	require.Equal(t, &Mismatch{"state unknown after one call", "state unknown, reason answer_lost after 2 calls"}, err)
	_, err = sendInDoubt(t.Context(), claimed(t, accepted, 1))
	require.Equal(t, &Mismatch{"state unknown after one call", "state accepted after 1 calls"}, err)
}
