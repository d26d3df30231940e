package translate

import (
	"sync"

	"herald/internal/gateway"
)

// Outcomes beside the reasons of failures.
const (
	outcomeTranslated = "translated" // by the translator
	outcomeCached     = "cached"     // from the cache, or with another's call
	outcomeSame       = "same"       // there was nothing to translate
	outcomeSandbox    = "sandbox"    // marked by the stand-in
)

// Stats is what this process did since it started.
type Stats struct {
	Texts      map[string]int64 // by outcome: translated, cached, same, sandbox, or the reason of a failure
	Characters int64            // billed
	Cost       gateway.Amount
	Currency   string
}

// counts collects Stats.
type counts struct {
	mu    sync.Mutex
	stats Stats
}

// ended counts a text.
func (c *counts) ended(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.Texts == nil {
		c.stats.Texts = map[string]int64{}
	}
	c.stats.Texts[outcome]++
}

// paid counts a call.
func (c *counts) paid(spent gateway.TranslationDay) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Characters += spent.Characters
	c.stats.Cost += spent.Cost
}

// Stats returns what this process did since it started, with every outcome that there is.
func (s *Service) Stats() Stats {
	s.count.mu.Lock()
	defer s.count.mu.Unlock()
	stats := s.count.stats
	stats.Currency = s.config.Currency
	stats.Texts = map[string]int64{outcomeTranslated: 0, outcomeCached: 0, outcomeSame: 0, outcomeSandbox: 0}
	for _, reason := range gateway.TranslationReasons() {
		stats.Texts[string(reason)] = 0
	}
	for outcome, n := range s.count.stats.Texts {
		stats.Texts[outcome] = n
	}
	return stats
}
