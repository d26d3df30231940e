package botapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

const (
	deliveryTimeout = 60 * time.Second
	maxRetry        = 60 * time.Second // the longest pause that the sandbox chooses by itself
	maxRetryAfter   = time.Hour        // the longest pause that a webhook can ask for
	fetched         = 100              // updates taken from the queue at once
)

// deliverer carries updates to webhooks: one runner per bot that has a webhook.
type deliverer struct {
	server *Server
	client *http.Client
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	running map[network.BotID]bool
}

func newDeliverer(s *Server) *deliverer {
	ctx, cancel := context.WithCancel(context.Background())
	return &deliverer{
		server: s, ctx: ctx, cancel: cancel, running: map[network.BotID]bool{},
		client: &http.Client{
			Timeout:       deliveryTimeout,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (d *deliverer) close() {
	d.cancel()
	d.done.Wait()
	d.client.CloseIdleConnections()
}

// ensure starts the runner of a bot unless it runs.
func (d *deliverer) ensure(id network.BotID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running[id] || d.ctx.Err() != nil {
		return
	}
	d.running[id] = true
	d.done.Go(func() { d.run(id) })
}

// run serves a bot's webhooks, one after the other as they are set, and ends when none is left.
func (d *deliverer) run(id network.BotID) {
	for d.ctx.Err() == nil {
		d.mu.Lock()
		delivery, ok := d.server.Network.BeginDelivery(id)
		if !ok {
			delete(d.running, id)
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		newHookRun(d, id, delivery).run()
	}
}

// hookRun is the work for one setting of a webhook.
type hookRun struct {
	*deliverer
	bot      network.BotID
	delivery *network.Delivery
	slots    chan struct{} // one per connection
	ctx      context.Context
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu    sync.Mutex
	lanes map[int64]*lane // by chat; a lane exists while its goroutine runs
}

// lane is the updates of one chat that wait for their turn.
type lane struct {
	updates []*wire.Update
	grown   chan struct{} // gets a value when an update is added
}

func newHookRun(d *deliverer, id network.BotID, delivery *network.Delivery) *hookRun {
	h := &hookRun{
		deliverer: d, bot: id, delivery: delivery, slots: make(chan struct{}, delivery.MaxConnections),
		lanes: map[int64]*lane{},
	}
	h.ctx, h.cancel = context.WithCancel(d.ctx)
	return h
}

// run hands out updates to the lanes of their chats until the webhook changes. Requests under way are broken off then.
func (h *hookRun) run() {
	defer h.done.Wait()
	defer h.cancel()
	for {
		updates, more, ok := h.delivery.Next(fetched)
		if !ok {
			return
		}
		for _, u := range updates {
			h.enqueue(u)
		}
		if len(updates) == fetched {
			continue
		}
		select {
		case <-more:
		case <-h.ctx.Done():
			return
		}
	}
}

func (h *hookRun) enqueue(u *wire.Update) {
	chat := u.ChatID()
	h.mu.Lock()
	defer h.mu.Unlock()
	l, busy := h.lanes[chat]
	if !busy {
		l = &lane{grown: make(chan struct{}, 1)}
		h.lanes[chat] = l
		h.done.Go(func() { h.drain(chat, l) })
	}
	l.updates = append(l.updates, u)
	select {
	case l.grown <- struct{}{}:
	default:
	}
}

// take empties the lane; a lane that is empty ends.
func (h *hookRun) take(chat int64, l *lane) []*wire.Update {
	h.mu.Lock()
	defer h.mu.Unlock()
	updates := l.updates
	l.updates = nil
	if len(updates) == 0 {
		delete(h.lanes, chat)
	}
	return updates
}

// drain delivers the updates of one chat, in order, until none is left.
func (h *hookRun) drain(chat int64, l *lane) {
	for updates := h.take(chat, l); len(updates) > 0; updates = h.take(chat, l) {
		for _, u := range h.disorder(chat, l, updates) {
			if !h.deliver(u) {
				return // the webhook changed: this run ends with all its lanes
			}
		}
	}
}

// disorder turns the order around when a fault wants it, waiting a moment for a second update to swap with.
func (h *hookRun) disorder(chat int64, l *lane, updates []*wire.Update) []*wire.Update {
	if _, ok := h.server.Faults.Match(int64(h.bot), "webhook", chat, fault.DisorderedUpdates); !ok {
		return updates
	}
	select { // the value of the updates that were taken
	case <-l.grown:
	default:
	}
	if len(updates) == 1 {
		timer := time.NewTimer(gathering)
		defer timer.Stop()
		select {
		case <-l.grown:
		case <-timer.C:
		case <-h.ctx.Done():
		}
		h.mu.Lock()
		updates = append(updates, l.updates...)
		l.updates = nil
		h.mu.Unlock()
	}
	slices.Reverse(updates)
	return updates
}

// retryPause is the pause after the nth failure, counted from 1: none, 2, 4, 8 ... 60 seconds, or what was asked for.
func retryPause(failures int, asked time.Duration) time.Duration {
	switch {
	case asked > 0:
		return asked
	case failures <= 1:
		return 0
	case failures > 6:
		return maxRetry
	default:
		return min(time.Second<<(failures-1), maxRetry)
	}
}

// deliver posts one update until it is taken; false when the webhook changed.
func (h *hookRun) deliver(u *wire.Update) bool {
	for failures := 1; ; failures++ {
		if h.ctx.Err() != nil {
			return false
		}
		if !h.delivery.Waiting(u.UpdateID) {
			return true // dropped meanwhile
		}
		asked, err := h.post(u)
		if err == nil {
			h.delivery.Confirm(u.UpdateID)
			if _, twice := h.server.Faults.Match(int64(h.bot), "webhook", u.ChatID(), fault.DuplicateUpdates); twice {
				_, _ = h.post(u) // a duplicate that fails is not repeated
			}
			return true
		}
		if h.ctx.Err() != nil {
			return false
		}
		h.delivery.Failed(err.Error())
		if !pause(h.ctx, retryPause(failures, asked)) {
			return false
		}
	}
}

// post sends an update once. It returns the pause that the webhook asked for.
func (h *hookRun) post(u *wire.Update) (time.Duration, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-h.ctx.Done():
		return 0, h.ctx.Err()
	}
	if _, stolen := h.server.Faults.Match(int64(h.bot), "webhook", u.ChatID(), fault.StolenWebhook); stolen {
		return 0, wrongAnswer(http.StatusNotFound)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(u); err != nil {
		return 0, fmt.Errorf("encode update %d: %w", u.UpdateID, err)
	}
	request, err := http.NewRequestWithContext(h.ctx, http.MethodPost, h.delivery.URL, &body)
	if err != nil {
		return 0, failure("Bad webhook URL")
	}
	request.Header.Set("Content-Type", "application/json")
	if h.delivery.Secret != "" {
		request.Header.Set("X-Telegram-Bot-Api-Secret-Token", h.delivery.Secret)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return 0, connectionFault(err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
		return retryAfter(response.Header), wrongAnswer(response.StatusCode)
	}
	h.reply(response)
	return 0, nil
}

// retryAfter reads the pause that the webhook asks for, in whole seconds.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// reply executes the method that the answer of a webhook names. Like on Telegram, nobody learns its result; methods that
// read or that change the webhook are not taken.
func (h *hookRun) reply(response *http.Response) {
	p, err := decode("", response.Header.Get("Content-Type"), response.Body)
	name := strings.ToLower(p.str("method"))
	if err != nil || name == "" || name == "setwebhook" || name == "deletewebhook" || name == "close" || name == "logout" ||
		strings.HasPrefix(name, "get") {
		return
	}
	s := h.server
	start := s.Clock()
	c := &call{Server: s, ctx: h.ctx, bot: h.bot, params: p}
	c.note = Call{At: start.UTC(), Bot: h.bot, Method: cut(name, 64), ChatID: network.ChatID(p.id("chat_id")), Webhook: true}
	result, err := s.run(c, name)
	s.finish(c, result, err, start)
}

// failure is why a delivery failed, in the official server's words, as getWebhookInfo tells it.
type failure string

func (f failure) Error() string { return string(f) }

func wrongAnswer(status int) failure {
	return failure(fmt.Sprintf("Wrong response from the webhook: %d %s", status, http.StatusText(status)))
}

// connectionFault says why no answer came.
func connectionFault(err error) failure {
	var timeout net.Error
	var dns *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "Webhook connection closed"
	case errors.As(err, &dns):
		return "Failed to resolve host: Name or service not known"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "Read timeout expired"
	}
	return "SSL or connection error"
}
