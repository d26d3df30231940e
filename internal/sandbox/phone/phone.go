package phone

import (
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"herald/internal/sandbox/network"
)

// State says whether SMS reach the phone.
type State string

// The states of a phone.
const (
	On          State = "on"
	Off         State = "off"         // SMS wait until it is on again, or expire
	Unreachable State = "unreachable" // SMS are undelivered at once
)

// Report says how the delivery of an SMS to this phone is reported.
type Report string

// The ways of reporting.
const (
	ReportNow          Report = "now"
	ReportLate         Report = "late"          // after report_delay
	ReportTwice        Report = "twice"         // the same report two times
	ReportBeforeAnswer Report = "before_answer" // before the program that sent the SMS knows its id
	ReportNever        Report = "never"
	ReportUndelivered  Report = "undelivered" // the SMS does not arrive
)

// Status is the fate of an SMS.
type Status string

// The fates of an SMS.
const (
	Accepted    Status = "accepted" // on its way
	Delivered   Status = "delivered"
	Undelivered Status = "undelivered"
	Expired     Status = "expired"
	Sent        Status = "sent" // written by the person and handed to the operator
)

// Direction is seen from the phone.
type Direction string

// The directions of an SMS.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// SMS is one text message.
type SMS struct {
	ID        string    `json:"id"`
	Direction Direction `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Text      string    `json:"text"`
	Segments  int       `json:"segments"`
	At        time.Time `json:"at"`
	Status    Status    `json:"status"`

	callback string
	expires  time.Time
}

// Phone is what the sandbox tells about a phone.
type Phone struct {
	Phone       string           `json:"phone"`
	Person      network.PersonID `json:"person,omitempty"`
	State       State            `json:"state"`
	Report      Report           `json:"report"`
	ReportDelay Duration         `json:"report_delay"`
	SMS         []SMS            `json:"sms"`
}

// Change sets the given settings of a phone.
type Change struct {
	State       *State    `json:"state"`
	Report      *Report   `json:"report"`
	ReportDelay *Duration `json:"report_delay"`
}

// Duration is written as "5s" in JSON.
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads a duration as Go does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("parse duration: %w", err)
	}
	*d = Duration(v)
	return nil
}

// Bounds of the operator.
const (
	maxPhones   = 200_000
	keptPerNo   = 500    // SMS per phone, the oldest are dropped
	keptSMS     = 50_000 // SMS that can be asked for by id
	maxWaiting  = 10_000 // SMS on their way
	maxText     = 2_000  // runes of one SMS
	lateDefault = 5 * time.Second
	maxDelay    = time.Hour
	lifetime    = 24 * time.Hour
)

// device is one phone; the operator's lock guards it.
type device struct {
	number string
	state  State
	report Report
	delay  time.Duration
	sms    []*SMS
	woken  chan struct{} // closed when the state changes
}

// Phones returns the phones that have a person or an SMS, ordered by number, at most limit.
func (o *Operator) Phones(limit int) []Phone {
	owners := o.Network.Phones(limit)
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]Phone, 0, len(owners)+len(o.devices))
	for number, person := range owners {
		out = append(out, o.view(number, person))
	}
	for number := range o.devices {
		if _, listed := owners[number]; !listed && len(out) < limit {
			p, _ := o.Network.PersonByPhone(number)
			out = append(out, o.view(number, p.ID))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Phone < out[j].Phone })
	return out
}

// Phone returns one phone; a number that nobody used yet is a phone that is on.
func (o *Operator) Phone(raw string) (Phone, error) {
	number, err := normal(raw)
	if err != nil {
		return Phone{}, err
	}
	owner, _ := o.Network.PersonByPhone(number)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.view(number, owner.ID), nil
}

// Update changes the settings of a phone.
func (o *Operator) Update(raw string, c Change) (Phone, error) {
	number, err := normal(raw)
	if err != nil {
		return Phone{}, err
	}
	if c.State != nil && *c.State != On && *c.State != Off && *c.State != Unreachable {
		return Phone{}, invalid("phone:state", "state must be on, off or unreachable")
	}
	if c.Report != nil && !c.Report.known() {
		return Phone{}, invalid("phone:report", "report must be now, late, twice, before_answer, never or undelivered")
	}
	if c.ReportDelay != nil && (*c.ReportDelay < 0 || time.Duration(*c.ReportDelay) > maxDelay) {
		return Phone{}, invalid("phone:report_delay", "report_delay must be from 0s to 1h")
	}
	owner, _ := o.Network.PersonByPhone(number)
	o.mu.Lock()
	defer o.mu.Unlock()
	d, err := o.device(number)
	if err != nil {
		return Phone{}, err
	}
	if c.State != nil && *c.State != d.state {
		d.state = *c.State
		close(d.woken)
		d.woken = make(chan struct{})
	}
	if c.Report != nil {
		d.report = *c.Report
	}
	if c.ReportDelay != nil {
		d.delay = time.Duration(*c.ReportDelay)
	}
	o.announce(number, "")
	return o.view(number, owner.ID), nil
}

func (r Report) known() bool {
	switch r {
	case ReportNow, ReportLate, ReportTwice, ReportBeforeAnswer, ReportNever, ReportUndelivered:
		return true
	}
	return false
}

// view copies a phone; the lock is held.
func (o *Operator) view(number string, owner network.PersonID) Phone {
	p := Phone{Phone: number, Person: owner, State: On, Report: ReportNow, ReportDelay: Duration(lateDefault), SMS: []SMS{}}
	d := o.devices[number]
	if d == nil {
		return p
	}
	p.State, p.Report, p.ReportDelay = d.state, d.report, Duration(d.delay)
	for _, sms := range d.sms {
		p.SMS = append(p.SMS, *sms)
	}
	return p
}

// device finds or makes a phone; the lock is held.
func (o *Operator) device(number string) (*device, error) {
	if d := o.devices[number]; d != nil {
		return d, nil
	}
	if len(o.devices) >= maxPhones {
		return nil, &network.Problem{Kind: network.Full, Code: "phone:too_many", Message: "too many phones"}
	}
	d := &device{number: number, state: On, report: ReportNow, delay: lateDefault, woken: make(chan struct{})}
	o.devices[number] = d
	return d, nil
}

// keep puts an SMS into the phone's list; the lock is held.
func (d *device) keep(sms *SMS) {
	d.sms = append(d.sms, sms)
	if len(d.sms) > keptPerNo {
		d.sms = append([]*SMS(nil), d.sms[len(d.sms)-keptPerNo:]...)
	}
}

func normal(raw string) (string, error) {
	number, ok := network.NormalPhone(raw)
	if !ok {
		return "", invalid("phone:invalid", "%.32q is no number in the international form, such as +380501234567", raw)
	}
	return number, nil
}

func invalid(code, format string, args ...any) error {
	return &network.Problem{Kind: network.Invalid, Code: code, Message: fmt.Sprintf(format, args...)}
}

// checkText refuses empty and overlong texts.
func checkText(text string) error {
	if strings.TrimSpace(text) == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxText {
		return invalid("sms:text", "text must have 1 to %d characters in UTF-8", maxText)
	}
	return nil
}

// gsmBasic are the characters of the GSM alphabet that take one septet, gsmExtended those that take two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
		"ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// Segments is how many messages a text takes: 160 septets, or 153 in each of several; 70 and 67 UTF-16 units when a
// character is not in the GSM alphabet.
func Segments(text string) int {
	septets, units, gsm := 0, 0, true
	for _, r := range text {
		if units++; r > 0xFFFF {
			units++
		}
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtended, r):
			septets += 2
		default:
			gsm = false
		}
	}
	size, one, many := units, 70, 67
	if gsm {
		size, one, many = septets, 160, 153
	}
	if size <= one {
		return 1
	}
	return (size + many - 1) / many
}
