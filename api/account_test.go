package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestOnlyTheOperatorSetsPrices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	const list = `{"currency":"EUR","items":[{"channel":"sms","amount":"0.09"}]}`
	status, code := w.answer(t, http.MethodPut, "/v1/prices", w.names["their_key"], list)
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, gateway.CodeNotOperator, code)
	require.Zero(t, w.rows("prices"))

	status, _ = w.answer(t, http.MethodPut, "/v1/prices", w.names["key"], list)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 1, w.rows("prices"))
	status, _ = w.answer(t, http.MethodGet, "/v1/prices", w.names["their_key"], "")
	require.Equal(t, http.StatusOK, status, "everybody sees what they pay")
}

func TestDefaultsAreOfOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	status, _ := w.answer(t, http.MethodPut, "/v1/defaults", w.names["their_key"], `{"max_price":"0"}`)
	require.Equal(t, http.StatusOK, status)
	mine, err := w.store.Terms(t.Context(), w.mine)
	require.NoError(t, err)
	require.Zero(t, mine.Defaults)
	theirs, err := w.store.Terms(t.Context(), w.theirs)
	require.NoError(t, err)
	require.Equal(t, "0", theirs.Defaults.MaxPrice)
}
