package policy

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// believedFor is how long a policy is believed without asking the database again: what other processes lag behind a change.
const believedFor = 2 * time.Second

// Service holds messages against the policy.
type Service struct {
	store  gateway.PolicyStore
	langOf func(text string) string
	now    gateway.Clock

	mu      sync.Mutex
	source  string
	program *Program
	until   time.Time
	refused map[refused]int64
}

// refused is what refusals are counted by.
type refused struct {
	bot  gateway.BotID
	rule string
}

// New returns a Service. langOf tells the language of a text, empty if it cannot be told: refusals are worded in it.
func New(store gateway.PolicyStore, langOf func(string) string, now gateway.Clock) *Service {
	return &Service{store: store, langOf: langOf, now: now, refused: map[refused]int64{}}
}

// Refused counts a refusal that had its effect: of a message, of a change, of an answer. Previews are none.
func (s *Service) Refused(bot gateway.BotID, r gateway.PolicyRefusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[refused{bot, r.Rule}]++
}

// Refusals are those that this process counted since it started.
func (s *Service) Refusals() []gateway.PolicyRefusals {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]gateway.PolicyRefusals, 0, len(s.refused))
	for by, count := range s.refused {
		list = append(list, gateway.PolicyRefusals{BotID: by.bot, Rule: by.rule, Count: count})
	}
	return list
}

// Source returns the policy that holds, and whether it is the operator's own.
func (s *Service) Source(ctx context.Context) (source string, own bool, err error) {
	if source, err = s.store.PolicySource(ctx); err != nil || source != "" {
		return source, true, err
	}
	return Default, false, nil
}

// Set puts a policy in the place of the one that holds; an empty one brings back that of the program. What has errors, or
// fails its own tests, changes nothing.
func (s *Service) Set(ctx context.Context, source string) (dsl.Diagnostics, error) {
	var found dsl.Diagnostics
	if source != "" {
		var program *Program
		if program, found = Compile(ctx, "policy.yaml", source); program == nil {
			return found, gateway.Fault(gateway.CodeRulesRefused, "source", "The policy has errors, or fails tests of its own. The one before holds.")
		}
	}
	if err := s.store.SetPolicy(ctx, source, s.now()); err != nil {
		return found, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Time{}
	return found, nil
}

// Allow lets an account send what the policy refuses: everything, or one text by its hash in hexadecimal as a refusal
// tells it.
func (s *Service) Allow(ctx context.Context, account gateway.AccountID, hash, note string) error {
	a, err := allowance(account, hash)
	if err != nil {
		return err
	}
	a.Note, a.CreatedAt = note, s.now()
	return s.store.AllowByPolicy(ctx, a)
}

// Disallow takes that back.
func (s *Service) Disallow(ctx context.Context, account gateway.AccountID, hash string) error {
	a, err := allowance(account, hash)
	if err != nil {
		return err
	}
	return s.store.DisallowByPolicy(ctx, a)
}

// Allowances lists what is allowed whatever the policy says, by account, the youngest account first.
func (s *Service) Allowances(ctx context.Context, p gateway.Page) (gateway.List[gateway.PolicyAllowance], error) {
	return s.store.PolicyAllowances(ctx, p.Bounded())
}

func allowance(account gateway.AccountID, hash string) (gateway.PolicyAllowance, error) {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != 0 && len(raw) != 32 {
		return gateway.PolicyAllowance{}, gateway.Fault(gateway.CodeFieldInvalid, "text_hash", "The hash of a text has 64 hexadecimal digits, as a refusal tells it.")
	}
	return gateway.PolicyAllowance{AccountID: account, TextHash: raw}, nil
}

// Judge counts a message that is about to be accepted, and tells why the policy refuses it; nil if it does not. What is
// refused is not counted.
func (s *Service) Judge(ctx context.Context, m gateway.Message, purpose gateway.Purpose) (*gateway.PolicyRefusal, error) {
	program, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	counted := gateway.PolicyMessage{AccountID: m.AccountID, Text: same(m.Text), Person: m.To.String(), At: s.now()}
	count, err := s.store.CountForPolicy(ctx, counted)
	if err != nil || count.Allowed {
		return nil, err
	}
	refusal, err := s.refusal(ctx, program, m, purpose, count)
	if err != nil || refusal == nil {
		return nil, err
	}
	return refusal, s.store.UncountForPolicy(ctx, counted, count)
}

// Look is Judge for a text alone: nothing is counted, and what the operator allows is not asked.
func (s *Service) Look(ctx context.Context, m gateway.Message, purpose gateway.Purpose) (*gateway.PolicyRefusal, error) {
	program, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return s.refusal(ctx, program, m, purpose, gateway.PolicyCount{})
}

func (s *Service) refusal(ctx context.Context, p *Program, m gateway.Message, purpose gateway.Purpose, c gateway.PolicyCount) (*gateway.PolicyRefusal, error) {
	text := shown(m)
	rule, words, err := p.refused(ctx, Facts{
		Text: text, Lane: m.Lane, Purpose: purpose, Links: len(linkForm.FindAllStringIndex(text, -1)),
		People: c.People, Today: c.Today, Language: s.langOf(m.Text),
	}, s.now())
	if err != nil || rule == "" {
		return nil, err
	}
	r := &gateway.PolicyRefusal{Rule: rule, Words: words + " Rule of the policy: " + rule + "."}
	if c.TextHash != nil {
		r.Words += " Hash of the text: " + hex.EncodeToString(c.TextHash) + "."
	}
	return r, nil
}

// current is the policy that holds, a moment old at most. A stored one that does not compile any more gives way to that of
// the program: nothing goes out unjudged.
func (s *Service) current(ctx context.Context) (*Program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.program != nil && s.now().Before(s.until) {
		return s.program, nil
	}
	source, _, err := s.Source(ctx)
	if err != nil {
		return nil, err
	}
	if s.program == nil || source != s.source {
		program, found := Compile(ctx, "policy.yaml", source)
		if program == nil && source != Default {
			program, found = Compile(ctx, "policy.yaml", Default)
		}
		if program == nil {
			return nil, fmt.Errorf("compile policy: %v", found)
		}
		s.program, s.source = program, source
	}
	s.until = s.now().Add(believedFor)
	return s.program, nil
}

var linkForm = regexp.MustCompile(`(?i)\b(https?://|www\.|t\.me/|tg://)`)

// shown is all that the person reads.
func shown(m gateway.Message) string {
	parts := []string{m.Text}
	for _, row := range m.Buttons {
		for _, b := range row {
			parts = append(parts, b.Text, b.URL, b.WebApp)
		}
	}
	return strings.Join(parts, "\n")
}

// same is a text as it is compared with others: letters' case and space do not make another one.
func same(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
