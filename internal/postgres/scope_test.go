package postgres_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

// twoAccounts is a store on which two accounts have a message each.
func twoAccounts(t *testing.T, conns int32) *postgres.Store {
	t.Helper()
	url := postgrestest.URL(t)
	conn := postgrestest.Conn(t, url)
	for _, statement := range []string{
		`INSERT INTO accounts (id, name, created_at) VALUES ('acc_1', 'One', now()), ('acc_2', 'Two', now()), ('acc_3', 'Three', now())`,
		`INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret, intake, state, created_at, updated_at)
		 SELECT 'bot_' || n, 'acc_' || n, 'telegram', 'sandbox', n, 'bot' || n, '', 'x', '', 'polling', 'active', now(), now() FROM generate_series(1, 2) n`,
		`INSERT INTO messages (id, account_id, bot_id, direction, text, state, created_at, updated_at)
		 SELECT 'msg_' || n, 'acc_' || n, 'bot_' || n, 'in', '', 'received', now(), now() FROM generate_series(1, 2) n`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	store, err := postgres.Open(t.Context(), postgres.Options{URL: url, MaxConns: conns, Vault: postgres.NoVault()})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// forgetful is a query that forgot the account.
const forgetful = "SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') FROM messages"

func seen(t *testing.T, store *postgres.Store, ctx context.Context) string {
	t.Helper()
	var ids string
	require.NoError(t, store.Statements().QueryRow(ctx, forgetful).Scan(&ids))
	return ids
}

func TestScope(t *testing.T) {
	t.Parallel()
	one := func(ctx context.Context) context.Context { return postgres.Of(ctx, "acc_1") }
	two := func(ctx context.Context) context.Context { return postgres.Of(ctx, "acc_2") }

	t.Run("shows a query that forgets the account only rows of the session's", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 1)
		require.Equal(t, "msg_1", seen(t, store, one(t.Context())))
		require.Equal(t, "msg_2", seen(t, store, two(t.Context())))
		require.Equal(t, "msg_1 msg_2", seen(t, store, postgres.Of(t.Context(), "acc_1", "acc_2")))
		require.Equal(t, "msg_1 msg_2", seen(t, store, postgres.System(t.Context(), postgres.WatchWork)))
		require.Empty(t, seen(t, store, postgres.Of(t.Context(), "acc_3")))
		require.Empty(t, seen(t, store, postgres.Of(t.Context(), "")), "a session without an account sees nothing")
	})

	t.Run("refuses a method that does not say for whom it works", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 1)
		var ids string
		require.ErrorIs(t, store.Statements().QueryRow(t.Context(), forgetful).Scan(&ids), postgres.ErrNoScope)
		_, err := store.Statements().Exec(t.Context(), "DELETE FROM messages")
		require.ErrorIs(t, err, postgres.ErrNoScope)
		err = store.InTx(t.Context(), func(pgx.Tx) error { return nil })
		require.ErrorIs(t, err, postgres.ErrNoScope)
	})

	t.Run("lets nothing be written into another account", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 1)
		changed, err := store.Statements().Exec(one(t.Context()), "UPDATE messages SET label = 'x'")
		require.NoError(t, err)
		require.EqualValues(t, 1, changed.RowsAffected())
		gone, err := store.Statements().Exec(one(t.Context()), "DELETE FROM messages WHERE id = 'msg_2'")
		require.NoError(t, err)
		require.Zero(t, gone.RowsAffected())
		_, err = store.Statements().Exec(one(t.Context()), "UPDATE messages SET account_id = 'acc_2'")
		require.ErrorContains(t, err, "row-level security")
		_, err = store.Statements().Exec(one(t.Context()), `INSERT INTO messages (id, account_id, bot_id, direction, text, state, created_at, updated_at)
			VALUES ('msg_3', 'acc_2', 'bot_2', 'in', '', 'received', now(), now())`)
		require.ErrorContains(t, err, "row-level security")
		_, err = store.Statements().Exec(one(t.Context()), "ALTER TABLE messages DISABLE ROW LEVEL SECURITY")
		require.ErrorContains(t, err, "must be owner")
	})

	t.Run("is told once to a connection that goes on working for one account", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 1)
		require.True(t, store.Behind(one(t.Context())))
		require.Equal(t, "msg_1", seen(t, store, one(t.Context())))
		require.False(t, store.Behind(one(t.Context())))
		require.True(t, store.Behind(two(t.Context())))
		require.NoError(t, store.InTx(two(t.Context()), func(pgx.Tx) error { return nil }))
		require.False(t, store.Behind(two(t.Context())))
	})

	t.Run("is right after transactions and statements that failed", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 1)
		require.Equal(t, "msg_1", seen(t, store, one(t.Context())))
		undone := errors.New("undone")
		err := store.InTx(two(t.Context()), func(tx pgx.Tx) error {
			var ids string
			require.NoError(t, tx.QueryRow(t.Context(), forgetful).Scan(&ids))
			require.Equal(t, "msg_2", ids)
			return undone
		})
		require.ErrorIs(t, err, undone)
		require.Equal(t, "msg_1", seen(t, store, one(t.Context())))
		_, err = store.Statements().Exec(two(t.Context()), "SELECT 1 / (SELECT count(*) FROM messages WHERE id = 'msg_1')")
		require.ErrorContains(t, err, "division by zero")
		require.Equal(t, "msg_2", seen(t, store, two(t.Context())))
		_, err = store.Statements().Exec(two(t.Context()), "SELECT 1 / 0")
		require.ErrorContains(t, err, "division by zero")
		require.Equal(t, "msg_1", seen(t, store, one(t.Context())))
		var none string
		require.ErrorIs(t, store.Statements().QueryRow(two(t.Context()), "SELECT id FROM messages WHERE id = 'msg_1'").Scan(&none), pgx.ErrNoRows)
	})

	t.Run("holds while many accounts share few connections", func(t *testing.T) {
		t.Parallel()
		store := twoAccounts(t, 3)
		var wg sync.WaitGroup
		wrong := make(chan string, 1000)
		for worker := range 8 {
			wg.Go(func() {
				for turn := range 60 {
					account, want := gateway.AccountID("acc_1"), "msg_1"
					if (worker+turn)%2 == 1 {
						account, want = "acc_2", "msg_2"
					}
					ctx := postgres.Of(t.Context(), account)
					var got string
					var err error
					if turn%3 == 0 {
						err = store.InTx(ctx, func(tx pgx.Tx) error {
							err := tx.QueryRow(ctx, forgetful).Scan(&got)
							if turn%2 == 0 {
								err = errors.Join(err, errors.New("undone"))
							}
							return err
						})
						if err != nil && err.Error() == "undone" {
							err = nil
						}
					} else {
						err = store.Statements().QueryRow(ctx, forgetful).Scan(&got)
					}
					if err != nil || got != want {
						wrong <- got + " for " + want
					}
				}
			})
		}
		wg.Wait()
		close(wrong)
		for w := range wrong {
			require.Fail(t, w)
		}
	})
}

