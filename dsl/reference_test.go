package dsl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReferenceKnowsEventsAndEffects(t *testing.T) {
	t.Parallel()
	var events []string
	for _, e := range EventInfos() {
		require.NotEmpty(t, e.Doc, e.Name)
		events = append(events, e.Name)
	}
	require.Equal(t, Events, events)

	// The keys of a rule stand in the order of effects.
	kinds := map[EffectKind]bool{}
	for _, e := range EffectInfos() {
		require.NotEmpty(t, e.Doc, e.Kind)
		kinds[e.Kind] = true
	}
	var order []EffectKind
	for _, k := range ruleKeys.keys {
		if kinds[EffectKind(k.name)] {
			order = append(order, EffectKind(k.name))
		}
	}
	var told []EffectKind
	for _, e := range EffectInfos() {
		told = append(told, e.Kind)
	}
	require.Equal(t, order, told)
	require.Len(t, told, 8)
}
