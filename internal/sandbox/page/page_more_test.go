package page_test

import (
	"context"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/dom"
	chromepage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
)

func links(t *testing.T, browser context.Context) {
	var opened atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		opened.Add(1)
		_, _ = w.Write([]byte("Thank you for coming"))
	}))
	t.Cleanup(site.Close)
	w, acme, anna, p := started(t, browser)

	acme.say(anna, "Read this", map[string]any{
		"entities":             []map[string]any{{"type": "text_link", "offset": 0, "length": 4, "url": site.URL + "/o/1"}},
		"link_preview_options": map[string]any{"is_disabled": true},
	})
	p.click(messages, "Read")
	p.sees(dialog, site.URL+"/o/1", "200", "Thank you for coming")
	require.Positive(t, opened.Load())
	p.click(dialog, "Close")

	w.bot("Pizza", "pizza_bot")
	acme.say(anna, "Hungry? https://t.me/pizza_bot?start=from-acme", nil)
	p.click(messages, "https://t.me/pizza_bot")
	p.sees(conversation, "Pizza", "payload from-acme")

	w.sms("+12025550143", "See "+site.URL+"/s/2.")
	p.click(phone, site.URL+"/s/2")
	p.sees(dialog, site.URL+"/s/2", "Thank you for coming")
	p.click(dialog, "Close")
}

func photo(t *testing.T, browser context.Context) {
	_, acme, _, p := started(t, browser)
	name := filepath.Join(t.TempDir(), "picture.png")
	file, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, png.Encode(file, image.NewRGBA(image.Rect(0, 0, 40, 30))))
	require.NoError(t, file.Close())

	_, err = chromedp.Call(p.ctx, chromepage.SetInterceptFileChooserDialog, chromepage.SetInterceptFileChooserDialogParams{Enabled: true})
	require.NoError(t, err)
	choosers := chromedp.Events(p.ctx, chromepage.FileChooserOpened)
	p.click(conversation, "Attach")
	p.click(conversation, "Photo")
	for chooser, err := range choosers {
		require.NoError(t, err)
		_, err = chromedp.Call(p.ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{name}, BackendNodeID: chooser.BackendNodeID})
		require.NoError(t, err)
		break
	}
	p.write(dialog, "Caption", "The view")
	p.click(dialog, "Send")
	p.sees(messages, "The view")
	sent := acme.next(func(u update) bool { return u.Message != nil && u.Message.Caption != "" })
	require.Equal(t, "The view", sent.Message.Caption)
	p.wait(func() bool {
		width, err := evaluate[int](p, `() => document.querySelector(".messages img.photo")?.naturalWidth ?? 0`)
		return err == nil && width == 40
	}, "the photo is not shown")
}

func group(t *testing.T, browser context.Context) {
	_, _, _, p := started(t, browser)
	p.forgive("/chats/-") // the page may ask once more for a group that is just going away
	p.click(topbar, "Network")
	p.click(drawer, "Groups")
	p.click(drawer, "Create a group")
	p.write(dialog, "Title", "Neighbours")
	p.click(dialog, "Create")
	p.sees(drawer, "Neighbours")
	p.click(chats, "Neighbours")
	p.write(conversation, "Message", "Hello all")
	p.press("\r")
	p.sees(messages, "Hello all")

	p.click(drawer, "Make a supergroup")
	p.sees(drawer, "supergroup -100")
	p.sees(messages, "a group before")
	p.click(drawer, "Delete")
	p.click(dialog, "Delete")
	p.seesNot(chats, "Neighbours")
	p.seesNot(drawer, "Neighbours")

	p.click(drawer, "Create a channel")
	p.write(dialog, "Title", "News")
	p.click(dialog, "Create")
	p.sees(drawer, "channel -100")
	p.click(chats, "News")
	p.write(conversation, "Message", "We are open")
	p.press("\r")
	p.sees(messages, "We are open")
}

func editing(t *testing.T, browser context.Context) {
	_, acme, anna, p := started(t, browser)
	p.write(conversation, "Message", "Two pizas")
	p.press("\r")
	p.sees(messages, "Two pizas")
	require.Equal(t, "Two pizas", acme.nextText())

	p.click(in(".message:last-child"), "Edit")
	p.write(conversation, "Message", "Two pizzas")
	p.press("\r")
	p.sees(messages, "Two pizzas", "edited")
	p.seesNot(messages, "Two pizas")

	acme.say(anna, "Which ones?", nil)
	p.sees(messages, "Which ones?")
	p.click(in(".message:last-child"), "Reply")
	p.write(conversation, "Message", "Margherita")
	p.press("\r")
	p.sees(in(".message:last-child .quote"), "Which ones?")
}

func restart(t *testing.T, browser context.Context) {
	folder := t.TempDir()
	server, stop := runSandbox(t, sandbox.Options{StateDir: folder})
	w := &world{t: t, origin: server.URL()}
	acme := w.bot("Acme", "acme_bot")
	anna := w.person("Anna", "anna_k", "+12025550143")
	control[any](w, http.MethodPost, "/people/"+strconv.FormatInt(anna.ID, 10)+"/chats/acme_bot/start", map[string]string{})
	p := openTab(t, browser, w.origin, "/")
	p.forgive("/control/v1/") // nobody answers for a moment
	p.click(chats, "Acme")
	p.sees(messages, "/start")
	live := func(state string) func() bool {
		return func() bool { return p.count(`#topbar .live[aria-label="`+state+`"]`) == 1 }
	}
	p.wait(live("Live"), "the page does not say that it is live")

	stop()
	p.wait(live("Connecting"), "the page does not notice that the sandbox is gone")
	_, stop = runSandbox(t, sandbox.Options{StateDir: folder, Listen: strings.TrimPrefix(w.origin, "http://")})
	t.Cleanup(stop)
	acme.say(anna, "Here I am again", nil)
	p.sees(messages, "Here I am again")
	p.wait(live("Live"), "the page does not say that it is live again")

	control[any](w, http.MethodPost, "/reset", nil)
	p.sees(desk, "Nobody is here yet")
}
