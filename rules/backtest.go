package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// Backtest is a draft, or a stored version, and how far back recorded messages go through it.
type Backtest struct {
	Source  string
	Version int
	Since   time.Time
}

// BacktestLine is one line of what a backtest tells, as it finds it: exactly one field is set.
type BacktestLine struct {
	Progress *BacktestProgress
	Change   *BacktestChange
	Summary  *BacktestSummary
}

// BacktestProgress tells how far it is.
type BacktestProgress struct{ Done, Total int }

// BacktestChange is a message that would be answered otherwise.
type BacktestChange struct {
	MessageID gateway.MessageID
	At        time.Time
	Text      string
	Was, Is   Decision
}

// Decision is what rules do about one message, in brief.
type Decision struct {
	Rules   []string
	Replies []string // to the person, and to others, with their buttons
	Effects []string // all others, such as "tag vip"
}

// BacktestSummary is the whole in figures.
type BacktestSummary struct {
	Messages   int // that people wrote
	Changed    int // of them, that would be answered otherwise
	Failures   int // rules that could not be run on a message
	Was, Is    BacktestFigures
	Incomplete bool // it was ended by its time limit
}

// BacktestFigures are counts of one side.
type BacktestFigures struct {
	Answered     int // messages that got a reply
	Replies      int // to the person and to others: each is charged as a message
	Translations int // texts: of replies, of buttons, and what people wrote
	Characters   int // of them

	Cost                gateway.Amount // of replies, at today's prices
	Currency            string         // ISO 4217; empty as long as nothing has a price
	TranslationCost     gateway.Amount // at the translator's price of today; what the cache has costs nothing
	TranslationCurrency string
}

// Pace of a backtest.
const (
	backtestBatch    = 200
	backtestProgress = 500 // messages between two lines of progress
	backtestTimeout  = 5 * time.Minute
)

// Backtest runs what people wrote through a draft and tells what would be answered otherwise. Each person goes through it
// from their first recorded message on: what the draft keeps about them counts for their next ones.
func (s *Service) Backtest(ctx context.Context, account gateway.AccountID, bot gateway.Bot, b Backtest, tell func(BacktestLine) error) error {
	program, err := s.program(ctx, account, bot.ID, b.Source, b.Version)
	if err != nil {
		return err
	}
	total, err := s.store.CountRecorded(ctx, account, bot.ID, b.Since)
	if err != nil {
		return err
	}
	terms, err := s.store.Terms(ctx, account)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, backtestTimeout)
	defer cancel()
	r := replay{service: s, account: account, bot: bot, program: program, people: map[string]*gateway.PersonState{}, tell: tell, total: total}
	r.wasBill, r.isBill = r.bill(&r.summary.Was, terms.Prices), r.bill(&r.summary.Is, terms.Prices)
	if err := tell(BacktestLine{Progress: &BacktestProgress{0, total}}); err != nil {
		return err
	}
	for after := gateway.MessageID(""); ; {
		batch, err := s.store.Recorded(limited, account, bot.ID, b.Since, after, backtestBatch)
		if limited.Err() != nil && ctx.Err() == nil {
			r.summary.Incomplete = true
			break
		}
		if err != nil {
			return err
		}
		for _, m := range batch {
			if err := r.message(limited, m); err != nil {
				return err
			}
			after = m.Message.ID
		}
		if len(batch) < backtestBatch {
			break
		}
	}
	return tell(BacktestLine{Summary: &r.summary})
}

// CanBacktest tells whether there is something to run: a draft without errors, or a stored version.
func (s *Service) CanBacktest(ctx context.Context, account gateway.AccountID, bot gateway.Bot, b Backtest) error {
	_, err := s.program(ctx, account, bot.ID, b.Source, b.Version)
	return err
}

// replay is a backtest on its way.
type replay struct {
	service *Service
	account gateway.AccountID
	bot     gateway.Bot
	program *Program
	people  map[string]*gateway.PersonState // as the draft would have left them
	tell    func(BacktestLine) error
	total   int
	summary BacktestSummary

	wasBill, isBill *bill // they count in summary
}

func (r *replay) message(ctx context.Context, m gateway.RecordedMessage) error {
	in, err := r.input(ctx, m)
	if err != nil || len(in.Events) == 0 {
		return err
	}
	was, err := r.was(ctx, m)
	if err != nil {
		return err
	}
	verdict, err := r.program.Run(ctx, in)
	if err != nil {
		return fmt.Errorf("run draft: %w", err)
	}
	state := r.people[in.User.ID]
	applied := Apply(*state, verdict, m.Message.Kind.Written(), in.Now)
	*state = applied.State
	is, err := r.is(ctx, in, verdict, applied)
	if err != nil {
		return err
	}
	r.summary.Messages++
	r.summary.Failures += len(verdict.Failures)
	if !slices.Equal(was.Rules, is.Rules) || !slices.Equal(was.Replies, is.Replies) || !slices.Equal(was.Effects, is.Effects) {
		r.summary.Changed++
		err = r.tell(BacktestLine{Change: &BacktestChange{MessageID: m.Message.ID, At: m.Message.CreatedAt, Text: m.Message.Text, Was: was, Is: is}})
	}
	if err == nil && r.summary.Messages%backtestProgress == 0 {
		err = r.tell(BacktestLine{Progress: &BacktestProgress{r.summary.Messages, r.total}})
	}
	return err
}

