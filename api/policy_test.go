package api

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/internal/gateway"
)

const smallPolicy = `herald: 1
language: en
rules:
  - {name: budget, on: message, when: today > 6, reply: "That is enough for today."}
  - {name: mailing, on: message, when: people > 2, reply: "That is a mailing."}
  - {name: advert, on: message, when: 'has(text, "sale")', reply: {en: "No adverts.", uk: "Без реклами."}}
`

// try sends by the shared bot and tells what became of it.
func (s *square) try(t *testing.T, from customer, to, text string) client.Message {
	t.Helper()
	s.tick(time.Second)
	m, err := from.api.Send(t.Context(), client.NewMessage{Bot: "@free_bot", To: to, Text: text})
	require.NoError(t, err)
	return m
}

// words are how the story of a refused message ends.
func words(t *testing.T, c customer, m client.Message) string {
	t.Helper()
	require.Equal(t, client.MessageState("failed"), m.State, m.Text)
	require.Equal(t, "policy_refused", m.Reason)
	events, err := c.api.Events(t.Context(), m.ID)
	require.NoError(t, err)
	require.Len(t, events, 2)
	return events[1].Detail
}

func TestThePolicyOfSharedBots(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	_, err := s.operator.api.SetPolicy(t.Context(), smallPolicy)
	require.NoError(t, err)
	price := `{"currency":"EUR","items":[{"channel":"telegram","amount":"0.01"}]}`
	status, _ := s.answer(t, http.MethodPut, "/v1/prices", s.operator.key, price)
	require.Equal(t, http.StatusOK, status)

	// A mailing stops at the third person; the first two may get the text again, and other accounts count anew.
	for n := 1; n <= 2; n++ {
		require.Equal(t, client.MessageState("queued"), s.try(t, s.red, fmt.Sprint("#", n), "Hello all").State)
	}
	refused := s.try(t, s.red, "#3", "hello   ALL")
	require.Contains(t, words(t, s.red, refused), "That is a mailing. Rule of the policy: mailing. Hash of the text: ")
	require.Empty(t, refused.Price)
	require.Empty(t, refused.Cost)
	require.Equal(t, client.MessageState("queued"), s.try(t, s.red, "#1", "Hello all").State)
	require.Equal(t, client.MessageState("queued"), s.try(t, s.blue, "#3", "Hello all").State)
	require.Zero(t, s.rows("outbox WHERE message_id = '"+refused.ID+"'"), "nothing will send it")
	chat, err := s.sandbox.Network().Messages(s.dora, "@free_bot", 0, 0, 100)
	require.NoError(t, err)
	require.Len(t, chat, 1, "only her own start")

	// The operator allows the text, by its hash; and what was allowed may be taken back.
	hash := regexp.MustCompile(`[0-9a-f]{64}`).FindString(words(t, s.red, refused))
	allowance := client.PolicyAllowance{Account: string(s.red.account), TextHash: hash, Allowed: true}
	_, err = s.operator.api.SetPolicyAllowance(t.Context(), allowance)
	require.NoError(t, err)
	allowed := collected(t, s.operator.api.PolicyAllowances(t.Context()))
	require.Len(t, allowed, 1)
	require.Equal(t, hash, allowed[0].TextHash)
	require.Equal(t, client.MessageState("queued"), s.try(t, s.red, "#3", "Hello all").State)
	require.Contains(t, words(t, s.red, s.try(t, s.red, "#4", "A sale for you")), "No adverts.")
	allowance.Allowed = false
	_, err = s.operator.api.SetPolicyAllowance(t.Context(), allowance)
	require.NoError(t, err)
	require.Contains(t, words(t, s.red, s.try(t, s.red, "#4", "Hello all")), "That is a mailing.")

	// The budget of a day, an account that is allowed everything, and the next day.
	for n := range 2 {
		require.Equal(t, client.MessageState("queued"), s.try(t, s.red, "#1", fmt.Sprint("Notice ", n)).State)
	}
	require.Contains(t, words(t, s.red, s.try(t, s.red, "#1", "Notice 3")), "That is enough for today.")
	_, err = s.operator.api.SetPolicyAllowance(t.Context(), client.PolicyAllowance{Account: string(s.red.account), Allowed: true})
	require.NoError(t, err)
	require.Equal(t, client.MessageState("queued"), s.try(t, s.red, "#1", "Notice 3, and a sale").State)
	_, err = s.operator.api.SetPolicyAllowance(t.Context(), client.PolicyAllowance{Account: string(s.red.account)})
	require.NoError(t, err)
	s.tick(24 * time.Hour)
	require.Equal(t, client.MessageState("queued"), s.try(t, s.red, "#3", "Hello all").State)

	// The operator's own messages are the operator's business, and own bots carry what their owners want.
	require.Equal(t, client.MessageState("queued"), s.try(t, s.operator, "#1", "A sale").State)
	own, err := s.red.api.Send(t.Context(), client.NewMessage{Bot: "@other_bot", To: "#1", Text: "A sale"})
	require.NoError(t, err)
	require.Equal(t, client.MessageState("queued"), own.State)
	require.Len(t, collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{State: "failed"})), 4, "every refusal is in History")
	require.Zero(t, s.rows("policy_texts WHERE encode(text_hash, 'escape') ILIKE '%hello%'"))

	free, err := s.operator.api.Bot(t.Context(), "@free_bot")
	require.NoError(t, err)
	require.ElementsMatch(t, []gateway.PolicyRefusals{
		{BotID: gateway.BotID(free.ID), Rule: "mailing", Count: 2},
		{BotID: gateway.BotID(free.ID), Rule: "advert", Count: 1},
		{BotID: gateway.BotID(free.ID), Rule: "budget", Count: 1},
	}, s.guard.Refusals(), "they are counted, by bot and rule")
}

