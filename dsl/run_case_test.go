package dsl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// TestRun runs the updates of each case, one JSON object to a line, through its rules. Each is decided with the index,
// without it, and by an explanation, and all three must agree.
func TestRun(t *testing.T) {
	t.Parallel()
	golden(t, "run", "case", func(t *testing.T, text []byte) string {
		rules, updates, found := bytes.Cut(text, []byte("\n---\n"))
		require.True(t, found, "a case is a rule file, a line of three dashes, and updates")
		f, ds := CheckSource("rules.yaml", rules, exampleEnv())
		require.False(t, ds.Failed(), ds.Text())
		p, ds := Compile(f, exampleEnv())
		require.Empty(t, ds)
		var out strings.Builder
		for line := range strings.Lines(string(updates)) {
			if strings.TrimSpace(line) == "" {
				continue
			}
			in := readInput(t, line)
			v, err := p.Run(context.Background(), in)
			require.NoError(t, err)
			plain, err := p.run(context.Background(), &in, p.all)
			require.NoError(t, err)
			require.Equal(t, plain, v, "the index and plain evaluation")
			explained, err := p.Explain(context.Background(), in)
			require.NoError(t, err)
			explained.Trace = nil
			require.Equal(t, explained, v, "the explanation and the run")
			out.WriteString("> " + strings.TrimSpace(line) + "\n")
			writeVerdict(&out, v)
		}
		return out.String()
	})
}

func readInput(t *testing.T, line string) Input {
	t.Helper()
	in := Input{Now: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	require.NoError(t, json.Unmarshal([]byte(line), &in), line)
	for name, v := range in.User.Fields {
		if f, is := v.(float64); is && f == math.Trunc(f) {
			in.User.Fields[name] = int64(f)
		}
	}
	return in
}

func writeVerdict(out *strings.Builder, v Verdict) {
	if len(v.Rules) == 0 {
		out.WriteString("no rule\n")
	} else {
		out.WriteString("rules: " + strings.Join(v.Rules, ", ") + "\n")
	}
	for _, e := range v.Effects {
		fmt.Fprintf(out, "  %s", e.Kind)
		if e.Name != "" {
			out.WriteString(" " + e.Name)
		}
		if e.Kind == EffectSet {
			fmt.Fprintf(out, " = %s", fieldValue(e.Value).literal(time.UTC, maxShown))
		}
		if e.Duration > 0 {
			out.WriteString(" " + e.Duration.String())
		}
		if m := e.Message; m != nil {
			out.WriteString(" " + m.Language)
			if m.Translate != "" {
				out.WriteString(" -> " + m.Translate)
			}
			out.WriteString(": " + m.Text)
			for _, row := range m.Buttons {
				out.WriteString("\n   ")
				for _, b := range row {
					fmt.Fprintf(out, " [%s|%s%s]", b.Text, b.Data, b.URL)
				}
			}
		}
		out.WriteString("\n")
	}
	if v.Incoming != "" {
		out.WriteString("incoming -> " + v.Incoming + "\n")
	}
	if v.Suppressed {
		out.WriteString("suppressed\n")
	}
	for _, f := range v.Failures {
		fmt.Fprintf(out, "failed %s at %d:%d: %s\n", f.Rule, f.At.Line, f.At.Column, f.Message)
	}
}

// TestEverythingHasARunCase walks the registries: what the language has is shown at work by a case.
func TestEverythingHasARunCase(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("testdata", "run", "*.txtar"))
	require.NoError(t, err)
	var cases, wants strings.Builder
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		for _, f := range archive.Files {
			if f.Name == "want" {
				wants.Write(f.Data)
			} else {
				cases.Write(f.Data)
			}
		}
	}
	for _, f := range Functions() {
		require.Regexp(t, `\b`+f.Name+`\(`, cases.String(), "no case calls %s", f.Name)
	}
	for _, event := range eventNames() {
		require.Regexp(t, `"events":\[[^]]*"`+event+`"`, cases.String(), "no case raises %s", event)
		require.Regexp(t, `(?m)^rules: .*\b`+event+`\b`, wants.String(), "no rule that is named after %s matches", event)
	}
	for _, kind := range []EffectKind{
		EffectSet, EffectTag, EffectUntag, EffectReply, EffectAskPhone, EffectNotify, EffectForward, EffectMute, EffectFired,
	} {
		require.Regexp(t, regexp.MustCompile(`(?m)^  `+string(kind)+`\b`), wants.String(), "no case has the effect %s", kind)
	}
}
