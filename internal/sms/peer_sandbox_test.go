package sms_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox"
	"herald/internal/sms"
)

// sandboxPeer is the sandbox, driven through its control API.
type sandboxPeer struct{ url string }

func startSandbox(t *testing.T, callback string) peer {
	s, err := sandbox.New(sandbox.Options{SMSReplyURL: sms.ReplyURL(callback, secret)})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
	})
	return &sandboxPeer{url: s.URL()}
}

func (p *sandboxPeer) config() sms.ProviderConfig {
	return sms.ProviderConfig{Kind: sms.KindSandbox, URL: p.url, Sender: "ACME", CallbackSecret: secret}
}

func (p *sandboxPeer) repeats() {}

func (p *sandboxPeer) control(t *testing.T, method, path string, in, out any) {
	t.Helper()
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, p.url+"/control/v1/phones/"+path, bytes.NewReader(raw))
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err = io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Less(t, response.StatusCode, 300, "%s", raw)
	if out != nil {
		require.NoError(t, json.Unmarshal(raw, out))
	}
}

func (p *sandboxPeer) phone(t *testing.T, number string, h habit) {
	change := map[habit]map[string]string{
		on: {"state": "on", "report": "now"}, off: {"state": "off"}, unreachable: {"state": "unreachable"}, dead: {"state": "off"},
		stutters: {"report": "twice"}, silent: {"report": "never"},
	}[h]
	p.control(t, http.MethodPatch, url.PathEscape(number), change, nil)
}

func (p *sandboxPeer) heard(t *testing.T, number string) []string {
	var phone struct {
		SMS []struct {
			Direction, Text, Status string
			At                      time.Time
		}
	}
	p.control(t, http.MethodGet, url.PathEscape(number), nil, &phone)
	var texts []string
	for _, m := range phone.SMS {
		if m.Direction == "in" && m.Status == "delivered" {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func (p *sandboxPeer) write(t *testing.T, from, to, text string) {
	p.control(t, http.MethodPost, url.PathEscape(from)+"/sms", map[string]string{"to": to, "text": text}, nil)
}
