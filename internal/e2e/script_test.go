package e2e

import (
	"context"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"herald/client"
	"herald/internal/sandbox/controlclient"
)

// stage is what a script plays on: a running installation, and the bots and people that the script made there.
type stage struct {
	*installation
	name   string // of the script; in the names of all that it makes, so that scripts do not meet
	bots   map[string]bot
	people map[string]controlclient.Person
	faults map[string][]string // ids by the bot's name in the script
	code   int                 // exit code of the last herald command
}

// stageKey finds the stage in a script.
type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// runScripts plays the scripts of a folder on an installation. $INTAKE is how the bots of the stories receive; "" leaves
// it to Herald.
func runScripts(t *testing.T, folder string, on *installation, intake client.Intake) {
	t.Helper()
	commands := map[string]func(*testscript.TestScript, bool, []string){
		"code":    exitCode,
		"waitfor": waitFor,
		"keep":    keep,
		"shape":   shape,
	}
	for name, c := range lookCommands() {
		commands[name] = c.run
	}
	testscript.Run(t, testscript.Params{
		Dir: folder,
		Setup: func(e *testscript.Env) error {
			name := strings.ReplaceAll(e.T().(interface{ Name() string }).Name(), "-", "_")
			name = name[strings.LastIndexByte(name, '/')+1:] + string(intake)
			e.Values[stageKey{}] = &stage{
				installation: on, name: name, bots: map[string]bot{}, people: map[string]controlclient.Person{},
				faults: map[string][]string{},
			}
			e.Setenv("INTAKE", string(intake))
			e.Setenv("PID", strconv.Itoa(on.PID))
			return nil
		},
		Cmds: commands, RequireUniqueNames: true,
	})
}

// look is a command that a script may also wait with. It returns what it shows.
type look func(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (stdout string, err error)

// run is the look as a command of its own. With ! it must be refused, and stderr says how.
func (l look) run(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stdout, err := l(ctx, ts, stageOf(ts), args)
	_, _ = fmt.Fprint(ts.Stdout(), stdout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(ts.Stderr(), err)
		if !neg {
			ts.Fatalf("%v", err)
		}
	case neg:
		ts.Fatalf("unexpected success")
	}
}

// waitFor [!] PATTERN COMMAND ... repeats a command until what it shows matches, or with ! does not match any more.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] waitfor pattern command ...")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	command, found := lookCommands()[args[1]]
	if !found {
		ts.Fatalf("waitfor does not know the command %s", args[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(lookPause)
	defer tick.Stop()
	for {
		stdout, err := command(ctx, ts, stageOf(ts), args[2:])
		if err == nil && pattern.MatchString(stdout) != neg {
			_, _ = fmt.Fprint(ts.Stdout(), stdout)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			ts.Fatalf("waited %s in vain; the last look showed (%v):\n%s", patience, err, stdout)
		}
	}
}

// code N checks the exit code of the last herald command.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: code number")
	}
	if is := strconv.Itoa(stageOf(ts).code); is != args[0] {
		ts.Fatalf("the exit code is %s, not %s", is, args[0])
	}
}

// keep VARIABLE PATTERN puts what the pattern's first group matches in the last stdout into a variable.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep variable pattern")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("the output has nothing like %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// What differs from run to run, and the words that stand for it.
var shapes = []struct {
	pattern *regexp.Regexp
	word    string
}{
	{regexp.MustCompile(`\b(acc|msg|bot|sub|key|req)_[0-9a-z]{26}\b`), "${1}_ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3}`), "CLOCK"},
	{regexp.MustCompile(`\+?\b\d+(\.\d+)?(ms|µs|s)\b`), "SPAN"},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "http://ADDRESS"},
	{regexp.MustCompile(`(?m) +`), " "},
	{regexp.MustCompile(`(?m)^ | $`), ""},
}

// shape rewrites the last stdout so that runs can be compared: ids, times, spans and addresses become words, and runs of
// spaces one space.
func shape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: shape")
	}
	text := ts.ReadFile("stdout")
	for _, s := range shapes {
		text = s.pattern.ReplaceAllString(text, s.word)
	}
	_, _ = fmt.Fprint(ts.Stdout(), text)
}

// phoneOf is a mobile number that belongs to one person of one script.
func phoneOf(script, person string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(script + "/" + person))
	return fmt.Sprintf("+38050%07d", sum.Sum32()%10_000_000)
}
