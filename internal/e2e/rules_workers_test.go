package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/client"
	"herald/client/wire"
)

// TestRuleSetsChangeOnEveryWorker activates versions while two workers run. Whichever of them handles the next update, the
// one that was activated last decides about it, also on a worker that stood still meanwhile and has heard nothing.
func TestRuleSetsChangeOnEveryWorker(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	on := o.serve(t, o.migrate(t))
	b, err := on.addBot(t.Context(), "changing_bot", wire.Webhook)
	require.NoError(t, err)
	first, second := launch(t, append([]string{"worker"}, o.flags...)...), launch(t, append([]string{"worker"}, o.flags...)...)
	first.awaitReady(t)
	second.awaitReady(t)
	updates := 0
	decides := func(by, other *process) int {
		t.Helper()
		other.freeze(t) // so that it is not the one who takes it
		defer other.thaw(t)
		updates++
		text := fmt.Sprint("update ", updates)
		on.feed(t, b, []json.RawMessage{written(updates, 700_000, text)})
		on.processed(t, b, updates)
		for m, err := range on.api.Messages(t.Context(), client.MessageFilter{Bot: b.ID, Direction: wire.In}) {
			require.NoError(t, err)
			if m.Text == text {
				v, err := on.api.Verdict(t.Context(), m.ID)
				require.NoError(t, err)
				require.Equal(t, []string{fmt.Sprint("version ", v.Version)}, v.Rules)
				return v.Version
			}
		}
		require.Fail(t, "the update is not in History", text)
		return 0
	}
	for version := 1; version <= 2; version++ {
		rules := fmt.Sprintf("herald: 1\nlanguage: en\nrules: [{name: version %d, on: message, forward: v}]\n", version)
		published, err := on.api.PublishRules(t.Context(), b.ID, client.NewRuleVersion{Source: rules})
		require.NoError(t, err)
		require.Equal(t, version, published.Version)
		require.Equal(t, version, decides(first, second), "published, on the first worker")
		require.Equal(t, version, decides(second, first), "published, on the second worker")
	}
	for _, version := range []int{1, 2} { // both have compiled both
		_, err = on.api.ActivateRules(t.Context(), b.ID, version)
		require.NoError(t, err)
		require.Equal(t, version, decides(second, first), "activated, on the second worker")
		require.Equal(t, version, decides(first, second), "activated, on the first worker")
	}
	first.freeze(t)
	_, err = on.api.ActivateRules(t.Context(), b.ID, 1)
	require.NoError(t, err)
	second.freeze(t)
	first.thaw(t)
	require.Equal(t, 1, decides(first, second), "activated while the first worker stood still")
	for _, worker := range []*process{first, second} {
		require.Zero(t, worker.interrupt(t))
	}
	require.Zero(t, on.interrupt(t))
}
