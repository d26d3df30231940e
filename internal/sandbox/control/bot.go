package control

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"herald/internal/sandbox/network"
)

func (a *API) createBot(r *http.Request) (int, any, error) {
	var in network.NewBot
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	b, err := a.Network.CreateBot(in)
	return http.StatusCreated, b, err
}

func (a *API) listBots(r *http.Request) (int, any, error) {
	return http.StatusOK, a.Network.Bots(r.URL.Query().Get("q")), nil
}

func (a *API) getBot(r *http.Request) (int, any, error) {
	b, err := a.bot(r)
	return http.StatusOK, b, err
}

func (a *API) deleteBot(r *http.Request) (int, any, error) {
	b, err := a.bot(r)
	if err == nil {
		err = a.Network.DeleteBot(b.ID)
	}
	return http.StatusNoContent, nil, err
}

func (a *API) revokeBot(r *http.Request) (int, any, error) {
	b, err := a.bot(r)
	if err == nil {
		b, err = a.Network.RevokeBot(b.ID)
	}
	return http.StatusOK, b, err
}

// resolved is a bot found by a link.
type resolved struct {
	Bot     network.Bot `json:"bot"`
	Payload string      `json:"payload"`
}

func (a *API) resolve(r *http.Request) (int, any, error) {
	name, payload, err := parseLink(r.URL.Query().Get("link"))
	if err != nil {
		return 0, nil, err
	}
	b, err := a.Network.Bot("@" + name)
	return http.StatusOK, resolved{Bot: b, Payload: payload}, err
}

var (
	nameForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)
	payloadForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,64}$`)
)

// parseLink reads @name, name, tg://resolve?domain=name&start=payload, and any http(s) address whose path is the name:
// https://t.me/name?start=payload and the sandbox's own page.
func parseLink(raw string) (name, payload string, err error) {
	raw = strings.TrimSpace(raw)
	wrong := invalid("link:invalid", "the link leads to no bot")
	if raw == "" || len(raw) > 2048 {
		return "", "", wrong
	}
	if strings.HasPrefix(raw, "t.me/") || strings.HasPrefix(raw, "telegram.me/") {
		raw = "https://" + raw
	}
	name = strings.TrimPrefix(raw, "@")
	if u, parseErr := url.Parse(raw); parseErr == nil {
		switch u.Scheme {
		case "tg":
			if u.Host != "resolve" {
				return "", "", wrong
			}
			name, payload = u.Query().Get("domain"), u.Query().Get("start")
		case "http", "https":
			name, payload = strings.Trim(u.Path, "/"), u.Query().Get("start")
		}
	}
	if !nameForm.MatchString(name) {
		return "", "", wrong
	}
	if !payloadForm.MatchString(payload) {
		return "", "", invalid("link:payload", "a payload has at most 64 of A-Z, a-z, 0-9, _ and -")
	}
	return name, payload, nil
}
