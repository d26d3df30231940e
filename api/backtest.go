package api

import (
	"time"

	"herald/rules"
)

// Lines of a backtest. They are no schemas of the specification, which knows the stream as a whole only.
type (
	backtestRow struct {
		Progress *backtestProgress `json:"progress,omitempty"`
		Change   *backtestChange   `json:"change,omitempty"`
		Summary  *backtestSummary  `json:"summary,omitempty"`
	}
	backtestProgress struct {
		Done  int `json:"done"`
		Total int `json:"total"`
	}
	backtestChange struct {
		Message string           `json:"message"`
		At      time.Time        `json:"at"`
		Text    string           `json:"text"`
		Was     backtestDecision `json:"was"`
		Is      backtestDecision `json:"is"`
	}
	backtestDecision struct {
		Rules   []string `json:"rules"`
		Replies []string `json:"replies"`
		Effects []string `json:"effects,omitempty"`
	}
	backtestSummary struct {
		Messages   int             `json:"messages"`
		Changed    int             `json:"changed"`
		Failures   int             `json:"failures"`
		Was        backtestFigures `json:"was"`
		Is         backtestFigures `json:"is"`
		Incomplete bool            `json:"incomplete,omitempty"`
	}
	backtestFigures struct {
		Answered     int `json:"answered"`
		Replies      int `json:"replies"`
		Translations int `json:"translations"`
		Characters   int `json:"characters"`

		Cost                string `json:"cost"`
		Currency            string `json:"currency,omitempty"`
		TranslationCost     string `json:"translation_cost"`
		TranslationCurrency string `json:"translation_currency,omitempty"`
	}
)

func backtestLine(l rules.BacktestLine) (row backtestRow) {
	switch {
	case l.Progress != nil:
		row.Progress = &backtestProgress{l.Progress.Done, l.Progress.Total}
	case l.Change != nil:
		row.Change = &backtestChange{
			string(l.Change.MessageID), l.Change.At, l.Change.Text, backtestSide(l.Change.Was), backtestSide(l.Change.Is),
		}
	case l.Summary != nil:
		s := l.Summary
		row.Summary = &backtestSummary{s.Messages, s.Changed, s.Failures, backtestTotals(s.Was), backtestTotals(s.Is), s.Incomplete}
	}
	return row
}

func backtestTotals(f rules.BacktestFigures) backtestFigures {
	return backtestFigures{
		Answered: f.Answered, Replies: f.Replies, Translations: f.Translations, Characters: f.Characters,
		Cost: f.Cost.String(), Currency: f.Currency, TranslationCost: f.TranslationCost.String(), TranslationCurrency: f.TranslationCurrency,
	}
}

func backtestSide(d rules.Decision) backtestDecision {
	same := func(text string) string { return text }
	return backtestDecision{Rules: each(d.Rules, same), Replies: each(d.Replies, same), Effects: d.Effects}
}

// days reads a span such as 24h or 7d, at most so many days; 0 if it is none.
func days(text string, most int) time.Duration {
	const longest = 12
	if len(text) > longest || !lifetimeForm.MatchString(text) {
		return 0
	}
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	var total time.Duration
	for _, part := range lifetimePart.FindAllStringSubmatch(text, -1) {
		var n time.Duration
		for _, digit := range part[1] { // at most nine digits
			n = 10*n + time.Duration(digit-'0')
		}
		total += n * units[part[2]]
		if total > time.Duration(most)*24*time.Hour {
			return 0
		}
	}
	return total
}
