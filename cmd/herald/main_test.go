package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the expected output of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"herald": main})
}

// TestScripts plays the scripts in testdata/script. Each has an API whose answers are the script's files below api/.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			server := httptest.NewServer(&canned{folder: env.WorkDir})
			env.Defer(server.Close)
			env.Setenv("API", server.URL)
			env.Setenv("HERALD_API_URL", server.URL)
			env.Setenv("HERALD_API_KEY", "hk_example")
			env.Setenv("COLUMNS", "100")
			env.Setenv("TZ", "UTC")
			return nil
		},
	})
}

// canned is an API that answers from files: GET /v1/bots?cursor=2 from api/GET/v1/bots?cursor=2.json. An answer with a
// code is a problem. What it was asked stands in the file requests, one line each, without headers that differ by run.
type canned struct {
	folder string
	mu     sync.Mutex
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.note(r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer, err := os.ReadFile(filepath.Join(c.folder, "api", r.Method, r.URL.RequestURI()+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		http.NotFound(w, r) // not Herald's: no problem+json
		return
	}
	var problem struct {
		Status int
		Code   string
	}
	w.Header().Set("Content-Type", "application/json")
	if json.Unmarshal(answer, &problem) == nil && problem.Code != "" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(problem.Status)
	}
	_, _ = w.Write(answer)
}

func (c *canned) note(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(c.folder, "requests"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	line := strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s",
		r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Prefer"), body)), " ")
	_, err = fmt.Fprintln(file, line)
	return err
}

// parser is the command line of the program.
func parser(t *testing.T) *kong.Kong {
	t.Helper()
	p, err := newParser(t.Context(), &cli{}, &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	require.NoError(t, err)
	return p
}

func TestEveryFlagHasAnEnvironmentVariableAndAHelp(t *testing.T) {
	t.Parallel()
	flags := 0
	require.NoError(t, kong.Visit(parser(t).Model, func(node kong.Visitable, next kong.Next) error {
		f, ok := node.(*kong.Flag)
		if !ok || f.Name == "help" {
			return next(nil)
		}
		flags++
		require.NotEmpty(t, f.Help, "--%s", f.Name)
		require.NotEmpty(t, f.Envs, "--%s", f.Name)
		for _, name := range f.Envs {
			require.True(t, strings.HasPrefix(name, "HERALD_"), "--%s: %s", f.Name, name)
		}
		return next(nil)
	}))
	require.Greater(t, flags, 50)
}

func TestAnEnvironmentVariableMeansOneThing(t *testing.T) {
	t.Parallel()
	flags := map[string]string{}
	require.NoError(t, kong.Visit(parser(t).Model, func(node kong.Visitable, next kong.Next) error {
		f, ok := node.(*kong.Flag)
		if !ok {
			return next(nil)
		}
		for _, name := range f.Envs {
			if flags[name] == "" {
				flags[name] = f.Name + " " + f.Target.Type().String()
			}
			require.Equal(t, flags[name], f.Name+" "+f.Target.Type().String(), name)
		}
		return next(nil)
	}))
	require.Contains(t, flags, "HERALD_API_KEY")
	require.Contains(t, flags, "HERALD_API_KEY_FILE")
}

func TestEveryCommandHasAHelp(t *testing.T) {
	t.Parallel()
	for _, leaf := range parser(t).Model.Leaves(false) {
		require.NotEmpty(t, leaf.Help, leaf.Path())
		require.True(t, strings.HasSuffix(leaf.Help, "."), leaf.Path())
	}
}
