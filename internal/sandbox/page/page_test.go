package page_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The parts of the page, as selectors.
const (
	topbar       = in("#topbar")
	desk         = in("#desk")
	drawer       = in("#network")
	chats        = in(".chat-list")
	conversation = in(".conversation")
	messages     = in(".messages")
	phone        = in(".phone")
	dialog       = in("dialog[open]")
	toasts       = in("#toasts")
)

const findField = "Find a bot by name, @name or link"

// TestPage plays stories in a real Chromium against the real sandbox, each in a tab and on a network of its own.
func TestPage(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	for name, story := range map[string]func(*testing.T, context.Context){
		"two people are made, and one finds a bot by its link and gets an answer live": newcomer,
		"a press on a button shows the answer of the bot":                              buttons,
		"one's own contact and somebody else's are shared":                             contacts,
		"a blocked bot is refused until it is unblocked":                               blocking,
		"a changed number gets its SMS, and the phone answers":                         phones,
		"foreign markup is shown as text":                                              foreignMarkup,
		"a link is opened as the person, who confirms it":                              links,
		"a photo is sent and shown":                                                    photo,
		"a group is made, upgraded and deleted, a channel is made and posted to":       group,
		"what was written is edited and answered":                                      editing,
		"a connect link opens the bot, ready to start":                                 connectLink,
		"two people sit side by side":                                                  sideBySide,
		"a bot is made, and its token works":                                           newBot,
		"a fault is added and removed":                                                 faults,
		"the page goes on when the sandbox comes back":                                 restart,
		"everything is within reach on a phone's width":                                narrow,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, browser)
		})
	}
}

func newcomer(t *testing.T, browser context.Context) {
	w := startSandbox(t)
	acme := w.bot("Acme", "acme_bot")
	p := openTab(t, browser, w.origin, "/")

	p.sees(desk, "Nobody is here yet")
	p.click(desk, "Create the first person")
	p.write(dialog, "First name", "Anna")
	p.click(dialog, "Create")
	p.sees(desk, "Anna Kovalenko")
	p.click(topbar, "New person")
	p.write(dialog, "First name", "Ben")
	p.press("\r")
	p.sees(desk, "Ben Carter")
	p.sees(topbar, "Anna Kovalenko", "Ben Carter")

	p.click(topbar, "Anna Kovalenko")
	p.sees(chats, "No chats yet")
	p.write(chats, findField, "https://t.me/acme_bot?start=abc")
	p.press("\r")
	p.sees(conversation, "Acme", "payload abc")
	p.click(conversation, "Start")
	p.sees(messages, "/start abc")
	require.Equal(t, "/start abc", acme.nextText())

	people := control[[]person](w, http.MethodGet, "/people", nil)
	acme.say(people[0], "Welcome, Anna", nil)
	p.sees(messages, "Welcome, Anna")
	p.sees(chats, "Welcome, Anna")

	p.write(conversation, "Message", "Hello there")
	p.press("\r")
	p.sees(messages, "Hello there")
	require.Equal(t, "Hello there", acme.nextText())

	p.click(topbar, "Ben Carter")
	p.write(chats, findField, "acm")
	p.click(chats, "Acme")
	p.sees(conversation, "A bot cannot write first")
}

// started gives a world in which Anna has started a bot and has the chat open.
func started(t *testing.T, browser context.Context) (*world, *bot, person, *tab) {
	t.Helper()
	w := startSandbox(t)
	acme := w.bot("Acme", "acme_bot")
	anna := w.person("Anna", "anna_k", "+12025550143")
	control[any](w, http.MethodPost, "/people/"+strconv.FormatInt(anna.ID, 10)+"/chats/acme_bot/start", map[string]string{})
	require.Equal(t, "/start", acme.nextText())
	p := openTab(t, browser, w.origin, "/")
	p.click(chats, "Acme")
	p.sees(messages, "/start")
	return w, acme, anna, p
}

func buttons(t *testing.T, browser context.Context) {
	_, acme, anna, p := started(t, browser)
	press := func(text, data string) { // the bot offers a button, Anna presses it
		acme.say(anna, "Choose", map[string]any{"reply_markup": map[string]any{
			"inline_keyboard": [][]map[string]string{{{"text": text, "callback_data": data}}},
		}})
		p.click(messages, text)
	}
	answer := func(data, text string, alert bool) {
		t.Helper()
		query := acme.next(func(u update) bool { return u.CallbackQuery != nil }).CallbackQuery
		require.Equal(t, data, query.Data)
		ok := acme.call("answerCallbackQuery", map[string]any{"callback_query_id": query.ID, "text": text, "show_alert": alert})
		require.True(t, ok.OK, ok.Description)
	}

	press("Yes", "y")
	answer("y", "Noted", false)
	p.sees(toasts, "Noted")
	press("No", "n")
	answer("n", "What a pity", true)
	p.sees(dialog, "What a pity")
	p.click(dialog, "OK")
	p.wait(func() bool { return p.count("dialog") == 0 }, "the alert stays")

	acme.say(anna, "Pick a key", map[string]any{"reply_markup": map[string]any{
		"keyboard": [][]map[string]any{{{"text": "Balance"}}},
	}})
	p.click(conversation, "Balance")
	require.Equal(t, "Balance", acme.nextText())
	p.sees(messages, "Balance")
}

