package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

// repository is the root as seen from the folder in which this package's tests run.
const repository = "../.."

// TestDocumentedCommandsExist parses every herald command that stands in a code block of the README and of the manual.
func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	require.NoError(t, err)
	for _, file := range append(files, filepath.Join(repository, "README.md"), filepath.Join(repository, "CONTRIBUTING.md")) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, line := range joinedLines(string(text)) {
			args, ok := commandIn(line)
			if !ok {
				continue
			}
			if err := parses(t, args); err != nil {
				t.Errorf("%s:%d: herald %s: %v", filepath.Base(file), i+1, strings.Join(args, " "), err)
			}
		}
	}
}

func TestDocumentedCommandsAreRead(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"    $ herald send --to '#1' --text \"a b\"":     {"send", "--to", "#1", "--text", "a b"},
		"    go run ./cmd/herald up     # all of it":     {"up"},
		"    $ bin/herald bots add TOKEN | cat":          {"bots", "add", "TOKEN"},
		"    herald sandbox --listen 127.0.0.1:8082 &":   {"sandbox", "--listen", "127.0.0.1:8082"},
		"    HERALD_API_KEY_FILE=key herald bots > list": {"bots"},
		"herald up is prose":                             nil,
		"    herald: the message ended":                  nil,
	} {
		args, _ := commandIn(line)
		require.Equal(t, want, args, line)
	}
	require.NoError(t, parses(t, []string{"send", "--help"}))
	require.Error(t, parses(t, []string{"sned", "--help"}))
	require.Error(t, parses(t, []string{"up", "--dtaa", "x"}))
}

// joinedLines puts lines that end in a backslash and the line after them together, on the first one's place.
func joinedLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 2; i >= 0; i-- {
		if begun, found := strings.CutSuffix(lines[i], `\`); found {
			lines[i], lines[i+1] = begun+lines[i+1], ""
		}
	}
	return lines
}

var (
	commandForm = regexp.MustCompile(`^    (?:\$ )?(?:[A-Z_]+=\S+ )*(?:bin/|go run \./cmd/)?herald( .*)$`)
	wordForm    = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
)

// commandIn returns the arguments of the herald command in a line of a code block, up to what belongs to the shell.
func commandIn(line string) (args []string, ok bool) {
	found := commandForm.FindStringSubmatch(line)
	if found == nil {
		return nil, false
	}
	for _, word := range wordForm.FindAllString(found[1], -1) {
		if slices.Contains([]string{"#", "|", "&", ">", "<", "&&"}, word) {
			break
		}
		args = append(args, strings.Trim(word, `'"`))
	}
	return args, true
}

// errHelped is thrown by the parser instead of ending the test, when the arguments ask for help.
var errHelped = errors.New("help was shown")

// parses tells whether the program takes the arguments. Nothing is run.
func parses(t *testing.T, args []string) (err error) {
	t.Helper()
	parser, err := newParser(context.Background(), &cli{}, &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	require.NoError(t, err)
	parser.Exit = func(int) { panic(errHelped) }
	defer func() {
		if thrown := recover(); thrown != nil && thrown != any(errHelped) {
			panic(thrown)
		}
	}()
	_, err = parser.Parse(args)
	return err
}

// TestSettingsPage holds docs/settings.md against the flags that there are; -update writes it anew.
func TestSettingsPage(t *testing.T) {
	t.Parallel()
	parser, err := newParser(context.Background(), &cli{}, &console{Out: io.Discard, Err: io.Discard})
	require.NoError(t, err)
	page, path := settingsPage(parser.Model.Node), filepath.Join(repository, "docs", "settings.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, page, string(have), "run: go test ./cmd/herald -run TestSettingsPage -update")
}

// settingsPage is the page of all flags. Those that say which Herald a command talks to stand at its end, once.
func settingsPage(program *kong.Node) string {
	const head = "| flag | variable | default | |\n| --- | --- | --- | --- |\n"
	var page, remote strings.Builder
	page.WriteString("# Settings\n\nEvery flag of every command, with the environment variable that sets it, too. A flag on the command line wins.\n" +
		"`herald COMMAND --help` shows the same. This page is written by a test from the flags themselves.\n")
	for _, command := range program.Leaves(true) {
		fmt.Fprintf(&page, "\n## %s\n\n%s", strings.TrimPrefix(command.FullPath(), program.Name+" "), command.Help)
		var rows strings.Builder
		talks := false
		for _, flag := range slices.Concat(command.AllFlags(true)...) {
			switch {
			case flag.Name == "help":
			case flag.Group != nil && flag.Group.Key == "remote":
				talks = true
				if row := settingRow(flag); !strings.Contains(remote.String(), row) {
					remote.WriteString(row)
				}
			default:
				rows.WriteString(settingRow(flag))
			}
		}
		if talks {
			page.WriteString(" Also takes the flags of [every command that talks to a Herald](#the-herald-to-talk-to).")
		}
		page.WriteString("\n")
		if rows.Len() > 0 {
			page.WriteString("\n" + head + rows.String())
		}
	}
	page.WriteString("\n## The Herald to talk to\n\n" + head + remote.String())
	return page.String()
}

func settingRow(flag *kong.Flag) string {
	name := "--" + flag.Name
	switch {
	case flag.IsBool() && flag.Tag.Negatable != "":
		name = "--[no-]" + flag.Name
	case !flag.IsBool() && flag.PlaceHolder != "":
		name += "=" + flag.PlaceHolder
	}
	initial := ""
	if flag.HasDefault {
		initial = "`" + flag.Default + "`"
	}
	return fmt.Sprintf("| `%s` | `%s` | %s | %s |\n", name, strings.Join(flag.Envs, "`, `"), initial, strings.ReplaceAll(flag.Help, "|", `\|`))
}
