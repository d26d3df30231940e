package sms_test

import (
	"context"
	"sync"
	"time"

	"herald/internal/gateway"
)

// pendingStore keeps pending SMS in memory. Each is due once.
type pendingStore struct {
	mu  sync.Mutex
	due []gateway.SMSPending
}

func (s *pendingStore) add(p gateway.SMSPending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = append(s.due, p)
}

func (s *pendingStore) DueSMS(_ context.Context, provider string, _ time.Time, _ time.Duration, limit int) ([]gateway.SMSPending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out, rest []gateway.SMSPending
	for _, p := range s.due {
		if p.Provider == provider && len(out) < limit {
			out = append(out, p)
		} else {
			rest = append(rest, p)
		}
	}
	s.due = rest
	return out, nil
}