func TestEveryTableWithAnAccountIsSecured(t *testing.T) {
	t.Parallel()
	conn := postgrestest.Conn(t, postgrestest.URL(t))
	const open = `
		SELECT c.relname FROM pg_class c
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
		  AND (c.relname = 'accounts' OR EXISTS (
		      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped))
		  AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
		      SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
		      AND pg_get_expr(p.polqual, c.oid) LIKE 'in_scope(%' AND pg_get_expr(p.polwithcheck, c.oid) LIKE 'in_scope(%'))
		ORDER BY 1`
	names := func() []string {
		rows, err := conn.Query(t.Context(), open)
		require.NoError(t, err)
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return got
	}
	require.Empty(t, names(), "call secure_rows('table') in the migration that makes the table")
	_, err := conn.Exec(t.Context(), "CREATE TABLE forgotten (account_id text)")
	require.NoError(t, err)
	require.Equal(t, []string{"forgotten"}, names(), "the search itself finds what is open")
}

// overAllAccounts are the queries that name no account, by the file that they stand in, with the work that they are part
// of. A query that serves an account is not among them: it takes the account.
var overAllAccounts = map[string]string{
	"Operator": "the one account that owns the installation", "CreateAccount": "a new one", "Account": "it is the account", "Accounts": "the operator's list",
	"KeyByHash": "the account is what we want to know",

	"AnnounceBots": "touches no table", "AnnounceUpdates": "touches no table", "LockPhone": "touches no table", "TryImport": "touches no table",

	"AnsweredOwner": "whose an update is", "LastWriter": "whose an update is",
	"BotForIntake": "a webhook names its bot alone", "LiveBots": "intake of all bots", "AcquirePolls": "leases",
	"ReleasePolls": "leases", "StillPolls": "leases", "TakeWatches": "the watchdog",
	"ReconfirmingBots": "proofs of all accounts grow old",
	"BotStats":         "metrics", "CountSubscribers": "metrics", "SendQueue": "metrics", "Refusals": "metrics",
	"InboxDepth": "metrics", "OutboxDepth": "metrics",

	"LegInChat": "a reply or a button names a message as the messenger does, with its bot",
	"LegByID":   "a report names a leg", "LegByProvider": "a report names an SMS as its provider does", "LegByPhone": "an SMS names a phone",
	"SaveReport": "reports come before their leg is known", "EarlyReport": "reports come before their leg is known",
	"SaveReply": "an SMS that may answer nobody", "KnownReply": "an SMS that may answer nobody", "DueSMS": "reports of all accounts",
	"ReadLink": "a reader of a link shows its token", "ConfirmLink": "a reader of a link shows its token",

	"DueEdits": "changes of all accounts", "DueOutbox": "messages of all accounts", "ReleaseOutbox": "messages of all accounts",
	"DropOutbox": "messages of all accounts", "RequeueForgotten": "messages of all accounts",
	"TakeUpdate": "the oldest update of all bots", "FinishUpdate": "an update in hand", "EmptyUpdate": "an update in hand", "PutUpdateAside": "an update in hand",
	"CountUpdateFailure": "an update in hand", "UntranslatedInbound": "texts of all accounts",

	"WithdrawLostReconfirmations": "the janitor",
	"DropOldReports":              "the janitor", "DropOldClaims": "the janitor", "DropOldEvents": "the janitor", "DropOldFiles": "the janitor",
	"DropOldUpdates": "the janitor", "DropOldTranslations": "the janitor", "DropSurplusTranslations": "the janitor",

	"CheckVault": "one vault for the installation", "PlainLeft": "one vault for the installation", "SealedPlain": "one vault for the installation",
	"SealedBy": "one vault for the installation", "SetSealedBy": "one vault for the installation",

	"PolicySource": "one policy for the installation", "SetPolicy": "one policy for the installation", "ResetPolicy": "one policy for the installation",
	"PolicyAllowances": "the operator's list", "DropOldPolicyCounts": "the janitor",

	"NamePriceList": "one list for the installation", "DropPrices": "one list for the installation", "InsertPrices": "one list for the installation",

	"PendingUpdates": "the operator looks at all accounts", "RetryUpdate": "the operator looks at all accounts",

	"LeaveExternalID": "by bot, whose person the account was shown", "ChooseLanguage": "part of an update in hand, by bot",
	"ByPlatformID": "part of a message in hand, by its bot", "ByPhone": "part of a message in hand, by its bot",
	"KnownChat": "part of an update in hand, by bot", "MigrateChat": "part of an update in hand, by bot",
	"TakeForgetting":      "whoever is forgotten is so in all accounts",
	"MessagesOfForgotten": "whoever is forgotten is so in all accounts",
	"EraseMessages":       "whoever is forgotten is so in all accounts",
	"FilesOfMessages":     "whoever is forgotten is so in all accounts",
	"DropLoneFiles":       "whoever is forgotten is so in all accounts",
	"EraseUpdates":        "whoever is forgotten is so in all accounts",
	"EraseEvents":         "whoever is forgotten is so in all accounts",
	"EraseReplies":        "whoever is forgotten is so in all accounts",
	"MoveForgetting":      "whoever is forgotten is so in all accounts",
	"EndForgetting":       "whoever is forgotten is so in all accounts",
	"ReconfirmAsks":       "a phone is its person's, whoever asks", "CountReconfirmAsks": "a phone is its person's, whoever asks",
	"JoinPhoneAsk": "a phone is its person's, whoever asks",
	"ClaimedPhone": "part of an update in hand, by bot", "AskedForPhone": "a phone is its person's, whoever asks",
	"CountClaims":     "part of an update in hand, by bot",
	"ReplacePhoneAsk": "a phone is its person's, whoever asks", "OpenPhoneAsk": "a phone is its person's, whoever asks",
	"CountPhoneTry": "a phone is its person's, whoever asks", "ClosePhoneAsk": "a phone is its person's, whoever asks",
	"Withheld":   "a phone is its person's, whoever waits for its proof",
	"ClosePhone": "part of an update in hand, by bot", "PhoneHolder": "part of an update in hand, by bot",
}

