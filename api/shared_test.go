package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/internal/gateway"
	"herald/internal/inbox"
	"herald/internal/sandbox/network"
)

// square is a world with a shared bot, @free_bot of the operator, and two customers who use it.
type square struct {
	*world
	inbox     *inbox.Inbox
	bot       string
	token     string
	dora      network.PersonID
	red, blue customer
	operator  customer
	offset    int64
}

// customer is an account with a client of its own.
type customer struct {
	account gateway.AccountID
	api     *client.Client
	key     string
}

func newSquare(t *testing.T) *square {
	t.Helper()
	w := newWorld(t, true)
	s := &square{world: w, inbox: w.inbox(), token: w.names["free_token"], operator: w.customer(t, w.mine)}
	bot, err := s.operator.api.AddBot(t.Context(), client.NewBot{
		Platform: "telegram", Token: s.token, Intake: "polling", Shared: ptr(true), Purpose: "any", Service: ptr("Codes"),
	})
	require.NoError(t, err)
	s.bot = bot.ID
	blue := w.ids.Account()
	require.NoError(t, w.store.CreateAccount(t.Context(), gateway.Account{ID: blue, Name: "blue", CreatedAt: w.now()}))
	s.red, s.blue = w.customer(t, w.theirs), w.customer(t, blue)
	name, username, phone := "Dora", "dora", "+380991112233"
	dora, err := w.sandbox.Network().CreatePerson(network.PersonChange{FirstName: &name, Username: &username, Phone: &phone})
	require.NoError(t, err)
	s.dora = dora.ID
	_, err = w.sandbox.Network().Start(s.dora, "@free_bot", "")
	require.NoError(t, err)
	s.take(t)
	return s
}

func ptr[T any](v T) *T { return &v }

func (w *world) customer(t *testing.T, account gateway.AccountID) customer {
	t.Helper()
	key := w.newKey(t, account)
	api, err := client.New(w.server.URL, key)
	require.NoError(t, err)
	return customer{account: account, api: api, key: key}
}

// take brings what people did to the inbox, as polling does, and processes it.
func (s *square) take(t *testing.T) {
	t.Helper()
	s.tick(time.Second)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/bot%s/getUpdates?offset=%d", s.sandbox.URL(), s.token, s.offset), nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var answer struct{ Result []json.RawMessage }
	require.NoError(t, json.Unmarshal(body, &answer), string(body))
	for _, raw := range answer.Result {
		var u struct {
			ID int64 `json:"update_id"`
		}
		require.NoError(t, json.Unmarshal(raw, &u))
		s.offset = u.ID + 1
		_, err := s.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
			AccountID: s.mine, BotID: gateway.BotID(s.bot), UpdateID: u.ID, ChatID: int64(s.dora), Body: raw, ReceivedAt: s.now(),
		}})
		require.NoError(t, err)
		found, err := s.inbox.ProcessOne(t.Context())
		require.NoError(t, err)
		require.True(t, found)
	}
}

// write lets Dora write; answered is the message that she replies to.
func (s *square) write(t *testing.T, text string, answered int64) {
	t.Helper()
	_, err := s.sandbox.Network().Write(s.dora, "@free_bot", text, answered)
	require.NoError(t, err)
	s.take(t)
}

// send sends to Dora, and tells how the messenger calls the message.
func (s *square) send(t *testing.T, from customer, text string, buttons ...client.Button) int64 {
	t.Helper()
	s.tick(time.Second)
	m := client.NewMessage{Bot: "@free_bot", To: "@dora", Text: text}
	if len(buttons) > 0 {
		m.Buttons = [][]client.Button{buttons}
	}
	sent, err := from.api.Send(t.Context(), m, client.WithWait(20*time.Second))
	require.NoError(t, err)
	require.Equal(t, client.MessageState("accepted"), sent.State, sent.ReasonText)
	chat, err := s.sandbox.Network().Messages(s.dora, "@free_bot", 0, 0, 100)
	require.NoError(t, err)
	last := chat[len(chat)-1]
	require.Equal(t, text, last.Text)
	return last.MessageID
}

// hears are the texts that reached a customer from people, in the order in which they came.
func (s *square) hears(t *testing.T, c customer) []string {
	t.Helper()
	texts := []string{}
	for _, m := range collected(t, c.api.Messages(t.Context(), client.MessageFilter{Direction: "in"})) {
		if m.Bot == s.bot {
			texts = append([]string{m.Text}, texts...)
		}
	}
	return texts
}

