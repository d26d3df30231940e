package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/internal/sandbox/controlclient"
)

// runFile is what herald.json tells everybody who may read it.
type runFile struct {
	API      string `json:"api"`
	Public   string `json:"public"`
	Sandbox  string `json:"sandbox"`
	Temporal string `json:"temporal"`
	APIKey   string `json:"api_key"`
	PID      int    `json:"pid"`
}

// installation is a running Herald as a user has it: a data folder, and what is found through it.
type installation struct {
	*process
	runFile
	data    string
	api     *client.Client
	sandbox *controlclient.Client
}

// newFolder makes a folder for data that any user can reach: as root, PostgreSQL runs as another one.
func newFolder(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "herald-e2e-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

// upOn is `up` on a data folder. What the flags do not name listens on a port that is free.
func upOn(data string, flags ...string) []string {
	args := append([]string{"up", "--data", data}, flags...)
	for _, listen := range []string{"--listen", "--public-listen", "--sandbox-listen"} {
		if !slices.Contains(flags, listen) {
			args = append(args, listen, "127.0.0.1:0")
		}
	}
	return args
}

// up starts everything and waits until it is ready.
func up(t testing.TB, data string, flags ...string) *installation {
	t.Helper()
	i := &installation{process: launch(t, upOn(data, flags...)...), data: data}
	i.awaitReady(t)
	text, err := os.ReadFile(filepath.Join(data, "herald.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &i.runFile))
	require.Equal(t, i.cmd.Process.Pid, i.PID, "herald.json names the process")
	i.api, err = client.New(i.API, i.APIKey)
	require.NoError(t, err)
	if i.Sandbox != "" {
		i.useSandbox(t, i.Sandbox)
	}
	return i
}

// useSandbox plays people in this sandbox.
func (i *installation) useSandbox(t testing.TB, address string) {
	t.Helper()
	var err error
	i.sandbox, err = controlclient.New(address)
	require.NoError(t, err)
}

// databaseURL reaches a database of the installation, as its owner would: the password lies in the data folder, the port
// in PostgreSQL's own pid file.
func (i *installation) databaseURL(database string) (string, error) {
	password, err := os.ReadFile(filepath.Join(i.data, "password"))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	pidFile, err := os.ReadFile(filepath.Join(i.data, "cluster", "postmaster.pid"))
	if err != nil {
		return "", fmt.Errorf("read pid file: %w", err)
	}
	const portLine = 3
	lines := strings.Split(string(pidFile), "\n")
	if len(lines) <= portLine {
		return "", errors.New("the pid file has no port")
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("herald", strings.TrimSpace(string(password))),
		Host: "127.0.0.1:" + strings.TrimSpace(lines[portLine]), Path: "/" + database,
	}
	return u.String(), nil
}

// query returns the rows of a query as text, one line each, fields parted by tabs.
func (i *installation) query(ctx context.Context, database, sql string, args ...any) (string, error) {
	address, err := i.databaseURL(database)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", fmt.Errorf("connect to database %s: %w", database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return "", fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	var text strings.Builder
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return "", fmt.Errorf("read row: %w", err)
		}
		for n, value := range values {
			if n > 0 {
				text.WriteByte('\t')
			}
			fmt.Fprint(&text, value)
		}
		text.WriteByte('\n')
	}
	return text.String(), rows.Err()
}

// count returns the number that a query has as its only value.
func (i *installation) count(t testing.TB, sql string, args ...any) string {
	t.Helper()
	text, err := i.query(t.Context(), "herald", sql, args...)
	require.NoError(t, err)
	return strings.TrimSpace(text)
}

// env is the environment of commands that talk to this installation.
func (i *installation) env() []string { return environment("HERALD_DATA=" + i.data) }

// bot is a bot of the sandbox that was added to Herald.
type bot struct {
	client.Bot
	token string
}

// at is the bot's name with its sign.
func (b bot) at() string { return "@" + b.Username }

// addBot does what a customer does: a bot is made at BotFather and its token given to Herald.
func (i *installation) addBot(ctx context.Context, name string, intake client.Intake) (bot, error) {
	made, err := i.sandbox.CreateBot(ctx, name, name)
	if err != nil {
		return bot{}, fmt.Errorf("make bot: %w", err)
	}
	added, err := i.api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token, Intake: intake})
	if err != nil {
		return bot{}, fmt.Errorf("add bot: %w", err)
	}
	return bot{Bot: added, token: made.Token}, nil
}

// quietRules keep a bot from greeting whoever starts it, where a story counts what it sends.
const quietRules = "herald: 1\nlanguage: en\nrules:\n  - {name: quiet, on: [/start, phone], tag: met}\n"

func (i *installation) quiet(ctx context.Context, b bot) error {
	_, err := i.api.PublishRules(ctx, b.ID, client.NewRuleVersion{Source: quietRules})
	return err
}

// subscribed waits until somebody is a connected subscriber of the bot, with a phone if one is given.
func (i *installation) subscribed(t testing.TB, bot string, f client.SubscriberFilter) client.Subscriber {
	t.Helper()
	var found client.Subscriber
	await(t, patience, "a subscriber", func() (bool, string) {
		for s, err := range i.api.Subscribers(t.Context(), bot, f) {
			if err != nil {
				return false, err.Error()
			}
			found = s
			return s.Connection == "connected", "the subscriber is " + string(s.Connection)
		}
		return false, "there is no such subscriber"
	})
	return found
}

// outcome waits until a message has its outcome.
func (i *installation) outcome(t testing.TB, id string) client.Message {
	t.Helper()
	var m client.Message
	await(t, patience, "the outcome of "+id, func() (bool, string) {
		var err error
		if m, err = i.api.Message(t.Context(), id); err != nil {
			return false, err.Error()
		}
		switch m.State {
		case "queued", "scheduled", "sending", "withheld":
			return false, "it is " + string(m.State)
		default:
			return true, ""
		}
	})
	return m
}

// copies counts how often a text of the bot stands in somebody's chat.
func (i *installation) copies(t testing.TB, person int64, bot, text string) int {
	t.Helper()
	messages, err := i.sandbox.Messages(t.Context(), person, bot)
	require.NoError(t, err)
	n := 0
	for _, m := range messages {
		if !m.Out && m.Text == text {
			n++
		}
	}
	return n
}
