package dsl

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// exampleInput is what the examples of functions see.
func exampleInput() Input {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	return Input{
		Events: []string{EventMessage}, Text: "What do the prices look like?", Now: now,
		User: User{ID: "1", FirstName: "Оля", Lang: "uk", Tags: []string{"vip"}, Since: now.Add(-48 * time.Hour)},
	}
}

// exampleEnv tells languages apart by their letters, which is enough for examples.
func exampleEnv() Env {
	return Env{LangOf: func(text string) string {
		switch {
		case strings.ContainsAny(text, "їієґ"):
			return "uk"
		case strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz"):
			return "en"
		default:
			return ""
		}
	}}
}

// evaluate returns what an expression comes to, as the language writes it.
func evaluate(t *testing.T, source string, in Input) string {
	t.Helper()
	f := &File{Name: "example", Version: 1, Rules: []Rule{{
		Name: Scalar{Value: "r"}, On: []Scalar{{Value: EventMessage}}, Lets: []Let{{Name: Scalar{Value: "it"}, Value: Scalar{Value: source}}},
		When: Scalar{Value: "it == it"}, Reply: []Reply{{Text: Texts{{Text: Scalar{Value: "x"}}}}},
	}}}
	p, found := Compile(f, exampleEnv())
	require.Empty(t, found, source)
	s := &scope{}
	s.begin(context.Background(), p, &in)
	var v Verdict
	raised := raisedBy(&in)
	require.Equal(t, Matched, s.try(&p.rules[0], &raised, &v), "%s: %v", source, v.Failures)
	value := s.lets[p.fileLets].value
	value.str = s.resolve(value.str)
	return value.literal(time.UTC, maxShown)
}

func TestExamplesOfFunctions(t *testing.T) {
	t.Parallel()
	for _, f := range Functions() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, f.Doc)
			require.NotEmpty(t, f.Examples)
			for _, e := range f.Examples {
				require.Equal(t, e.Want, evaluate(t, e.Source, exampleInput()), e.Source)
			}
		})
	}
}
