package examples

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
	"herald/internal/app"
	"herald/internal/sandbox/controlclient"
)

// patience bounds the waiting for one line of a conversation, on a machine that does much else.
const patience = 60 * time.Second

// TestConversations plays the conversation of each README against a whole Herald.
func TestConversations(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, folder := range folders(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			lines, person := conversation(t, read(t, folder, "README.md"))
			h.play(t, folder, person, lines)
		})
	}
}

// herald is an installation in this process, with a sandbox as the world outside.
type herald struct {
	api     *client.Client
	sandbox *controlclient.Client
}

func start(t *testing.T) herald {
	t.Helper()
	data, err := os.MkdirTemp("", "herald-examples-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(data, 0o711), "as root, PostgreSQL runs as somebody else")
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(data)) })
	const anyPort = "127.0.0.1:0"
	a, err := app.New(app.Options{
		Data: data, Migrate: true, API: true, Worker: true, Sandbox: true, PrivateListen: anyPort, PublicListen: anyPort, SandboxListen: anyPort,
	})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() {
		stop, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, a.Stop(stop))
	})
	key, err := a.CreateOperatorKey(t.Context(), "examples")
	require.NoError(t, err)
	api, err := client.New(a.Addresses().API, key.Reveal())
	require.NoError(t, err)
	sandbox, err := controlclient.New(a.Addresses().Sandbox)
	require.NoError(t, err)
	return herald{api, sandbox}
}

// line is one line of a conversation: who speaks, and what. A text of several lines is indented.
type line struct{ who, what string }

// conversation reads the block of a README that is marked as chat, with the name and the language of its person.
func conversation(t *testing.T, readme string) ([]line, controlclient.Person) {
	t.Helper()
	block := regexp.MustCompile("(?s)\n```chat (\\S+) (\\S+)\n(.*?)\n```\n").FindStringSubmatch(readme)
	require.NotNil(t, block, "the README has a conversation: ```chat NAME LANGUAGE")
	var lines []line
	for text := range strings.Lines(block[3]) {
		text = strings.TrimRight(text, "\n")
		who, what, speaks := strings.Cut(text, ": ")
		switch {
		case !strings.HasPrefix(text, " ") && speaks:
			lines = append(lines, line{who, what})
		default:
			require.NotEmpty(t, lines, "%q comes after a line with who speaks", text)
			lines[len(lines)-1].what += "\n" + strings.TrimSpace(text)
		}
	}
	return lines, controlclient.Person{FirstName: block[1], Language: block[2]}
}

// stage is one conversation on its way.
type stage struct {
	herald
	bot    controlclient.Bot
	person controlclient.Person
	told   map[string]int // how often the handler was told each label
	heard  int            // how many messages of the chat were looked at
	others map[string]controlclient.Person
}

// phones are what people of a language share.
var phones = map[string]string{"pl": "+48501555012"}

func (h herald) play(t *testing.T, folder string, person controlclient.Person, lines []line) {
	t.Helper()
	s := stage{herald: h, told: map[string]int{}, others: map[string]controlclient.Person{}}
	var err error
	s.bot, err = h.sandbox.CreateBot(t.Context(), folder, folder+"_example_bot")
	require.NoError(t, err)
	_, err = h.api.AddBot(t.Context(), client.NewBot{Platform: "telegram", Token: s.bot.Token})
	require.NoError(t, err)
	for _, l := range lines { // who is told something must know the bot
		if strings.HasPrefix(l.who, "@") && s.others[l.who].ID == 0 {
			other, err := h.sandbox.CreatePerson(t.Context(), controlclient.Person{FirstName: "Desk", Username: l.who[1:]})
			require.NoError(t, err)
			s.others[l.who] = other
			require.NoError(t, h.sandbox.Start(t.Context(), other.ID, s.bot.Username, ""))
			s.connected(t, len(s.others))
		}
	}
	_, err = h.api.PublishRules(t.Context(), "@"+s.bot.Username, client.NewRuleVersion{Source: read(t, folder, "rules.yaml")})
	require.NoError(t, err)
	person.Username, person.Phone = folder+"_person", phones[person.Language]
	s.person, err = h.sandbox.CreatePerson(t.Context(), person)
	require.NoError(t, err)
	for _, l := range lines {
		s.line(t, l)
	}
	s.silence(t)
}

func (s *stage) connected(t *testing.T, people int) {
	t.Helper()
	s.await(t, "somebody to connect", func() (string, bool) {
		n := 0
		for _, err := range s.api.Subscribers(t.Context(), "@"+s.bot.Username, client.SubscriberFilter{}) {
			require.NoError(t, err)
			n++
		}
		return fmt.Sprint(n), n == people
	})
}

func (s *stage) line(t *testing.T, l line) {
	t.Helper()
	switch {
	case l.who == "bot":
		s.says(t, l.what)
	case l.who == "handler":
		s.handed(t, l.what)
	case strings.HasPrefix(l.who, "program"):
		s.sends(t, strings.TrimSpace(strings.TrimPrefix(l.who, "program")), l.what)
	case strings.HasPrefix(l.who, "@"):
		s.await(t, l.what, func() (string, bool) {
			messages, err := s.sandbox.Messages(t.Context(), s.others[l.who].ID, s.bot.Username)
			require.NoError(t, err)
			last := messages[len(messages)-1]
			return last.Text, !last.Out && fits(l.what, last.Text)
		})
	default:
		require.Equal(t, s.person.FirstName, l.who)
		s.does(t, l.what)
	}
}

