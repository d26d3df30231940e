package translate

import (
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// breakAfter is after how many failures in a row nobody is asked for a while, breakFor how long. Then one call tries.
	breakAfter = 5
	breakFor   = 10 * time.Second
)

// breaker spares people the time-out of a translator that is down: the inbox answers people one after another.
type breaker struct {
	now gateway.Clock

	mu       sync.Mutex
	failures int
	last     gateway.TranslationReason
	until    time.Time
}

// allow returns nil if the translator may be asked, else why not.
func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.failures < breakAfter || !now.Before(b.until) {
		if b.failures >= breakAfter {
			b.until = now.Add(breakFor) // the one that tries; others wait for how it ends
		}
		return nil
	}
	return &gateway.TranslationError{Reason: b.last, Err: errResting}
}

// tell notes how a call ended.
func (b *breaker) tell(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch reason := gateway.TranslationReasonOf(err); reason {
	case gateway.TranslationUnavailable, gateway.TranslationTimeout, gateway.TranslationQuota:
		b.failures++
		b.last, b.until = reason, b.now().Add(breakFor)
	default:
		b.failures = 0
	}
}