func contacts(t *testing.T, browser context.Context) {
	w, acme, anna, p := started(t, browser)
	ben := w.person("Ben", "ben_carter", "+12025550168")
	shared := func() (string, int64) {
		contact := acme.next(func(u update) bool { return u.Message != nil && u.Message.Contact != nil }).Message.Contact
		return contact.PhoneNumber, contact.UserID
	}

	acme.say(anna, "Your number, please", map[string]any{"reply_markup": map[string]any{
		"keyboard": [][]map[string]any{{{"text": "Share my number", "request_contact": true}}}, "one_time_keyboard": true,
	}})
	p.click(conversation, "Share my number")
	p.sees(dialog, "Acme will see +1 202 555 0143")
	p.click(dialog, "Share")
	number, owner := shared()
	require.Contains(t, number, "12025550143")
	require.Equal(t, anna.ID, owner)
	p.sees(messages, "+1 202 555 0143")

	p.sees(topbar, "Ben")
	p.click(conversation, "Attach")
	p.click(conversation, "Somebody else's contact")
	p.click(dialog, "Ben")
	number, owner = shared()
	require.Contains(t, number, "12025550168")
	require.Equal(t, ben.ID, owner)
	p.sees(messages, "+1 202 555 0168")
}

func blocking(t *testing.T, browser context.Context) {
	_, acme, anna, p := started(t, browser)
	p.click(conversation, "More about this chat")
	p.click(conversation, "Block this bot")
	p.click(dialog, "Block")
	p.sees(conversation, "You blocked this bot")
	refused := acme.call("sendMessage", map[string]any{"chat_id": anna.ID, "text": "Are you there?"})
	require.Equal(t, http.StatusForbidden, refused.ErrorCode)

	p.click(conversation, "Unblock")
	p.seesNot(conversation, "You blocked this bot")
	acme.say(anna, "Good to have you back", nil)
	p.sees(messages, "Good to have you back")
	p.seesNot(messages, "Are you there?")
}

func phones(t *testing.T, browser context.Context) {
	w := startSandbox(t)
	w.person("Anna", "anna_k", "+12025550143")
	p := openTab(t, browser, w.origin, "/")
	p.sees(phone, "+1 202 555 0143", "No SMS yet")

	p.click(desk, "Change Anna")
	p.write(dialog, "Phone", "+12025550199")
	p.click(dialog, "Save")
	p.sees(phone, "+1 202 555 0199")
	w.sms("+12025550143", "For the one who has the old number now")
	w.sms("+12025550199", "Your code is 4821")
	p.sees(phone, "ACME", "Your code is 4821")
	p.seesNot(phone, "old number")

	p.write(phone, "SMS text", "STOP")
	p.press("\r")
	p.sees(phone, "STOP")

	p.click(phone, "Switch the phone off")
	p.sees(phone, "Switched off")
	w.sms("+12025550199", "While you were away")
	p.click(phone, "Switch it on")
	p.sees(phone, "While you were away")
}

func foreignMarkup(t *testing.T, browser context.Context) {
	w, acme, anna, p := started(t, browser)
	const evil = `<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>`
	scripts, images := p.count("script"), p.count("img")

	acme.say(anna, "Look: "+evil, map[string]any{"reply_markup": map[string]any{
		"inline_keyboard": [][]map[string]string{{{"text": evil, "callback_data": "x"}}},
	}})
	w.sms("+12025550143", "SMS: "+evil)
	other := w.bot(evil[:36], "other_bot")
	control[any](w, http.MethodPost, "/people/"+strconv.FormatInt(anna.ID, 10)+"/chats/other_bot/start", map[string]string{})
	other.say(anna, "Hi", nil)
	p.write(conversation, "Message", evil)
	p.press("\r")

	p.sees(messages, "Look: "+evil)
	p.sees(in(".inline-keyboard"), evil)
	p.sees(in(".message.mine .text"), evil)
	p.sees(phone, "SMS: "+evil)
	p.sees(chats, evil[:36])
	require.Equal(t, scripts, p.count("script"))
	require.Equal(t, images, p.count("img"))
	pwned, err := evaluate[bool](p, `() => "pwned" in window`)
	require.NoError(t, err)
	require.False(t, pwned)
}

func connectLink(t *testing.T, browser context.Context) {
	w := startSandbox(t)
	acme := w.bot("Acme", "acme_bot")
	w.person("Anna", "anna_k", "+12025550143")
	p := openTab(t, browser, w.origin, "/acme_bot?start=from-link_1")
	p.sees(conversation, "Acme", "payload from-link_1")
	p.click(conversation, "Start")
	require.Equal(t, "/start from-link_1", acme.nextText())
	p.sees(messages, "/start from-link_1")
	address, err := evaluate[string](p, `() => location.pathname + location.search`)
	require.NoError(t, err)
	require.Equal(t, "/", address, "a reload does not offer the start again")

	require.NoError(t, chromedp.Do(p.ctx, chromedp.Navigate(w.origin+"/?bot=@acme_bot&start=again")))
	p.sees(conversation, "payload again")
}

