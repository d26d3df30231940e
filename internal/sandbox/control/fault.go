package control

import (
	"net/http"
	"net/url"
	"time"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/network"
)

func (a *API) getLimits(*http.Request) (int, any, error) {
	return http.StatusOK, a.Bots.Limiter().Limits(), nil
}

// putLimits changes the limits that are named and leaves the others.
func (a *API) putLimits(r *http.Request) (int, any, error) {
	limits := a.Bots.Limiter().Limits()
	if err := body(r, &limits); err != nil {
		return 0, nil, err
	}
	if !limits.Valid() {
		return 0, nil, invalid("limits:invalid", "all rates must be in (0, 1000000] and the burst in 1..1000000")
	}
	a.Bots.Limiter().SetLimits(limits)
	a.Network.Announce(network.Change{Kind: network.ChangeLimits})
	return http.StatusOK, limits, nil
}

// faultInput is a fault whose bot may be named by @username.
type faultInput struct {
	Bot         ref            `json:"bot"`
	Method      string         `json:"method"`
	Chat        int64          `json:"chat"`
	Kind        fault.Kind     `json:"kind"`
	Status      int            `json:"status"`
	RetryAfter  int            `json:"retry_after"`
	Delay       fault.Duration `json:"delay"`
	Probability float64        `json:"probability"`
	Times       int            `json:"times"`
}

func (a *API) addFault(r *http.Request) (int, any, error) {
	var in faultInput
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	f := fault.Fault{
		Method: in.Method, Chat: in.Chat, Kind: in.Kind, Status: in.Status, RetryAfter: in.RetryAfter, Delay: in.Delay,
		Probability: in.Probability, Times: in.Times,
	}
	if in.Bot != "" {
		b, err := a.Network.Bot(string(in.Bot))
		if err != nil {
			return 0, nil, err
		}
		f.Bot = int64(b.ID)
	}
	f, err := a.Faults.Add(f)
	if err != nil {
		return 0, nil, invalid("fault:invalid", "%v", err)
	}
	a.Network.Announce(network.Change{Kind: network.ChangeFault, ID: f.ID})
	return http.StatusCreated, f, nil
}

func (a *API) listFaults(*http.Request) (int, any, error) {
	return http.StatusOK, a.Faults.List(), nil
}

func (a *API) removeFault(r *http.Request) (int, any, error) {
	id := r.PathValue("fault")
	if !a.Faults.Remove(id) {
		return 0, nil, &network.Problem{Kind: network.NotFound, Code: "fault:not_found", Message: "there is no such fault"}
	}
	a.Network.Announce(network.Change{Kind: network.ChangeFault, ID: id})
	return http.StatusNoContent, nil, nil
}

func (a *API) clearFaults(*http.Request) (int, any, error) {
	a.Faults.Clear()
	a.Network.Announce(network.Change{Kind: network.ChangeFault})
	return http.StatusNoContent, nil, nil
}

// stealInput says how another program takes the bot.
type stealInput struct {
	How     string `json:"how"`     // webhook or polling
	URL     string `json:"url"`     // of the other program's webhook
	Seconds int    `json:"seconds"` // how long it polls, default 5
}

const maxSteal = time.Hour

func (a *API) steal(r *http.Request) (int, any, error) {
	var in stealInput
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	b, err := a.bot(r)
	if err != nil {
		return 0, nil, err
	}
	switch in.How {
	case "webhook":
		if in.URL == "" {
			in.URL = botapi.StolenURL
		}
		if u, err := url.Parse(in.URL); err != nil || u.Host == "" || len(in.URL) > 2048 {
			return 0, nil, invalid("steal:url", "url must be an http or https address")
		}
		err = a.Bots.StealWebhook(b.ID, in.URL)
	case "polling":
		if in.Seconds == 0 {
			in.Seconds = 5
		}
		if in.Seconds < 0 || time.Duration(in.Seconds)*time.Second > maxSteal {
			return 0, nil, invalid("steal:seconds", "seconds must be from 1 to 3600")
		}
		err = a.Bots.StealPolling(b.ID, time.Duration(in.Seconds)*time.Second)
	default:
		return 0, nil, invalid("steal:how", "how must be webhook or polling")
	}
	return http.StatusAccepted, in, err
}