func TestWhatPeopleWriteOnASharedBot(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	red := s.send(t, s.red, "Red: your parcel is here", client.Button{Text: "Yes", Data: "red:yes"})
	blue := s.send(t, s.blue, "Blue: your table is booked")

	s.write(t, "thanks, blue", 0)  // blue wrote last
	s.write(t, "thanks, red", red) // an answer is for whom it answers
	s.write(t, "and blue again", blue)
	_, err := s.sandbox.Network().Press(s.dora, "@free_bot", network.ButtonPress{MessageID: red, Data: "red:yes"})
	require.NoError(t, err)
	s.take(t)
	s.tick(gateway.AttributedFor)
	s.write(t, "anybody there?", 0) // nobody wrote for 14 days

	require.Equal(t, []string{"thanks, red", "red:yes"}, s.hears(t, s.red))
	require.Equal(t, []string{"thanks, blue", "and blue again"}, s.hears(t, s.blue))
	require.Equal(t, []string{"/start", "anybody there?"}, s.hears(t, s.operator))
}

func TestRulesOnASharedBotAreTheCustomers(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	const file = "herald: 1\nlanguage: en\nrules:\n  - {name: r, on: message, reply: '%s hears {{ user.first_name ?? \"?\" }} of {{ user.phone ?? \"no phone\" }}, shared {{ bot.shared }}', forward: heard}\n"
	for name, c := range map[string]customer{"Red": s.red, "Operator": s.operator} {
		_, err := c.api.PublishRules(t.Context(), "@free_bot", client.NewRuleVersion{Source: fmt.Sprintf(file, name)})
		require.NoError(t, err)
	}
	_, err := s.sandbox.Network().ShareContact(s.dora, "@free_bot", network.ContactShare{})
	require.NoError(t, err)
	s.take(t)
	s.write(t, "hello operator", 0)
	s.send(t, s.red, "Red: hello")
	s.write(t, "hello red", 0)
	s.send(t, s.blue, "Blue: hello")
	s.write(t, "hello blue, who has no rules", 0)

	answers := func(c customer) (texts []string) {
		for _, m := range collected(t, c.api.Messages(t.Context(), client.MessageFilter{Direction: "out"})) {
			if m.Rule == "r" {
				texts = append(texts, m.Text)
			}
		}
		return texts
	}
	require.Equal(t, []string{"Red hears Dora of no phone, shared true"}, answers(s.red), "the phone was given to the operator")
	require.Empty(t, answers(s.blue))
	require.Len(t, answers(s.operator), 1)
	require.Regexp(t, `^Operator hears Dora of \+\d+, shared true$`, answers(s.operator)[0])
	forwarded := func(c customer) (n int) {
		for _, e := range collected(t, c.api.AccountEvents(t.Context(), client.EventFilter{})) {
			if e.Kind == "rule.forwarded" {
				n++
			}
		}
		return n
	}
	require.Equal(t, 1, forwarded(s.red))
	require.Zero(t, forwarded(s.blue))
	require.Equal(t, 1, forwarded(s.operator))
}

// What the bot says by itself goes into the History of the account that wrote last, and tells it nothing of the phone.
func TestAPhoneThatIsSharedWithASharedBotIsShownToNoCustomer(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	_, err := s.red.api.PublishRules(t.Context(), "@free_bot", client.NewRuleVersion{Source: `herald: 1
language: en
rules:
  - {name: first, on: phone, once: true, reply: "It is {{ user.phone ?? 'hidden' }}."}
`})
	require.NoError(t, err)
	s.send(t, s.red, "Red: hello")
	shares := func() client.Message {
		s.tick(time.Second)
		_, err := s.sandbox.Network().ShareContact(s.dora, "@free_bot", network.ContactShare{})
		require.NoError(t, err)
		s.take(t)
		return collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{Direction: "out"}))[0]
	}
	require.Equal(t, "It is hidden.", shares().Text)
	thanks := shares()
	require.Equal(t, "herald:phone_noted", thanks.Rule)
	require.Equal(t, "Thank you. Your phone is confirmed.", thanks.Text)
	s.write(t, "/phone", 0)
	asked := collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{Direction: "out"}))[0]
	require.Equal(t, "herald:phone_other", asked.Rule)
	people := collected(t, s.operator.api.Subscribers(t.Context(), "@free_bot", client.SubscriberFilter{PlatformID: int64(s.dora)}))
	require.Len(t, people, 1)
	require.Equal(t, "+380991112233", people[0].Phone, "the operator knows it")
}

