package page_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a story waits for something to appear; tick is how often it looks.
const (
	patience = 20 * time.Second
	tick     = 30 * time.Millisecond
)

// startChromium starts the browser of this machine and returns its context; tabs are opened with openTab.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	_, err := os.Stat(path)
	require.NoError(t, err, "the page is tested in Chromium: install it (apt-get install chromium), or set CHROMIUM to its path")

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx), "start Chromium")
	return ctx
}

// tab is one tab of the browser, used as a person uses it: by what is visible and by real clicks and keys.
type tab struct {
	t      *testing.T
	ctx    context.Context
	origin string

	mu         sync.Mutex
	complaints []string // console errors, exceptions, and requests to another host
	forgiven   string   // part of complaints that a story expects
}

// openTab opens the page. When the test ends, it fails if the page complained or asked another host for anything.
func openTab(t *testing.T, browser context.Context, origin, address string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, origin: origin}
	require.NoError(t, chromedp.Do(ctx), "open a tab")
	require.NoError(t, chromedp.Listen(ctx, p.hear))
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1500, 900), chromedp.Navigate(origin+address)))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		require.Empty(t, p.complaints, "the page complained")
	})
	return p
}

func (p *tab) hear(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			complaint += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			complaint = "console"
			for _, arg := range e.Args {
				complaint += " " + string(arg.Value) + arg.Description
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			complaint = "log: " + e.Entry.Text + " " + e.Entry.URL
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		if !strings.HasPrefix(url, p.origin+"/") && !strings.HasPrefix(url, "blob:"+p.origin) && url != "about:blank" {
			complaint = "asked another host: " + url
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if complaint != "" && (p.forgiven == "" || !strings.Contains(complaint, p.forgiven)) {
		p.complaints = append(p.complaints, complaint)
	}
}

// forgive lets complaints pass that contain the given part.
func (p *tab) forgive(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgiven = part
}

// evaluate runs a function of the page with the given arguments.
func evaluate[T any](p *tab, function string, args ...any) (T, error) {
	list := make([]string, len(args))
	for i, arg := range args {
		raw, err := json.Marshal(arg)
		if err != nil {
			var zero T
			return zero, fmt.Errorf("encode argument %d: %w", i, err)
		}
		list[i] = string(raw)
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf("(%s)(%s)", function, strings.Join(list, ","))))
}

type point struct{ X, Y float64 }

// locate finds a control by its accessible name inside scope (or inside the topmost open dialog) and returns its middle,
// but only if a click there would reach it: what is hidden, covered or disabled is not found.
const locate = `(scope, name) => {
  const root = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.querySelector(scope);
  if (!root) return null;
  const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const spoken = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true]").forEach((part) => part.remove());
    return copy.textContent;
  };
  const labelled = (node) => plain(node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? spoken(node));
  const controls = [...root.querySelectorAll("button, a[href], input, select, textarea, [role=button]")].filter((node) => !node.disabled);
  const node = controls.find((one) => labelled(one) === name) ?? controls.find((one) => labelled(one).startsWith(name));
  if (!node) return null;
  node.scrollIntoView({ block: "nearest" });
  const box = node.getBoundingClientRect();
  const at = { X: box.x + box.width / 2, Y: box.y + box.height / 2 };
  const hit = document.elementFromPoint(at.X, at.Y);
  return hit && (node.contains(hit) || hit.closest("label")?.contains(node)) ? at : null;
}`

// in is a part of the page that a CSS selector names.
type in string

// click presses the control with this name, as soon as it can be pressed.
func (p *tab) click(scope in, name string) {
	p.t.Helper()
	var at *point
	p.wait(func() bool {
		found, err := evaluate[*point](p, locate, string(scope), name)
		at = found
		return err == nil && found != nil
	}, "no %q to press in %s", name, scope)
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.MouseClickXY(at.X, at.Y)))
}

// write replaces what stands in the field with this name.
func (p *tab) write(scope in, field, text string) {
	p.t.Helper()
	p.click(scope, field)
	_, err := evaluate[any](p, `() => document.activeElement.select()`)
	require.NoError(p.t, err)
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent(text)))
}

// press sends a key such as "\r" to what has the focus.
func (p *tab) press(key string) {
	p.t.Helper()
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent(key)))
}

// sees waits until the visible text of scope contains all of the words.
func (p *tab) sees(scope in, words ...string) {
	p.t.Helper()
	for _, text := range words {
		p.wait(func() bool { return strings.Contains(p.text(scope), text) }, "no %q to see in %s", text, scope)
	}
}

// seesNot waits until the visible text of scope no longer contains the word.
func (p *tab) seesNot(scope in, text string) {
	p.t.Helper()
	p.wait(func() bool { return !strings.Contains(p.text(scope), text) }, "%q is still to see in %s", text, scope)
}

func (p *tab) text(scope in) string {
	text, err := evaluate[string](p, `(scope) => [...document.querySelectorAll(scope)].map((node) => node.innerText).join("\n").replace(/\u00a0/g, " ")`, string(scope))
	if err != nil {
		return ""
	}
	return text
}

// count tells how many elements match a selector.
func (p *tab) count(selector string) int {
	p.t.Helper()
	n, err := evaluate[int](p, `(selector) => document.querySelectorAll(selector).length`, selector)
	require.NoError(p.t, err)
	return n
}

func (p *tab) wait(condition func() bool, format string, args ...any) {
	p.t.Helper()
	for deadline := time.NewTimer(patience); ; {
		if condition() {
			deadline.Stop()
			return
		}
		select {
		case <-deadline.C:
			require.FailNow(p.t, fmt.Sprintf(format, args...), "the page shows:\n%s", p.text("body"))
		case <-time.After(tick):
		}
	}
}
