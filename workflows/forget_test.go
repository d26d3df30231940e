package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// translator is one during whose call something else happens.
type translator struct {
	during func()
	key    gateway.TranslationKey
}

func (s translator) Translate(_ context.Context, r gateway.TranslationRequest) (gateway.Translation, error) {
	s.during()
	return gateway.Translation{Text: "[" + r.To + "] " + r.Text, Key: &s.key}, nil
}

func TestKeepsNoTranslationOfWhatWasForgottenWhileItWasTranslated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := gateway.TranslationKey{7}
	in := w.accept(t, func(m *gateway.Message) { m.TranslateTo = "uk" })
	w.deliverer.TranslateWith(translator{key: key, during: func() {
		list, err := w.store.Subscribers(t.Context(), "acc_1", w.bot.ID, gateway.SubscriberFilter{PlatformID: w.anna}, gateway.Page{Limit: 1})
		require.NoError(t, err)
		require.NoError(t, w.store.Forget(t.Context(), "acc_1", w.bot.ID, list.Items[0].ID, w.now()))
		for more := true; more; {
			more, err = w.store.Erase(t.Context(), w.now())
			require.NoError(t, err)
		}
		require.NoError(t, w.store.KeepTranslation(t.Context(), "acc_1", key, []byte("sealed"), w.now()))
	}})
	m, _ := w.run(t, in)
	require.Equal(t, gateway.Cancelled, m.State)
	require.Empty(t, m.Translation.Text)
	require.Zero(t, w.copies(t))
	_, found, err := w.store.KeptTranslation(t.Context(), "acc_1", key, noon)
	require.NoError(t, err)
	require.False(t, found)
}
