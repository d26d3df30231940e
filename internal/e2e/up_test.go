package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client/wire"
)

// TestAccount is for what changes the whole account: stories beside it would notice.
func TestAccount(t *testing.T) {
	t.Parallel()
	on := up(t, newFolder(t))
	t.Run("stories", func(t *testing.T) { runScripts(t, "testdata/account", on, "") })
}

// TestUp starts one `herald up` for all stories that leave it running.
func TestUp(t *testing.T) {
	on := up(t, newFolder(t), "--log-level", "debug", "--reconfirm-sweep-every", "1s")
	t.Run("the start says who gets translations", func(t *testing.T) {
		require.Regexp(t, `translation +real bots: off \(--translate-credentials-file\); sandbox: a stand-in `, on.stdout.String()+on.stderr.String())
	})
	t.Run("stories", func(t *testing.T) { runScripts(t, "testdata/up", on, "") })
	t.Run("polling", func(t *testing.T) { runScripts(t, "testdata/intake", on, wire.Polling) })
	t.Run("webhook", func(t *testing.T) { runScripts(t, "testdata/intake", on, wire.Webhook) })
	t.Run("ten sends at once with one key are one message", func(t *testing.T) { testParallelRepeats(t, on) })
	t.Run("metrics show what waits for its turn", func(t *testing.T) { testMetrics(t, on) })
	t.Run("secrets and people stay where they belong", func(t *testing.T) { testSecrets(t, on) })
	t.Run("Ctrl-C stops everything in order", func(t *testing.T) {
		require.Zero(t, on.interrupt(t))
		require.Contains(t, on.stdout.String(), "Stopped.")
	})
}
