package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// InboxOptions say how the inbox is measured.
type InboxOptions struct {
	Program  string        // path of herald
	Rate     float64       // webhook calls a second while their answers are timed; 200
	Span     time.Duration // how long; 15 s
	Burst    int           // updates at once while their processing is timed; 2000
	Progress io.Writer
}

const (
	barWebhook  = "under 30"
	eachWrites  = 10 // messages that one person writes: fewer than the guard against loops allows
	burstCalls  = 16
	inboxSettle = 2 * time.Minute
)

const inboxRules = `herald: 1
language: en
fields: {seen: int}
rules:
  - {name: quiet, on: /start, tag: started}
  - {name: price, on: message, when: 'has(text, "price", "cost")', reply: Ten.}
  - name: echo
    on: message
    set: {seen: (user.fields.seen ?? 0) + 1}
    reply: "You wrote: {{ text }}"
`

// Inbox measures what comes in: how soon a webhook call is answered, and how many updates a second go through rules, the
// transaction and an accepted reply.
func Inbox(ctx context.Context, o InboxOptions) (Report, error) {
	report := Report{At: time.Now().UTC(), Processors: runtime.NumCPU(), Callers: burstCalls, Rounds: 1}
	folder, err := os.MkdirTemp("", "herald-bench-")
	if err != nil {
		return report, fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o711); err != nil { // PostgreSQL runs as its own user where Herald is started by root
		return report, fmt.Errorf("open the folder: %w", err)
	}
	fmt.Fprintln(o.Progress, "starting")
	data := filepath.Join(folder, "data")
	running, err := start(ctx, o.Program, data)
	if err != nil {
		return report, err
	}
	defer running.stop() // a second stop does nothing
	in, err := newCorrespondence(ctx, running, data)
	if err != nil {
		return report, err
	}
	fmt.Fprintf(o.Progress, "%g webhook calls a second for %s\n", o.Rate, o.Span)
	count := int(o.Rate * o.Span.Seconds())
	if err := pace(ctx, o.Rate, count, in.write); err != nil {
		return report, err
	}
	report.addBoundLatencies("webhook_answer", in.answers, "", barWebhook)
	if err := in.settle(ctx); err != nil {
		return report, err
	}
	fmt.Fprintf(o.Progress, "%d updates at once\n", o.Burst)
	begun := time.Now()
	group, calling := errgroup.WithContext(ctx)
	group.SetLimit(burstCalls)
	for n := range o.Burst {
		group.Go(func() error { return in.write(calling, count+n) })
	}
	if err := group.Wait(); err != nil {
		return report, err
	}
	if err := in.settle(ctx); err != nil {
		return report, err
	}
	report.add("inbox_throughput", float64(o.Burst)/time.Since(begun).Seconds(), "updates/s", "")
	return report, running.stop()
}

const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

var keptSecret = regexp.MustCompile(`"secret": ?"(wh_[0-9a-z]+)"`)

// webhookSecret is what the messenger sends with each call of the only webhook. Herald tells it nobody else, so it is
// read from what the sandbox keeps.
func webhookSecret(data string) (string, error) {
	files, err := filepath.Glob(filepath.Join(data, "sandbox", "*.json"))
	if err != nil {
		return "", fmt.Errorf("find what the sandbox keeps: %w", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read what the sandbox keeps: %w", err)
		}
		if found := keptSecret.FindSubmatch(text); found != nil {
			return string(found[1]), nil
		}
	}
	return "", fmt.Errorf("find the secret of the webhook: the sandbox keeps none")
}

// correspondence is people who write to one bot that answers by rules.
type correspondence struct {
	http    *http.Client
	webhook string
	metrics string
	secret  string

	mu      sync.Mutex
	answers []time.Duration
}

func newCorrespondence(ctx context.Context, p *program, data string) (*correspondence, error) {
	api, err := client.New(p.found.API, p.found.APIKey.Reveal())
	if err != nil {
		return nil, err
	}
	sandbox, err := controlclient.New(p.found.Sandbox)
	if err != nil {
		return nil, err
	}
	made, err := sandbox.CreateBot(ctx, "Bench", "bench_inbox_bot")
	if err != nil {
		return nil, err
	}
	bot, err := api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token, Intake: wire.Webhook})
	if err != nil {
		return nil, err
	}
	if _, err := api.PublishRules(ctx, bot.ID, client.NewRuleVersion{Source: inboxRules}); err != nil {
		return nil, err
	}
	person, err := sandbox.CreatePerson(ctx, controlclient.Person{FirstName: "First"})
	if err != nil {
		return nil, err
	}
	if err := sandbox.Start(ctx, person.ID, "@"+made.Username, ""); err != nil {
		return nil, err
	}
	if err := awaitSubscribers(ctx, api, bot.ID, 1); err != nil {
		return nil, err
	}
	secret, err := webhookSecret(data)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2 * pacedAtMost
	return &correspondence{
		http: &http.Client{Timeout: time.Minute, Transport: transport}, webhook: p.found.Public + "/telegram/" + bot.ID,
		metrics: p.found.API + "/metrics", secret: secret,
	}, nil
}

// write lets a person write: the n-th message of all, timed.
func (c *correspondence) write(ctx context.Context, n int) error {
	person := 9_000_000 + n/eachWrites
	who := map[string]any{"id": person, "is_bot": false, "first_name": "Anna", "language_code": "en"}
	body, err := json.Marshal(map[string]any{"update_id": 1_000_000_000 + n, "message": map[string]any{
		"message_id": n + 1, "date": time.Now().Unix(), "text": fmt.Sprintf("message %d", n), "from": who,
		"chat": map[string]any{"id": person, "type": "private"},
	}})
	if err != nil {
		return fmt.Errorf("write update: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.webhook, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	r.Header.Set(secretHeader, c.secret)
	begun := time.Now()
	response, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("call webhook: %w", err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("call webhook: it answers %d", response.StatusCode)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, time.Since(begun))
	return nil
}

var waitingUpdates = regexp.MustCompile(`(?m)^herald_inbox_updates ([0-9.e+]+)$`)

// settle waits until the inbox has nothing left.
func (c *correspondence) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, inboxSettle)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.metrics, nil)
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		response, err := c.http.Do(r)
		if err != nil {
			return fmt.Errorf("read metrics: %w", err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return fmt.Errorf("read metrics: %w", err)
		}
		// A database that is busy leaves the figure out: it is asked again.
		if found := waitingUpdates.FindSubmatch(text); found != nil && string(found[1]) == "0" {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookPause):
		}
	}
}
