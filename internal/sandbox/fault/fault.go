package fault

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults.
const (
	TooManyRequests   Kind = "too_many_requests"  // 429 with retry_after
	ServerError       Kind = "server_error"       // status (default 500) with a JSON body
	HTML              Kind = "html"               // status (default 502) with the page of a proxy
	ResetBefore       Kind = "reset_before"       // the connection is reset and nothing happened
	ResetAfter        Kind = "reset_after"        // the connection is reset although the call took effect
	Slow              Kind = "slow"               // the answer comes after delay
	DuplicateUpdates  Kind = "duplicate_updates"  // updates come twice
	DisorderedUpdates Kind = "disordered_updates" // updates come newest first
	TwoPollers        Kind = "two_pollers"        // getUpdates answers that another program polls
	StolenWebhook     Kind = "stolen_webhook"     // another program's webhook is set
	Blocked           Kind = "blocked"            // 403 as if the person had blocked the bot
	Deactivated       Kind = "deactivated"        // 403 as if the account were deleted
	UpgradedGroup     Kind = "upgraded_group"     // 400 with migrate_to_chat_id
	RefuseEntities    Kind = "refuse_entities"    // 400 for messages with a parse mode or entities
)

// kinds lists those that exist.
func kinds() []Kind {
	return []Kind{
		TooManyRequests, ServerError, HTML, ResetBefore, ResetAfter, Slow, DuplicateUpdates, DisorderedUpdates, TwoPollers,
		StolenWebhook, Blocked, Deactivated, UpgradedGroup, RefuseEntities,
	}
}

// Duration is a time.Duration that is written as "2s" in JSON.
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration as Go does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("parse duration: %w", err)
	}
	*d = Duration(v)
	return nil
}

// Fault is one fault. Empty Bot, Method and Chat mean all of them.
type Fault struct {
	ID          string   `json:"id"`
	Bot         int64    `json:"bot,omitempty"`
	Method      string   `json:"method,omitempty"` // of the Bot API, in any case; webhook names the delivery of updates
	Chat        int64    `json:"chat,omitempty"`
	Kind        Kind     `json:"kind"`
	Status      int      `json:"status,omitempty"`      // HTTP status of server_error and html
	RetryAfter  int      `json:"retry_after,omitempty"` // seconds, of too_many_requests; default 1
	Delay       Duration `json:"delay,omitempty"`       // of slow; default 1s, at most 10m
	Probability float64  `json:"probability,omitempty"` // in (0, 1]; default 1
	Times       int      `json:"times"`                 // how often it happens, 0 until it is removed
	Happened    int      `json:"happened"`              // how often it happened so far
}

// maxFaults bounds a set.
const maxFaults = 1000

// Set is the faults that are set now. The zero Set is ready to use.
type Set struct {
	count  atomic.Int32
	mu     sync.Mutex
	faults []*Fault
	last   int
}

// Add checks a fault, fills its defaults and sets it.
func (s *Set) Add(f Fault) (Fault, error) {
	known := false
	for _, k := range kinds() {
		known = known || k == f.Kind
	}
	if !known {
		return Fault{}, fmt.Errorf("unknown kind %.64q, the kinds are %v", f.Kind, kinds())
	}
	if f.Probability == 0 {
		f.Probability = 1
	}
	if f.Probability < 0 || f.Probability > 1 {
		return Fault{}, fmt.Errorf("probability must be in (0, 1]")
	}
	if f.Times < 0 || f.RetryAfter < 0 || f.Delay < 0 || f.Delay > Duration(10*time.Minute) {
		return Fault{}, fmt.Errorf("times, retry_after and delay must not be negative, and delay at most 10m")
	}
	switch f.Kind {
	case ServerError:
		f.Status = orElse(f.Status, 500)
	case HTML:
		f.Status = orElse(f.Status, 502)
	case TooManyRequests:
		f.RetryAfter = orElse(f.RetryAfter, 1)
	case Slow:
		f.Delay = orElse(f.Delay, Duration(time.Second))
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		return Fault{}, fmt.Errorf("status must be in 400..599")
	}
	f.Method, f.Happened = strings.ToLower(f.Method), 0
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= maxFaults {
		return Fault{}, fmt.Errorf("%d faults are set, the limit", maxFaults)
	}
	s.last++
	f.ID = strconv.Itoa(s.last)
	s.faults = append(s.faults, &f)
	s.count.Store(int32(len(s.faults)))
	return f, nil
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// List returns the faults that are set.
func (s *Set) List() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, *f)
	}
	return out
}

// Remove takes one fault away; it reports whether there was one.
func (s *Set) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.ID == id {
			s.remove(i)
			return true
		}
	}
	return false
}

func (s *Set) remove(i int) {
	s.faults = append(s.faults[:i], s.faults[i+1:]...)
	s.count.Store(int32(len(s.faults)))
}

// Clear takes all faults away.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.count.Store(0)
}

// Match returns the first fault of one of these kinds that hits the call, and counts it. Faults that happened as often
// as they should are removed.
func (s *Set) Match(bot int64, method string, chat int64, among ...Kind) (Fault, bool) {
	if s.count.Load() == 0 {
		return Fault{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !f.hits(bot, method, chat, among) || f.Probability < 1 && rand.Float64() >= f.Probability {
			continue
		}
		f.Happened++
		hit := *f
		if f.Times > 0 && f.Happened >= f.Times {
			s.remove(i)
		}
		return hit, true
	}
	return Fault{}, false
}

func (f *Fault) hits(bot int64, method string, chat int64, among []Kind) bool {
	if f.Bot != 0 && f.Bot != bot || f.Method != "" && f.Method != method || f.Chat != 0 && f.Chat != chat {
		return false
	}
	for _, k := range among {
		if k == f.Kind {
			return true
		}
	}
	return false
}
