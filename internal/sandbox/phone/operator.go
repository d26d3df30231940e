package phone

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"herald/internal/sandbox/network"
)

// Config is what an operator is built from.
type Config struct {
	Network  *network.Network
	Client   *http.Client // posts reports and replies
	ReplyURL string       // gets what people write; empty: nobody
	Logger   *slog.Logger
	Clock    func() time.Time
}

// Operator is the SMS operator with all phones. Close it to end what is on its way.
type Operator struct {
	Config
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
	mux    *http.ServeMux

	mu      sync.Mutex
	devices map[string]*device
	byID    map[string]*SMS
	order   []string // ids, oldest first
	waiting int
}

// New returns an operator.
func New(c Config) *Operator {
	o := &Operator{Config: c, mux: http.NewServeMux()}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	o.devices, o.byID = map[string]*device{}, map[string]*SMS{}
	o.routes()
	return o
}

// Close ends what is on its way and waits for it.
func (o *Operator) Close() {
	o.cancel()
	o.done.Wait()
}

// Reset forgets all phones. SMS on their way find no phone.
func (o *Operator) Reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range o.devices {
		close(d.woken)
	}
	o.devices, o.byID, o.order = map[string]*device{}, map[string]*SMS{}, nil
	o.announce("", "")
}

// index remembers an SMS by its id; the lock is held.
func (o *Operator) index(sms *SMS) {
	o.byID[sms.ID] = sms
	o.order = append(o.order, sms.ID)
	for len(o.order) > keptSMS {
		delete(o.byID, o.order[0])
		o.order = o.order[1:]
	}
}

// announce tells that a phone changed.
func (o *Operator) announce(number, id string) {
	o.Network.Touch(network.Change{Kind: network.ChangeSMS, Phone: number, ID: id})
}

func newID() string { return "sms_" + rand.Text() }

// Kept is the operator's part of a snapshot.
type Kept struct {
	Phones []KeptPhone `json:"phones"`
}

// KeptPhone is one phone of a snapshot.
type KeptPhone struct {
	Number string    `json:"number"`
	State  State     `json:"state"`
	Report Report    `json:"report"`
	Delay  Duration  `json:"delay"`
	SMS    []KeptSMS `json:"sms"`
}

// KeptSMS is one SMS of a snapshot.
type KeptSMS struct {
	SMS
	Callback string    `json:"callback,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
}

// Snapshot copies everything that must survive a restart.
func (o *Operator) Snapshot() Kept {
	o.mu.Lock()
	defer o.mu.Unlock()
	var k Kept
	for _, d := range o.devices {
		p := KeptPhone{Number: d.number, State: d.state, Report: d.report, Delay: Duration(d.delay)}
		for _, sms := range d.sms {
			p.SMS = append(p.SMS, KeptSMS{SMS: *sms, Callback: sms.callback, Expires: sms.expires})
		}
		k.Phones = append(k.Phones, p)
	}
	return k
}

// Restore puts a snapshot into an empty operator and carries on what was on its way.
func (o *Operator) Restore(k Kept) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range k.Phones {
		d := &device{number: p.Number, state: p.State, report: p.Report, delay: time.Duration(p.Delay), woken: make(chan struct{})}
		o.devices[p.Number] = d
		for _, kept := range p.SMS {
			sms := kept.SMS
			sms.callback, sms.expires = kept.Callback, kept.Expires
			d.keep(&sms)
			o.index(&sms)
			if sms.Status == Accepted {
				o.waiting++
				o.done.Go(func() { o.carry(&sms, nil) })
			}
		}
	}
}
