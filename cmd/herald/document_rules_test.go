package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rulesForm is a line of a document that checks or tests rule files, and what is piped into it.
var rulesForm = regexp.MustCompile(`^    \$ (?:(sed [^|]*) \| )?(herald rules (?:check|test) .*)$`)

// TestDocumentedRulesOutput runs what the README and the manual show of checking and testing rule files. What stands below
// the command, up to the next one or the end of the block, is all that it says.
func TestDocumentedRulesOutput(t *testing.T) {
	t.Chdir(repository) // the documents name files as they are seen from the root
	shown := map[string]int{}
	for _, file := range []string{"README.md", filepath.Join("docs", "rules.md")} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := strings.Split(string(text), "\n")
		for i, line := range lines {
			found := rulesForm.FindStringSubmatch(line)
			if found == nil {
				continue
			}
			args, ok := commandIn("    " + found[2])
			require.True(t, ok, line)
			var said bytes.Buffer
			c := &console{In: piped(t, found[1]), Out: &said, Err: &said}
			code := run(t.Context(), args, c)
			require.Equal(t, answerBelow(lines[i+1:]), said.String(), "%s:%d: %s", file, i+1, line)
			shown[args[1]]++
			if code != 0 {
				shown["refused"]++
			}
		}
	}
	require.Equal(t, map[string]int{"check": 2, "test": 2, "refused": 1}, shown, "what the documents show")
}

// piped is what a command writes for the next one.
func piped(t *testing.T, command string) *bytes.Reader {
	t.Helper()
	if command == "" {
		return bytes.NewReader(nil)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
	require.NoError(t, err, command)
	return bytes.NewReader(out)
}

// answerBelow is what a block of a document shows below a command.
func answerBelow(lines []string) string {
	var answer strings.Builder
	for _, line := range lines {
		text, inside := strings.CutPrefix(line, "    ")
		if !inside || strings.HasPrefix(text, "$ ") {
			break
		}
		answer.WriteString(text + "\n")
	}
	return answer.String()
}