// everywhere is where SMS can go.
type everywhere struct{}

func (everywhere) Carries(string, gateway.Network) bool { return true }
func (everywhere) Serving(gateway.Network) bool         { return true }

// Whoever is asked for the phone and writes the number gives it to the bot's owner, as whoever shares it does.
func TestANumberThatIsWrittenToASharedBotIsShownToNoCustomer(t *testing.T) {
	t.Parallel()
	const number, hidden = "+380671112233", "[phone number]"
	for name, c := range map[string]struct {
		sms     gateway.SMSRoutes
		rules   int // of red are asked how often about a number that is hidden from them
		answers int // of the bot itself to numbers
	}{
		"where an SMS brings a code to it": {everywhere{}, 0, 3}, // by SMS, where it went, and how the other one is written
		"where none can":                   {nil, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSquare(t)
			s.inbox = s.inboxBy(c.sms)
			for _, one := range []customer{s.red, s.operator} {
				_, err := one.api.PublishRules(t.Context(), "@free_bot", client.NewRuleVersion{
					Source: "herald: 1\nlanguage: en\nrules:\n  - {name: all, on: message, when: 'not has(text, \"pizza\")', forward: heard}\n",
				})
				require.NoError(t, err)
			}
			s.send(t, s.red, "Red: where shall we bring it?")
			s.write(t, number, 0) // an answer to red, whom nobody else had asked for
			s.write(t, "/phone", 0)
			s.write(t, number, 0)
			written, err := s.sandbox.Network().Write(s.dora, "@free_bot", "067 111 22 33", 0)
			require.NoError(t, err)
			s.take(t)
			_, err = s.sandbox.Network().EditText(s.dora, "@free_bot", written.MessageID, number)
			require.NoError(t, err)
			s.take(t)
			s.write(t, "call me, "+number, 0)
			require.Equal(t, []string{number, "/phone", hidden, hidden, hidden, "call me, " + number}, s.hears(t, s.red))
			raw, err := json.Marshal(collected(t, s.red.api.AccountEvents(t.Context(), client.EventFilter{})))
			require.NoError(t, err)
			require.Equal(t, 2, bytes.Count(raw, []byte(number)), "%s", raw)
			require.Equal(t, c.rules, bytes.Count(raw, []byte(hidden)), "%s", raw)
			answers := 0
			for _, one := range []customer{s.red, s.operator} {
				for _, m := range collected(t, one.api.Messages(t.Context(), client.MessageFilter{Direction: "out"})) {
					if m.Rule == "herald:confirm" || m.Rule == "herald:phone_form" {
						answers++
					}
				}
			}
			require.Equal(t, c.answers, answers)

			s.tick(gateway.AttributedFor)
			s.write(t, "/phone", 0)
			s.write(t, number, 0)
			require.Equal(t, []string{"/start", "/phone", number}, s.hears(t, s.operator), "whose bot it is")
		})
	}
}

