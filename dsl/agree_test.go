package dsl

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestWhatIsCheckedRuns is the promise of the checker: a file without errors compiles, and its rules do not fail.
func TestWhatIsCheckedRuns(t *testing.T) {
	t.Parallel()
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		f := drawFile(t)
		f.Rules = f.Rules[:1] // one that is wrong spoils the file
		if Check(f, exampleEnv()).Failed() {
			return
		}
		accepted++
		p, found := Compile(f, exampleEnv())
		require.Empty(t, found)
		for range 4 {
			v, err := p.Run(context.Background(), drawInput(t))
			require.NoError(t, err)
			require.Empty(t, v.Failures, "%v", whens(f))
		}
	})
	require.NotZero(t, accepted, "no random file is right, so that nothing was tried")
}

// TestNamesOfTheCheckerAreThere holds the names that the checker knows against those that a program reads.
func TestNamesOfTheCheckerAreThere(t *testing.T) {
	t.Parallel()
	f := &File{Fields: []Field{{Name: Scalar{Value: "order"}, Type: Scalar{Value: "string"}}}}
	read, things := inputs(), objects()
	for _, name := range f.Names() {
		if name.Type.Record == nil {
			require.Contains(t, read, name.Name)
			delete(read, name.Name)
			continue
		}
		require.Contains(t, things, name.Name)
		for _, member := range name.Type.Record.Members {
			require.Contains(t, things[name.Name].members, member.Name, name.Name)
			delete(things[name.Name].members, member.Name)
		}
		require.Empty(t, things[name.Name].members, "the checker does not know them")
		delete(things, name.Name)
	}
	require.Empty(t, read, "the checker does not know them")
	require.Empty(t, things, "the checker does not know them")
}

// TestExamplesOfFunctionsAreChecked holds the checker against the examples that the reference shows.
func TestExamplesOfFunctionsAreChecked(t *testing.T) {
	t.Parallel()
	s := func(v string) Scalar { return Scalar{Value: v, Known: true} }
	for _, fn := range Functions() {
		for _, e := range fn.Examples {
			f := &File{
				Name: "example", Version: 1, Language: s("en"),
				Rules: []Rule{{
					Name: s("r"), On: []Scalar{s(EventMessage)}, Lets: []Let{{s("it"), s(e.Source)}},
					When: s("it != nil"), Forward: s("x"),
				}},
			}
			for _, d := range Check(f, exampleEnv()) {
				require.NotEqual(t, Error, d.Severity, "%s: %s", e.Source, d.Message)
			}
		}
	}
}
