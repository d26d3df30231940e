package house

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secretKind is one shape of text that must not be committed.
type secretKind struct {
	name string
	// shape matches the text; its first group is the part that is secret.
	shape *regexp.Regexp
	// minEntropy is the number of bits per character from which the secret part counts as live. A made-up key such as
	// hk_xxxx lies below; random letters and digits lie above 3.5. 0 takes every match.
	minEntropy float64
	// harmless opens the secret part of a key that opens nothing outside.
	harmless string
}

// secretKinds are written so that this file does not match itself.
func secretKinds() []secretKind {
	kind := func(name, shape string, minEntropy float64) secretKind {
		return secretKind{name: name, shape: regexp.MustCompile(shape), minEntropy: minEntropy}
	}
	telegram := kind("a Telegram bot token", `(?:^|[^0-9])[0-9]{6,12}:([A-Za-z0-9_-]{35})(?:[^A-Za-z0-9_-]|$)`, 3.5)
	telegram.harmless = "SBX" // a token of the sandbox
	return []secretKind{
		telegram,
		kind("a private key", `(-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----)`, 0),
		kind("a Herald API key", `\bhk_([A-Za-z0-9_-]{20,})`, 3.5),
		kind("an AWS access key", `\b((?:AKIA|ASIA)[0-9A-Z]{16})\b`, 3),
		kind("a Google API key", `\bAIza([0-9A-Za-z_-]{35})(?:[^A-Za-z0-9_-]|$)`, 3.5),
		kind("a Google OAuth secret", `\bGOCSPX-([0-9A-Za-z_-]{28})`, 3.5),
		kind("a GitHub token", `\b(?:gh[pousr]_|github_pat_)([A-Za-z0-9_]{36,})`, 3.5),
		kind("an npm token", `\bnpm_([A-Za-z0-9]{36})\b`, 3.5),
		kind("a Slack token", `\bxox[abprs]-([A-Za-z0-9-]{20,})`, 3),
		kind("a Stripe key", `\b[rs]k_live_([A-Za-z0-9]{20,})`, 3.5),
		kind("a path of one machine", `(?:^|[^A-Za-z0-9_./:-])(/(?:work|root|tmp/team)/)`, 0),
	}
}

func TestNoSecretIsCommitted(t *testing.T) {
	t.Parallel()
	names := tracked(t)
	require.Contains(t, names, "go.mod")
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		report(t, checkSecrets(name, text))
	}
}

func TestSecretCheckFindsPlantedSamples(t *testing.T) {
	t.Parallel()
	const (
		letters35 = "AAHk3vQ9sXw2ZbT7yLmN4pRc8JdF6gVeUo1"
		letters40 = letters35 + "5KiYq"
	)
	tests := []struct{ name, text, want string }{
		{"a Telegram token", "token: 7012345678" + ":" + letters35, "f:1: looks like a Telegram bot token"},
		{"a Telegram token in a URL", "line\nhttps://api.example/bot7012345678" + ":" + letters35 + "/getMe", "f:2: looks like a Telegram bot token"},
		{"a private key", "-----BEGIN RSA " + "PRIVATE KEY-----", "f:1: looks like a private key"},
		{"a Herald key", `"hk_` + letters40 + `"`, "f:1: looks like a Herald API key"},
		{"an AWS key", "AKIA" + "Q3EGRTZ5MPWJ7XNB", "f:1: looks like an AWS access key"},
		{"a Google key", "AIza" + "SyB7" + letters35[:31], "f:1: looks like a Google API key"},
		{"a GitHub token", "ghp_" + letters40, "f:1: looks like a GitHub token"},
		{"an npm token", "npm_" + letters40[:36], "f:1: looks like an npm token"},
		{"a path of a machine", "see /" + "work/main", "f:1: looks like a path of one machine"},
		{"a path of a home", "HOME=/" + "root/go", "f:1: looks like a path of one machine"},
		{"all of them", "ghp_" + letters40 + " AKIA" + "Q3EGRTZ5MPWJ7XNB", "f:1: looks like an AWS access key"},

		{"a sandbox token", "7000000001" + ":SBX" + letters35[3:], ""},
		{"a Telegram token of one letter", "7012345678" + ":" + strings.Repeat("x", 35), ""},
		{"a key that says it is an example", "AKIA" + "IOSFODNN7EXAMPLE", ""},
		{"a Herald key of a manual", "hk_" + strings.Repeat("x", 40), ""},
		{"a short prefix of a key", "hk_live", ""},
		{"a public key", "-----BEGIN PUBLIC KEY-----", ""},
		{"a path of a page", "https://herald.example/" + "work/1", ""},
		{"a checksum", "h1:9QKxAwxpDhZyQMSnqgUMcUvTjaT9EkZx5mp9hZh4H1k=", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			findings := checkSecrets("f", []byte(test.text))
			if test.want == "" {
				require.Empty(t, findings)
				return
			}
			require.Contains(t, findings, test.want)
			for _, finding := range findings {
				require.NotContains(t, finding, letters35[:12], "a finding must not repeat the secret")
			}
		})
	}
}

// checkSecrets returns the place and the kind of everything in a text that looks like a secret, never the secret. What
// has the word "example" in it is made up.
func checkSecrets(name string, text []byte) []string {
	var findings []string
	for _, kind := range secretKinds() {
		for _, match := range kind.shape.FindAllSubmatchIndex(text, -1) {
			secret := string(text[match[2]:match[3]])
			if kind.harmless != "" && strings.HasPrefix(secret, kind.harmless) ||
				strings.Contains(strings.ToLower(secret), "example") || entropy(secret) < kind.minEntropy {
				continue
			}
			line := 1 + bytes.Count(text[:match[2]], []byte("\n"))
			findings = append(findings, fmt.Sprintf("%s:%d: looks like %s", name, line, kind.name))
		}
	}
	return findings
}

// entropy returns Shannon's measure of a text, in bits per character.
func entropy(text string) float64 {
	counts := map[rune]float64{}
	for _, r := range text {
		counts[r]++
	}
	bits, total := 0.0, float64(len(text))
	for _, n := range counts {
		bits -= n / total * math.Log2(n/total)
	}
	return bits
}

// tracked returns the files of the repository that are committed or would be by the next `git add`, relative to the root.
// A file that is deleted but not yet committed is left out.
func tracked(t *testing.T) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err, "git must be installed, and the tests must run in a clone of the repository")
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Stat(filepath.Join(root, name)); err == nil && info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	return names
}
