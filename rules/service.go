package rules

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"herald/dsl"
	"herald/internal/gateway"
)

// Store is what rule files and their verdicts live in.
type Store interface {
	gateway.RuleStore
	Message(ctx context.Context, account gateway.AccountID, id gateway.MessageID) (gateway.Message, error)
	Subscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID) (gateway.Subscriber, error)
	Terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error)
}

// Service keeps the rule files of bots, and explains what they decide.
type Service struct {
	store  Store
	engine *Engine
	pricer gateway.TranslationPricer
	now    gateway.Clock
}

// NewService returns a Service. pricer tells backtests what translations would cost; without one they cost nothing.
func NewService(store Store, engine *Engine, pricer gateway.TranslationPricer, now gateway.Clock) *Service {
	return &Service{store: store, engine: engine, pricer: pricer, now: now}
}

// Limits of what goes with a version.
const (
	maxNote  = 500 // characters
	fileName = "rules.yaml"
	// testTimeout bounds the tests of one file. Each of their steps has a proven cost; there may be many.
	testTimeout = 10 * time.Second
)

// RefusedError is a rule file that cannot be published, with all that is wrong with it.
type RefusedError struct{ Diagnostics dsl.Diagnostics }

func (r *RefusedError) Error() string { return r.Unwrap().Error() }

// Unwrap is the error that callers of the API see.
func (r *RefusedError) Unwrap() error {
	first, errs := firstError(r.Diagnostics), 0
	for _, d := range r.Diagnostics {
		if d.Severity == dsl.Error {
			errs++
		}
	}
	return gateway.Fault(gateway.CodeRulesRefused, "source",
		fmt.Sprintf("The rule file has %s; the first is in line %d: %s: %s", counted(errs, "error"), first.Line, first.Code, first.Message))
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Check tells what is wrong with a rule file.
func (s *Service) Check(name, source string) dsl.Diagnostics {
	_, _, found := Check(name, source, s.engine.Env())
	return found
}

// Test tells what is wrong with a rule file, its own tests included, and how many tests there are.
func (s *Service) Test(ctx context.Context, name, source string) (found dsl.Diagnostics, tests int) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	_, file, found := Test(ctx, name, source, s.engine.Env())
	if file != nil {
		tests = len(file.Tests)
	}
	return found, tests
}

// Publication is a rule file on its way to become a version.
type Publication struct {
	Account gateway.AccountID
	Bot     gateway.BotID
	Source  string
	Note    string
	Author  gateway.KeyID
	Draft   bool // it is stored and does not answer yet
	Known   int  // the newest version that the author knows; 0: whatever there is
}

// Publish checks and tests a rule file and stores it as the next version, which answers from the next update on. A file
// that fails is refused with a RefusedError, and what answers stays.
func (s *Service) Publish(ctx context.Context, p Publication) (gateway.RuleVersion, dsl.Diagnostics, error) {
	if utf8.RuneCountInString(p.Note) > maxNote || !utf8.ValidString(p.Note) || strings.ContainsRune(p.Note, 0) {
		return gateway.RuleVersion{}, nil, gateway.Fault(gateway.CodeFieldInvalid, "note", "A note has at most 500 characters.")
	}
	testing, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	program, file, found := Test(testing, fileName, p.Source, s.engine.Env())
	if program == nil {
		return gateway.RuleVersion{}, found, &RefusedError{found}
	}
	if p.Known > 0 {
		newest, err := s.store.RuleVersions(ctx, p.Account, p.Bot, 0, 1)
		if err != nil {
			return gateway.RuleVersion{}, found, err
		}
		if len(newest) == 1 && newest[0].Version != p.Known {
			return gateway.RuleVersion{}, found, gateway.Fault(gateway.CodeRulesConflict, "known",
				fmt.Sprintf("Version %d was published meanwhile. Look at what it changed, and publish again.", newest[0].Version))
		}
	}
	v, err := s.store.PublishRules(ctx, gateway.RuleVersion{
		AccountID: p.Account, BotID: p.Bot, Source: p.Source, Hash: sha256.Sum256([]byte(p.Source)), Raises: Raises(file),
		Author: p.Author, Note: p.Note, CreatedAt: s.now(),
	}, !p.Draft)
	return v, found, err
}

// Activate makes a version answer from the next update on; an older one is a way back. Version 0 switches the rules off.
func (s *Service) Activate(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int, author gateway.KeyID) (gateway.RuleVersion, error) {
	if version > 0 {
		if _, err := s.engine.Program(ctx, account, bot, version); err != nil {
			var broken *BrokenError
			if errors.As(err, &broken) {
				return gateway.RuleVersion{}, gateway.Fault(gateway.CodeRulesRefused, "version", "This version was published by another release and does not run on this one: "+broken.Error()+".")
			}
			return gateway.RuleVersion{}, err
		}
	}
	if err := s.store.ActivateRules(ctx, account, bot, version, author, s.now()); err != nil || version == 0 {
		return gateway.RuleVersion{}, err
	}
	return s.store.RuleVersion(ctx, account, bot, version)
}

// Active returns the version that answers.
func (s *Service) Active(ctx context.Context, account gateway.AccountID, bot gateway.BotID) (gateway.RuleVersion, error) {
	return s.store.ActiveRules(ctx, account, bot)
}

// Version returns one version.
func (s *Service) Version(ctx context.Context, account gateway.AccountID, bot gateway.BotID, version int) (gateway.RuleVersion, error) {
	return s.store.RuleVersion(ctx, account, bot, version)
}

// Versions lists versions without their sources, newest first. next is where the following page begins, 0 at the end.
func (s *Service) Versions(ctx context.Context, account gateway.AccountID, bot gateway.BotID, before, limit int) (list []gateway.RuleVersion, next int, err error) {
	limit = gateway.Page{Limit: limit}.Bounded().Limit
	list, err = s.store.RuleVersions(ctx, account, bot, before, limit+1)
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].Version
	}
	return list, next, err
}

// Activations lists which versions answered since when, newest first.
func (s *Service) Activations(ctx context.Context, account gateway.AccountID, bot gateway.BotID, limit int) ([]gateway.RuleActivation, error) {
	return s.store.RuleActivations(ctx, account, bot, gateway.Page{Limit: limit}.Bounded().Limit)
}

// Diff tells what changed from one version to another, as a unified diff; empty if nothing did.
func (s *Service) Diff(ctx context.Context, account gateway.AccountID, bot gateway.BotID, from, to int) (string, error) {
	old, err := s.store.RuleVersion(ctx, account, bot, from)
	if err != nil {
		return "", err
	}
	fresh, err := s.store.RuleVersion(ctx, account, bot, to)
	if err != nil {
		return "", err
	}
	return Diff(fmt.Sprintf("version %d", from), old.Source, fmt.Sprintf("version %d", to), fresh.Source), nil
}