var queryName = regexp.MustCompile(`(?m)^-- name: (\w+) :\w+$`)

func TestEveryQueryThatServesAnAccountTakesIt(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(os.DirFS("queries"), "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := map[string]bool{}
	var forgetful []string
	for _, file := range files {
		body, err := os.ReadFile("queries/" + file)
		require.NoError(t, err)
		marks := queryName.FindAllSubmatchIndex(body, -1)
		require.NotEmpty(t, marks, file)
		for i, mark := range marks {
			end := len(body)
			if i+1 < len(marks) {
				end = marks[i+1][0]
			}
			name, statement := string(body[mark[2]:mark[3]]), string(body[mark[1]:end])
			if !takesAccount(statement) {
				found[name] = true
				if overAllAccounts[name] == "" {
					forgetful = append(forgetful, file+": "+name)
				}
			}
		}
	}
	require.Empty(t, forgetful, "these queries take no account: add it, or say in overAllAccounts why they may look at all of them")
	for name := range overAllAccounts {
		require.True(t, found[name], "%s takes the account, or is gone: take it off the list", name)
	}
}

// accountTaken is a comparison with the account, or a row of the account that is written.
var accountTaken = regexp.MustCompile(`\baccount_id = (\$\d|@)|@(bot_)?account_ids?\b|INSERT INTO \w+ (AS \w+ )?\([^)]*\baccount_id\b[^)]*\)\s*VALUES \(\$`)

func takesAccount(statement string) bool {
	var lines []string
	for line := range strings.Lines(statement) {
		if !strings.HasPrefix(line, "--") {
			lines = append(lines, line)
		}
	}
	return accountTaken.MatchString(strings.Join(lines, ""))
}

func TestOwnerOfNothingButTheDatabase(t *testing.T) {
	t.Parallel()
	admin := postgrestest.URL(t)
	conn := postgrestest.Conn(t, admin)
	for _, statement := range []string{"CREATE ROLE plain LOGIN PASSWORD 'plain'", "CREATE DATABASE plain OWNER plain"} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	address, err := url.Parse(admin.Reveal())
	require.NoError(t, err)
	address.User, address.Path = url.UserPassword("plain", "plain"), "/plain"
	plain := gateway.Secret(address.String())
	_, err = postgres.Migrate(t.Context(), plain, postgres.NoVault())
	require.NoError(t, err)
	store, err := postgres.Open(t.Context(), postgres.Options{URL: plain, MaxConns: 1, Vault: postgres.NoVault()})
	require.NoError(t, err)
	defer store.Close()
	for _, id := range []gateway.AccountID{"acc_1", "acc_2"} {
		require.NoError(t, store.CreateAccount(t.Context(), gateway.Account{ID: id, Name: string(id), CreatedAt: noon}))
	}
	see := func(ctx context.Context) (ids string) {
		const all = "SELECT coalesce(string_agg(id, ' ' ORDER BY id), '') || ' as ' || current_user FROM accounts"
		require.NoError(t, store.Statements().QueryRow(ctx, all).Scan(&ids))
		return ids
	}
	require.Equal(t, "acc_1 as plain", see(postgres.Of(t.Context(), "acc_1")))
	require.Equal(t, " as plain", see(postgres.Of(t.Context(), "")))
	require.Equal(t, "acc_1 acc_2 as plain", see(postgres.System(t.Context(), postgres.WatchWork)))

	t.Run("is refused when it sees all rows and cannot become another", func(t *testing.T) {
		_, err := conn.Exec(t.Context(), "ALTER ROLE plain BYPASSRLS")
		require.NoError(t, err)
		_, err = postgres.Open(t.Context(), postgres.Options{URL: plain, Vault: postgres.NoVault()})
		require.ErrorContains(t, err, "sees all rows")
		_, err = conn.Exec(t.Context(), "GRANT herald_app TO plain")
		require.NoError(t, err)
		_, err = postgres.Migrate(t.Context(), plain, postgres.NoVault())
		require.NoError(t, err)
		again, err := postgres.Open(t.Context(), postgres.Options{URL: plain, Vault: postgres.NoVault()})
		require.NoError(t, err)
		again.Close()
	})
}
