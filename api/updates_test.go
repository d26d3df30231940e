package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// An update that cannot be processed is shown to the operator without what it says, and goes back to the inbox once.
func TestUpdatesThatWerePutAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	acme := gateway.BotID(w.names["acme"])
	for n := range 3 {
		_, err := w.store.StoreUpdates(t.Context(), []gateway.RawUpdate{{
			AccountID: w.mine, BotID: acme, UpdateID: int64(1000 + n), ChatID: 7_777_000 + int64(n), Body: []byte(`{"text":"my secret"}`), ReceivedAt: w.now(),
		}})
		require.NoError(t, err)
	}
	for range 2 {
		_, err := w.store.ProcessUpdate(t.Context(), w.now(), func(gateway.RawUpdate, gateway.Bot) (gateway.Verdict, error) {
			return gateway.Verdict{}, errors.New("odd kind")
		})
		require.NoError(t, err)
	}
	require.Len(t, w.pending(t, ""), 3)
	require.Len(t, w.pending(t, "?bot=@acme_bot&limit=2"), 2)
	aside := w.pending(t, "?state=aside")
	require.Len(t, aside, 2)
	require.Equal(t, "error: odd kind", aside[0].Error)
	require.True(t, aside[0].ID > aside[1].ID, "newest first")
	for range 2 {
		status, code := w.answer(t, http.MethodPost, "/v1/updates/"+aside[0].ID+"/retry", w.names["their_key"], "")
		require.Equal(t, http.StatusForbidden, status)
		require.Equal(t, gateway.CodeNotOperator, code)
	}
	status, _ := w.answer(t, http.MethodPost, "/v1/updates/"+aside[0].ID+"/retry", w.names["key"], "")
	require.Equal(t, http.StatusOK, status)
	require.Len(t, w.pending(t, "?state=aside"), 1)
	status, code := w.answer(t, http.MethodPost, "/v1/updates/"+aside[0].ID+"/retry", w.names["key"], "")
	require.Equal(t, http.StatusNotFound, status, "it waits already")
	require.Equal(t, gateway.CodeUpdateNotFound, code)
	waiting, left, err := w.store.InboxDepth(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{waiting, left})
}

type shownUpdate struct{ ID, Error, State string }

// pending asks for a list of updates, which says nothing of what people wrote.
func (w *world) pending(t *testing.T, query string) []shownUpdate {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/v1/updates"+query, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+w.names["key"])
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	require.NoError(t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", raw)
	require.NotContains(t, string(raw), "secret")
	require.NotContains(t, string(raw), "7777")
	var list struct{ Items []shownUpdate }
	require.NoError(t, json.Unmarshal(raw, &list))
	return list.Items
}
