package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/link"
	"herald/internal/sandbox/network"
)

// BenchmarkSendMessage measures one call through the whole Bot API server, without the network stack: what a sender on
// the same machine leaves to the sandbox. Limits are off; a thousand people are written to in turn.
func BenchmarkSendMessage(b *testing.B) {
	n := network.New(network.Bounds{}, time.Now)
	made, err := n.CreateBot(network.NewBot{Name: "Acme", Username: "acme_bot"})
	require.NoError(b, err)
	robot := link.New(nil)
	defer robot.Close()
	server := botapi.New(botapi.Config{
		Network: n, Faults: &fault.Set{}, Robot: robot, Logger: slog.New(slog.DiscardHandler), Clock: time.Now,
	})
	defer server.Close()
	server.Limiter().SetLimits(botapi.Limits{})
	var bodies [][]byte
	for range 1000 {
		name := "Anna"
		p, err := n.CreatePerson(network.PersonChange{FirstName: &name})
		require.NoError(b, err)
		_, err = n.Start(p.ID, "acme_bot", "")
		require.NoError(b, err)
		bodies = append(bodies, fmt.Appendf(nil, `{"chat_id":%d,"text":"Your code is 1234. Do not tell it to anybody.","reply_markup":{"inline_keyboard":[[{"text":"Read","callback_data":"r"}]]}}`, p.ID))
	}
	path := "/bot" + made.Token + "/sendMessage"
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, path, io.NopCloser(bytes.NewReader(bodies[i%len(bodies)])))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