// does plays the person: a text, [a button], or (something else).
func (s *stage) does(t *testing.T, what string) {
	t.Helper()
	ctx, bot, who := t.Context(), s.bot.Username, s.person.ID
	var err error
	switch what {
	case "(shares the phone)":
		err = s.sandbox.ShareContact(ctx, who, bot)
		s.heard++
	case "(blocks the bot)":
		err = s.sandbox.Block(ctx, who, bot)
	case "(unblocks the bot)":
		err = s.sandbox.Unblock(ctx, who, bot)
	default:
		if payload, is := strings.CutPrefix(what, "/start"); is {
			err = s.sandbox.Start(ctx, who, bot, strings.TrimSpace(payload))
			s.heard++
			break
		}
		if strings.HasPrefix(what, "[") {
			s.presses(t, strings.Trim(what, "[]"))
			return
		}
		_, err = s.sandbox.Write(ctx, who, bot, what)
		s.heard++
	}
	require.NoError(t, err, what)
}

// presses presses the latest button with this text.
func (s *stage) presses(t *testing.T, text string) {
	t.Helper()
	messages := s.chat(t)
	for i := len(messages) - 1; i >= 0; i-- {
		for _, row := range messages[i].Buttons {
			for _, b := range row {
				if b.Text == text {
					pressed, err := s.sandbox.Press(t.Context(), s.person.ID, s.bot.Username, messages[i].ID, b.Data)
					require.NoError(t, err)
					require.True(t, pressed.Answered, "the button stops to wait")
					return
				}
			}
		}
	}
	require.Fail(t, "there is no button", text)
}

// says waits for the bot's next message. Buttons stand in brackets below its text.
func (s *stage) says(t *testing.T, want string) {
	t.Helper()
	s.await(t, want, func() (string, bool) {
		messages := s.chat(t)
		if len(messages) <= s.heard {
			return "nothing more", false
		}
		got := shown(messages[s.heard])
		require.True(t, fits(want, got), "the bot said %q, not %q", got, want)
		return got, true
	})
	s.heard++
}

func (s *stage) chat(t *testing.T) []controlclient.Message {
	t.Helper()
	messages, err := s.sandbox.Messages(t.Context(), s.person.ID, s.bot.Username)
	require.NoError(t, err)
	return messages
}

// silence checks that the chat ends with the last line.
func (s *stage) silence(t *testing.T) {
	t.Helper()
	messages := s.chat(t)
	require.Len(t, messages, s.heard, "the bot said more: %q", shown(messages[len(messages)-1]))
}

// handed waits for an event for the customer's handler.
func (s *stage) handed(t *testing.T, label string) {
	t.Helper()
	s.told[label]++
	s.await(t, "the handler to be told "+label, func() (string, bool) {
		n := 0
		for _, err := range s.api.AccountEvents(t.Context(), client.EventFilter{Kind: "rule.forwarded", Bot: "@" + s.bot.Username, Label: label}) {
			require.NoError(t, err)
			n++
		}
		return fmt.Sprintf("%d times", n), n == s.told[label]
	})
}

// programButton is a button of the customer's program, with its data: [Yes=confirm]. Each has a row of its own.
var programButton = regexp.MustCompile(`\n\[([^=\]]+)=([^\]]+)\]`)

// sends plays the customer's program, which sends a message with a label.
func (s *stage) sends(t *testing.T, label, what string) {
	t.Helper()
	m := client.NewMessage{
		Bot: "@" + s.bot.Username, To: "@" + s.person.Username, Text: programButton.ReplaceAllString(what, ""), Label: label,
	}
	for _, b := range programButton.FindAllStringSubmatch(what, -1) {
		m.Buttons = append(m.Buttons, []wire.Button{{Text: b[1], Data: b[2]}})
	}
	sent, err := s.api.Send(t.Context(), m, client.WithWait(patience))
	require.NoError(t, err)
	require.Equal(t, wire.MessageStateAccepted, sent.State, sent.Reason)
	s.says(t, programButton.ReplaceAllString(what, "\n[$1]"))
}

// shown is a message as conversations write it.
func shown(m controlclient.Message) string {
	text := m.Text
	for _, row := range m.Buttons {
		names := make([]string, len(row))
		for i, b := range row {
			names[i] = "[" + b.Text + "]"
		}
		text += "\n" + strings.Join(names, " ")
	}
	return text
}

// fits compares a text with a pattern in which * stands for anything.
func fits(pattern, text string) bool {
	return regexp.MustCompile(`^(?s:` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `)$`).MatchString(text)
}

// await looks again and again.
func (s *stage) await(t *testing.T, what string, look func() (saw string, done bool)) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	end := time.After(patience)
	for {
		saw, done := look()
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-end:
			require.Fail(t, "waited too long", "for %q, and saw %q", what, saw)
		}
	}
}
