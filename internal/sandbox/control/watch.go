package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/phone"
)

// stateView is everything but the messages.
type stateView struct {
	People []network.Person `json:"people"`
	Bots   []network.Bot    `json:"bots"`
	Groups []network.Group  `json:"groups"`
	Phones []phone.Phone    `json:"phones"`
	Faults []fault.Fault    `json:"faults"`
	Limits botapi.Limits    `json:"limits"`
}

func (a *API) state(*http.Request) (int, any, error) {
	return http.StatusOK, stateView{
		People: a.Network.People(0, maxListed), Bots: a.Network.Bots(""), Groups: a.Network.Groups(),
		Phones: a.Phones.Phones(maxListed), Faults: a.Faults.List(), Limits: a.Bots.Limiter().Limits(),
	}, nil
}

func (a *API) reset(*http.Request) (int, any, error) {
	a.Faults.Clear()
	a.Network.Reset()
	a.Phones.Reset()
	a.Bots.Limiter().SetLimits(a.Limits)
	return http.StatusNoContent, nil, nil
}

// log returns calls after a number, oldest first; without a number the newest ones.
func (a *API) log(r *http.Request) (int, any, error) {
	limit, err := number(r, "limit", 1000, 1, maxListed)
	if err != nil {
		return 0, nil, err
	}
	after, err := number(r, "after", -1, 0, 1<<62)
	if err != nil {
		return 0, nil, err
	}
	calls := a.Bots.Calls()
	if after < 0 {
		after = max(0, calls.Last()-limit)
	}
	list := calls.After(after, int(limit))
	if list == nil {
		list = []botapi.Call{}
	}
	return http.StatusOK, list, nil
}

// keepAlive is how often a quiet stream says that it lives.
const keepAlive = 15 * time.Second

// batch bounds how many changes are written at once.
const batch = 500

// events streams changes as server-sent events. Last-Event-ID, or ?after=, goes on after a change.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	changes := a.Network.Changes()
	last := changes.Last()
	from := r.Header.Get("Last-Event-ID")
	if from == "" {
		from = r.URL.Query().Get("after")
	}
	if v, err := strconv.ParseInt(from, 10, 64); err == nil && v >= 0 && v <= last {
		last = v
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	flusher := http.NewResponseController(w)
	_ = flusher.SetReadDeadline(time.Time{}) // the stream is open longer than reading a request may take
	_, _ = fmt.Fprint(w, "retry: 1000\n\n")
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		more := changes.Changed()
		for {
			list := changes.After(last, batch)
			for _, c := range list {
				raw, _ := json.Marshal(c) // plain struct: cannot fail
				if _, err := fmt.Fprintf(w, "id: %d\nevent: change\ndata: %s\n\n", c.Seq, raw); err != nil {
					return
				}
				last = c.Seq
			}
			if len(list) < batch {
				break
			}
		}
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-a.ctx.Done():
			return
		}
	}
}