func TestCustomersUseASharedBotAndManageNothing(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	bots := collected(t, s.red.api.Bots(t.Context()))
	require.Len(t, bots, 2)
	raw, err := json.Marshal(bots[0])
	require.NoError(t, err)
	require.Equal(t, s.bot, bots[0].ID)
	require.Equal(t, client.Purpose("any"), bots[0].Purpose)
	for _, kept := range []string{s.token, "intake", "pending", "watched_at", "reclaim", "hook_error"} {
		require.False(t, bytes.Contains(raw, []byte(kept)), "%s in %s", kept, raw)
	}
	link, err := s.red.api.ConnectLink(t.Context(), "@free_bot", "red42")
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(link.Link, "/free_bot?start=red42"), link.Link)

	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/subscribers", ""},
		{http.MethodPatch, "", `{"state":"paused"}`},
		{http.MethodDelete, "", ""},
		{http.MethodPost, "/connect", `{"external_id":"42"}`},
	} {
		status, code := s.answer(t, c.method, "/v1/bots/@free_bot"+c.path, s.red.key, c.body)
		require.Equal(t, http.StatusForbidden, status, c)
		require.Equal(t, gateway.CodeBotShared, code, c)
	}
	status, code := s.answer(t, http.MethodPatch, "/v1/bots/@other_bot", s.red.key, `{"shared":true,"purpose":"any"}`)
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, gateway.CodeNotOperator, code)
	status, code = s.answer(t, http.MethodPost, "/v1/messages", s.red.key, `{"bot":"@free_bot","to":"ext:42","text":"Hello"}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, gateway.CodeRecipientUnknown, code)
}

func TestALinkForOnePersonBindsThemForItsAccountAlone(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	externalID := func() string {
		people := collected(t, s.operator.api.Subscribers(t.Context(), "@free_bot", client.SubscriberFilter{PlatformID: int64(s.dora)}))
		require.Len(t, people, 1)
		return people[0].ExternalID
	}
	comes := func(link client.ConnectLink) {
		_, payload, found := strings.Cut(link.Link, "?start=")
		require.True(t, found, link.Link)
		_, err := s.sandbox.Network().Start(s.dora, "@free_bot", payload)
		require.NoError(t, err)
		s.take(t)
	}
	s.send(t, s.red, "Red: hello") // what Dora writes is red's from now on
	theirs, err := s.red.api.Identify(t.Context(), "@other_bot", "red-7")
	require.NoError(t, err)
	comes(theirs)
	require.Empty(t, externalID(), "a link of another account's bot names nobody here")

	mine, err := s.operator.api.Identify(t.Context(), "@free_bot", "mine-42")
	require.NoError(t, err)
	comes(mine)
	require.Equal(t, "mine-42", externalID())
	for _, id := range []string{"mine-42", "red-7"} {
		_, code := s.answer(t, http.MethodPost, "/v1/messages", s.red.key, fmt.Sprintf(`{"bot":"@free_bot","to":"ext:%s","text":"Hello"}`, id))
		require.Equal(t, gateway.CodeRecipientUnknown, code)
	}
	for _, c := range []customer{s.red, s.blue} {
		for _, e := range collected(t, c.api.AccountEvents(t.Context(), client.EventFilter{})) {
			require.NotEqual(t, "subscriber.linked", e.Kind)
		}
	}
	_, code := s.answer(t, http.MethodGet, "/v1/bots/@acme_bot/connect?payload=red42", s.red.key, "")
	require.Equal(t, gateway.CodeBotNotFound, code, "a bot that is not shared")
	_, code = s.answer(t, http.MethodPost, "/v1/bots/@acme_bot/connect", s.red.key, `{"external_id":"42"}`)
	require.Equal(t, gateway.CodeBotNotFound, code)
}

func TestASharedBotCarriesWhatItIsFor(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for purpose, lanes := range map[client.Purpose]string{"any": "code service bulk", "codes": "code", "alerts": "service", "service": "code service"} {
		_, err := s.operator.api.ChangeBot(t.Context(), "@free_bot", client.BotChange{Purpose: purpose})
		require.NoError(t, err)
		for _, lane := range []string{"code", "service", "bulk"} {
			body := fmt.Sprintf(`{"bot":"@free_bot","to":"@dora","text":"Hello","lane":%q}`, lane)
			status, code := s.answer(t, http.MethodPost, "/v1/messages/preview", s.red.key, body)
			if strings.Contains(lanes, lane) {
				require.Equal(t, http.StatusOK, status, "%s by %s: %s", lane, purpose, code)
			} else {
				require.Equal(t, gateway.CodeBotPurpose, code, "%s by %s", lane, purpose)
			}
		}
	}
	_, err := s.operator.api.ChangeBot(t.Context(), "@free_bot", client.BotChange{Shared: ptr(false)})
	require.NoError(t, err)
	status, code := s.answer(t, http.MethodGet, "/v1/bots/@free_bot", s.red.key, "")
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, gateway.CodeBotNotFound, code)
}

func TestAServiceHasSeveralNames(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	other, err := s.operator.api.ChangeBot(t.Context(), "@acme_bot", client.BotChange{Shared: ptr(true), Purpose: "service", Service: ptr("Codes")})
	require.NoError(t, err)
	for named, reached := range map[string]string{"@free_bot": s.bot, "@acme_bot": s.bot} {
		sent, err := s.red.api.Send(t.Context(), client.NewMessage{Bot: named, To: "@dora", Text: "By " + named})
		require.NoError(t, err)
		require.Equal(t, reached, sent.Bot, "Dora is connected to @free_bot alone")
	}
	sent, err := s.red.api.Send(t.Context(), client.NewMessage{Bot: "@free_bot", To: "+380501234567", Text: "Hello Anna"})
	require.NoError(t, err)
	require.Equal(t, other.ID, sent.Bot, "Anna is connected to @acme_bot alone")
	sent, err = s.red.api.Send(t.Context(), client.NewMessage{Bot: "@free_bot", To: "@nobody_here", Text: "Hello"})
	require.NoError(t, err)
	require.Equal(t, s.bot, sent.Bot)
}
