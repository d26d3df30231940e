package dsl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// compare holds what happened against what a step expects.
func (t *play) compare(ctx context.Context, s *Step, in Input, v Verdict, out seen) {
	fail := func(at Position, format string, args ...any) {
		t.report.errorf(at, CodeTestFailed, "%s: %s", clip(t.test.Name.Value), fmt.Sprintf(format, args...))
	}
	for _, f := range v.Failures {
		fail(s.At, "the rule `%s` failed: %s", f.Rule, f.Message)
	}
	if s.Rule.Known {
		switch want := s.Rule.Value; {
		case want == noRule && len(v.Rules) > 0:
			fail(s.Rule.At, "no rule was expected, and %s matched", ruleNames(v.Rules))
		case want != noRule && !slices.Contains(v.Rules, want):
			fail(s.Rule.At, "the rule `%s` was expected, and %s matched%s", want, ruleNames(v.Rules), t.why(ctx, want, in))
		}
	}
	if s.Silent && len(out.replies) > 0 {
		fail(s.At, "no reply was expected, and the bot said %s", said(out.replies))
	}
	compareReplies(s, out.replies, fail)
	compareButtons(s, out.replies, fail)
	compareNotices(s, out.notices, fail)
	compareLabels(s, out.labels, fail)
	for _, tag := range s.Tags {
		if !slices.Contains(t.user.Tags, tag.Value) {
			fail(tag.At, "the tag `%s` was expected; the person has %s", tag.Value, orNone(t.user.Tags))
		}
	}
	for _, field := range s.Fields {
		got := fieldValue(t.user.Fields[field.Field.Value])
		want := fieldValue(t.program.fieldOf(field.Field.Value, field.Value.Value))
		if !got.equal(want) {
			zone := t.program.zone
			fail(field.Value.At, "the field `%s` is %s, and %s was expected", field.Field.Value, got.literal(zone, maxShown), want.literal(zone, maxShown))
		}
	}
}

// failing reports an expectation that does not hold.
type failing func(at Position, format string, args ...any)

func compareReplies(s *Step, replies []Effect, fail failing) {
	if len(s.Bot) == 0 {
		return
	}
	for i, want := range s.Bot {
		if i >= len(replies) {
			fail(want.At, "the reply %s was expected, and the bot said %s", quote(want.Value), nothingMore(i))
			continue
		}
		if got := replies[i].Message.Text; !matchesPattern(want.Value, got) {
			fail(want.At, "the reply is %s, and %s was expected%s", quote(got), quote(want.Value), difference(want.Value, got))
		}
	}
	if len(replies) > len(s.Bot) {
		fail(s.Bot[len(s.Bot)-1].At, "nothing more was expected, and the bot also said %s", said(replies[len(s.Bot):]))
	}
}

// compareButtons holds all buttons of the replies against those that are expected, row by row.
func compareButtons(s *Step, replies []Effect, fail failing) {
	if !s.Buttons.Said() {
		return
	}
	var rows [][]OutgoingButton
	for _, r := range replies {
		rows = append(rows, r.Message.Buttons...)
	}
	if !slices.EqualFunc(rows, s.Buttons.All, func(got []OutgoingButton, want []WantedButton) bool { return len(got) == len(want) }) {
		fail(s.Buttons.At, "other buttons were expected; there are %s", rowsOf(rows))
		return
	}
	for i, row := range s.Buttons.All {
		for j, want := range row {
			got := rows[i][j]
			name := "the button " + quote(got.Text)
			comparePattern("the button", want.Text, got.Text, fail)
			comparePattern("`data` of "+name, want.Data, got.Data, fail)
			comparePattern("`url` of "+name, want.URL, got.URL, fail)
		}
	}
}

func comparePattern(what string, want Scalar, got string, fail failing) {
	if want.Known && !matchesPattern(want.Value, got) {
		fail(want.At, "%s is %s, and %s was expected%s", what, quote(got), quote(want.Value), difference(want.Value, got))
	}
}

// rowsOf shows buttons as a test would expect them.
func rowsOf(rows [][]OutgoingButton) string {
	if len(rows) == 0 {
		return "none"
	}
	shown := make([]string, len(rows))
	for i, row := range rows {
		texts := make([]string, len(row))
		for j, b := range row {
			texts[j] = quote(b.Text)
		}
		shown[i] = "[" + strings.Join(texts, ", ") + "]"
	}
	return "[" + strings.Join(shown, ", ") + "]"
}

// compareNotices holds the messages to others against those that are expected.
func compareNotices(s *Step, notices []Effect, fail failing) {
	if !s.Notify.Said() {
		return
	}
	for i, want := range s.Notify.All {
		if i >= len(notices) {
			fail(want.At, "a message to somebody else was expected, and there was %s", nothingMore(i))
			continue
		}
		got := notices[i]
		comparePattern("its recipient", want.To, got.Name, fail)
		comparePattern("the message to "+got.Name, want.Text, got.Message.Text, fail)
	}
	for _, more := range notices[min(len(s.Notify.All), len(notices)):] {
		fail(s.Notify.At, "no message to %s was expected, and it is %s", more.Name, quote(more.Message.Text))
	}
}

// compareLabels holds the labels of forward against those that are expected.
func compareLabels(s *Step, labels []string, fail failing) {
	if !s.Forward.Said() {
		return
	}
	for i, want := range s.Forward.All {
		if i >= len(labels) {
			fail(want.At, "the label %s was expected, and %s was forwarded", quote(want.Value), nothingMore(i))
			continue
		}
		comparePattern("the label", want, labels[i], fail)
	}
	for _, more := range labels[min(len(s.Forward.All), len(labels)):] {
		fail(s.Forward.At, "it was also forwarded as %s", quote(more))
	}
}

func ruleNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "no tags"
	}
	return strings.Join(names, ", ")
}

func said(replies []Effect) string {
	texts := make([]string, len(replies))
	for i, r := range replies {
		texts[i] = quote(r.Message.Text)
	}
	return strings.Join(texts, " and ")
}

func nothingMore(replies int) string {
	if replies == 0 {
		return "nothing"
	}
	return "nothing more"
}

func quote(s string) string { return stringValue(s).literal(time.UTC, maxShown) }