func TestThePolicyHoldsOnEveryWay(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	_, err := s.operator.api.SetPolicy(t.Context(), smallPolicy)
	require.NoError(t, err)
	preview, err := s.red.api.Preview(t.Context(), client.NewMessage{Bot: "@free_bot", To: "@dora", Text: "A sale"})
	require.NoError(t, err)
	require.Equal(t, "policy_refused", preview.Reason)
	require.Equal(t, []string{"No adverts. Rule of the policy: advert."}, preview.Explanation)
	require.Zero(t, s.rows("policy_days"), "a preview counts nothing")
	require.Empty(t, s.guard.Refusals(), "and is no refusal")

	s.send(t, s.red, "Hello")
	sent := collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{Direction: "out", State: "accepted"}))
	status, code := s.answer(t, http.MethodPatch, "/v1/messages/"+sent[0].ID, s.red.key, `{"text":"A sale"}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, gateway.CodePolicy, code)

	_, err = s.red.api.PublishRules(t.Context(), "@free_bot", client.NewRuleVersion{Source: "herald: 1\nlanguage: en\nrules:\n  - {name: r, on: message, reply: Our sale begins}\n"})
	require.NoError(t, err)
	s.write(t, "hi red", 0)
	require.Equal(t, []string{"hi red"}, s.hears(t, s.red))
	require.Len(t, collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{Direction: "out", Bot: "@free_bot"})), 1, "no answer went out")

	refusals := s.guard.Refusals()
	require.Len(t, refusals, 1)
	require.Equal(t, "advert", refusals[0].Rule)
	require.EqualValues(t, 2, refusals[0].Count, "the change, and the answer of the rules")

	said, err := s.red.api.CheckPolicy(t.Context(), "Сьогодні в нас великий sale, чекаємо на вас у магазині", "")
	require.NoError(t, err)
	require.True(t, said.Refused)
	require.Equal(t, "Без реклами. Rule of the policy: advert.", said.Words)
}

// The policy is not asked about a bot that is lent no longer, so nothing new may be said by it either.
func TestWhatStandsByABotThatIsLentNoLonger(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	s.send(t, s.red, "Hello")
	sent := collected(t, s.red.api.Messages(t.Context(), client.MessageFilter{Direction: "out", State: "accepted"}))
	_, err := s.operator.api.ChangeBot(t.Context(), "@free_bot", client.BotChange{Shared: ptr(false)})
	require.NoError(t, err)
	status, code := s.answer(t, http.MethodPatch, "/v1/messages/"+sent[0].ID, s.red.key, `{"text":"Black Friday! Buy now"}`)
	require.Equal(t, http.StatusConflict, status)
	require.Equal(t, gateway.CodeNotEditable, code)
	status, _ = s.answer(t, http.MethodDelete, "/v1/messages/"+sent[0].ID, s.red.key, "")
	require.Contains(t, []int{http.StatusOK, http.StatusAccepted}, status, "it may be taken out of the chat, at once or soon")
}

func TestThePolicyIsTheOperators(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/v1/policy", ""},
		{http.MethodPut, "/v1/policy", `{"source":""}`},
		{http.MethodPut, "/v1/policy/allowances", `{"account":"` + string(s.red.account) + `","allowed":true}`},
	} {
		status, code := s.answer(t, c.method, c.path, s.red.key, c.body)
		require.Equal(t, http.StatusForbidden, status, c)
		require.Equal(t, gateway.CodeNotOperator, code, c)
	}
}

// A repeat is no other message: the policy does not count it, and what it refused is told again.
func TestThePolicyCountsARepeatOnce(t *testing.T) {
	t.Parallel()
	s := newSquare(t)
	_, err := s.operator.api.SetPolicy(t.Context(), smallPolicy)
	require.NoError(t, err)
	counted := func() string {
		return s.text(t, "SELECT coalesce(sum(messages), 0)::text FROM policy_days")
	}
	for key, text := range map[string]string{"good": "Your parcel is here", "bad": "A sale for you"} {
		body := fmt.Sprintf(`{"bot":"@free_bot","to":"#1","text":%q}`, text)
		first := s.postAs(t, s.red.key, "/v1/messages", key, body)
		require.Equal(t, http.StatusAccepted, first.status, first.code)
		require.False(t, first.replayed)
		before, messages := counted(), s.rows("messages")
		require.Equal(t, told{status: http.StatusAccepted, id: first.id, replayed: true}, s.postAs(t, s.red.key, "/v1/messages", key, body))
		require.Equal(t, before, counted())
		require.Equal(t, messages, s.rows("messages"))
	}
	require.Equal(t, "1", counted(), "the refused one was not sent")
}
