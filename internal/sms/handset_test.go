package sms_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// fate is what became of an SMS, as the peers of this package speak of it among themselves.
type fate string

const (
	waiting     fate = "waiting"
	delivered   fate = "delivered"
	undelivered fate = "undelivered"
	expired     fate = "expired"
)

// carried is one SMS at an operator.
type carried struct {
	id, to, text string
	fate         fate
	report       func(*carried) // tells the sending program; nil if it does not want to know
}

// handsets are the phones of an operator that the test itself plays.
type handsets struct {
	mu     sync.Mutex
	habits map[string]habit
	all    []*carried
	calls  sync.WaitGroup
	ended  chan struct{}
}

func newHandsets(t *testing.T) *handsets {
	h := &handsets{habits: map[string]habit{}, ended: make(chan struct{})}
	t.Cleanup(func() {
		close(h.ended)
		h.calls.Wait()
	})
	return h
}

// carry brings an SMS to its phone.
func (h *handsets) carry(c *carried) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.fate = waiting
	h.all = append(h.all, c)
	h.arrive(c)
}

// arrive does what the phone's habit is; the lock is held.
func (h *handsets) arrive(c *carried) {
	times := 1
	switch h.habits[c.to] {
	case off:
		return
	case unreachable:
		c.fate = undelivered
	case dead:
		c.fate = expired
	case stutters:
		c.fate, times = delivered, 2
	case silent:
		c.fate, times = delivered, 0
	default:
		c.fate = delivered
	}
	if c.report == nil {
		return
	}
	for range times {
		h.calls.Go(func() { c.report(c) })
	}
}

func (h *handsets) phone(_ *testing.T, number string, now habit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.habits[number] = now
	for _, c := range h.all {
		if c.to == number && c.fate == waiting {
			h.arrive(c)
		}
	}
}

func (h *handsets) heard(_ *testing.T, number string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var texts []string
	for _, c := range h.all {
		if c.to == number && c.fate == delivered {
			texts = append(texts, c.text)
		}
	}
	return texts
}

func (h *handsets) find(id string) (carried, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.all {
		if c.id == id {
			return *c, true
		}
	}
	return carried{}, false
}

// insist posts a form until it is taken.
func (h *handsets) insist(address string, header http.Header, form url.Values) {
	for {
		request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return
		}
		request.Header = header.Clone()
		if request.Header == nil {
			request.Header = http.Header{}
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode < 500 {
				return
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-h.ended:
			return
		}
	}
}