// input is what the rules saw then, with what the draft would have kept about the person. Where no rules were active it
// is made of the message, and of the person as they are known now.
func (r *replay) input(ctx context.Context, m gateway.RecordedMessage) (in dsl.Input, err error) {
	if m.Input != nil {
		in, err = DecodeInput(m.Input)
	} else {
		in, err = r.guess(ctx, m.Message)
	}
	if err != nil {
		return in, err
	}
	state, known := r.people[in.User.ID]
	if !known {
		state = &gateway.PersonState{Messages: in.User.Messages, Tags: in.User.Tags, Fields: in.User.Fields}
		if m.Message.Kind.Written() && state.Messages > 0 {
			state.Messages--
		}
		r.people[in.User.ID] = state
	}
	in.User.Tags, in.User.Fields = state.Tags, r.program.known(state.Fields)
	in.Muted, in.Fired = state.Muted, state.Fired
	return in, nil
}

func (r *replay) guess(ctx context.Context, m gateway.Message) (dsl.Input, error) {
	if m.SubscriberID == "" {
		return dsl.Input{}, nil
	}
	person, err := r.service.store.Subscriber(ctx, r.account, r.bot.ID, m.SubscriberID)
	if err != nil {
		return dsl.Input{}, err
	}
	u := gateway.Update{Kind: m.Kind, Text: m.Text, Member: false}
	if m.Kind == gateway.UpdateCommand {
		command, rest, _ := strings.Cut(strings.TrimPrefix(m.Text, "/"), " ")
		command, _, _ = strings.Cut(command, "@")
		u.Command, u.Payload = strings.ToLower(command), strings.TrimSpace(rest)
	}
	talk := gateway.Conversation{Person: person}
	if state, known := r.people[string(person.ID)]; known {
		talk.State = *state
	}
	return r.program.Input(Facts{Update: u, MessageID: m.ID, Bot: r.bot, Talk: talk, Received: m.CreatedAt, Phone: m.Kind == gateway.UpdateContact}), nil
}

// was is what happened then.
func (r *replay) was(ctx context.Context, m gateway.RecordedMessage) (d Decision, err error) {
	if m.Input == nil {
		return d, nil
	}
	v, err := r.service.store.StoredVerdict(ctx, r.account, m.Message.ID)
	if err != nil {
		return d, err
	}
	var stored []EffectLine
	if err := json.Unmarshal(v.Effects, &stored); err != nil {
		return d, fmt.Errorf("read effects of message %s: %w", m.Message.ID, err)
	}
	d.Rules = v.Rules
	for _, line := range stored {
		if line.Left != "" {
			continue
		}
		d.add(line)
		if err := r.wasBill.effect(ctx, line); err != nil {
			return d, err
		}
	}
	if len(d.Replies) > 0 {
		r.wasBill.Answered++
	}
	if m.Message.TranslateTo != "" {
		err = r.wasBill.translate(ctx, m.Message.Text, m.Message.Language, m.Message.TranslateTo)
	}
	return d, err
}

func (r *replay) is(ctx context.Context, in dsl.Input, verdict dsl.Verdict, applied Applied) (d Decision, err error) {
	d.Rules = verdict.Rules
	for _, e := range applied.Effects {
		if e.Kind == dsl.EffectFired {
			continue
		}
		line := Line(e)
		d.add(line)
		if err := r.isBill.effect(ctx, line); err != nil {
			return d, err
		}
	}
	if len(d.Replies) > 0 {
		r.isBill.Answered++
	}
	if verdict.Incoming != "" && in.Command == "" {
		err = r.isBill.translate(ctx, in.Text, in.Message.Lang, verdict.Incoming)
	}
	return d, err
}

func (d *Decision) add(line EffectLine) {
	if sends(dsl.EffectKind(line.Kind)) {
		text := line.Text
		if line.Name != "" {
			text = "to " + line.Name + ": " + text
		}
		if line.translated() {
			text = "[" + line.Translate + "] " + text
		}
		if buttons := line.ButtonWords(); buttons != "" {
			text += " " + buttons
		}
		d.Replies = append(d.Replies, text)
		return
	}
	words := []string{line.Kind}
	for _, word := range []string{line.Name, line.Value} {
		if word != "" {
			words = append(words, word)
		}
	}
	if line.Seconds > 0 {
		words = append(words, (time.Duration(line.Seconds) * time.Second).String())
	}
	d.Effects = append(d.Effects, strings.Join(words, " "))
}