func sideBySide(t *testing.T, browser context.Context) {
	w, acme, anna, p := started(t, browser)
	ben := w.person("Ben", "ben_carter", "+12025550168")
	control[any](w, http.MethodPost, "/people/"+strconv.FormatInt(ben.ID, 10)+"/chats/acme_bot/start", map[string]string{})
	p.sees(topbar, "Ben")
	p.click(topbar, "Side by side")
	p.sees(in(".seat[aria-label=Ben]"), "Acme")
	p.click(in(".seat[aria-label=Ben]"), "Acme")

	acme.say(anna, "Only for Anna", nil)
	acme.say(ben, "Only for Ben", nil)
	p.sees(in(".seat[aria-label=Anna] .messages"), "Only for Anna")
	p.sees(in(".seat[aria-label=Ben] .messages"), "Only for Ben")
	require.NotContains(t, p.text(".seat[aria-label=Ben]"), "Only for Anna")
	p.click(topbar, "Side by side")
	p.seesNot(desk, "Only for Ben")
}

func newBot(t *testing.T, browser context.Context) {
	w := startSandbox(t)
	p := openTab(t, browser, w.origin, "/")
	p.click(topbar, "Network")
	p.click(drawer, "Create a bot")
	p.write(dialog, "Name", "Pizza")
	p.write(dialog, "Username", "pizza_bot")
	p.click(dialog, "Create")
	p.sees(dialog, "Your bot is ready", ":SBX")
	token, err := evaluate[string](p, `() => document.querySelector("dialog .secret .mono").textContent`)
	require.NoError(t, err)
	me := (&bot{world: w, Token: token}).call("getMe", nil)
	require.True(t, me.OK, me.Description)
	require.Contains(t, string(me.Result), "pizza_bot")
	p.click(dialog, "Copy the token")
	p.wait(func() bool { // copied or refused by the browser: either is said above the box, not behind it
		above, err := evaluate[bool](p, `() => {
		  const note = document.querySelector("#toasts .toast")?.getBoundingClientRect();
		  return Boolean(note && document.elementFromPoint(note.x + 5, note.y + 5)?.closest("dialog, .toast")) &&
		    document.querySelector("#toasts").matches(":popover-open");
		}`)
		return err == nil && above
	}, "no note above the box")
	p.click(dialog, "Done")
	p.sees(drawer, "@pizza_bot")
}

func faults(t *testing.T, browser context.Context) {
	_, acme, anna, p := started(t, browser)
	p.click(topbar, "Network")
	p.click(drawer, "Faults")
	p.sees(drawer, "All is well")
	p.click(drawer, "Add a fault")
	p.write(dialog, "Method", "sendMessage")
	p.click(dialog, "Add")
	p.sees(drawer, "Too many requests (429)")
	flood := acme.call("sendMessage", map[string]any{"chat_id": anna.ID, "text": "too fast"})
	require.Equal(t, http.StatusTooManyRequests, flood.ErrorCode)
	p.click(drawer, "Calls")
	p.sees(drawer, "sendMessage", "429")

	p.click(drawer, "Faults")
	p.click(drawer, "Remove the fault")
	p.sees(drawer, "All is well")
	acme.say(anna, "In peace", nil)
	p.sees(messages, "In peace")
}

func narrow(t *testing.T, browser context.Context) {
	w, acme, anna, p := started(t, browser)
	require.NoError(t, chromedp.Do(p.ctx, chromedp.EmulateViewport(360, 740)))
	acme.say(anna, "A word that is far too long: "+string(make160('w')), nil)
	p.sees(messages, "far too long")
	fits := func(what string) {
		t.Helper()
		wide, err := evaluate[int](p, `() => document.documentElement.scrollWidth`)
		require.NoError(t, err)
		require.LessOrEqual(t, wide, 360, what)
	}
	fits("an open chat")
	p.click(conversation, "Back to all chats")
	p.sees(chats, "Acme")
	fits("the list of chats")
	p.click(desk, "Phone")
	w.sms("+12025550143", "Small screen")
	p.sees(phone, "Small screen")
	fits("the phone")
	p.click(topbar, "Network")
	p.sees(drawer, "@acme_bot")
	fits("the network panel")

	unnamed, err := evaluate[[]string](p, `() => [...document.querySelectorAll("button, input, select, textarea")]
	  .filter((node) => !(node.getAttribute("aria-label") || node.labels?.length || node.textContent.trim()))
	  .map((node) => node.outerHTML.slice(0, 120))`)
	require.NoError(t, err)
	require.Empty(t, unnamed, "every control has a name")
}

func make160(letter byte) []byte {
	word := make([]byte, 160)
	for i := range word {
		word[i] = letter
	}
	return word
}
