package bots

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
)

// Reconfirm is what an owner says about how often people prove their phones anew; what is left out stays as it is.
type Reconfirm struct {
	Every       *time.Duration // how long a proof is good; 0: for ever
	By          gateway.ConfirmBy
	RemindAfter *time.Duration // 0: the default
	LapseAfter  *time.Duration // 0: the default
}

func (r Reconfirm) asked() bool {
	return r.Every != nil || r.By != "" || r.RemindAfter != nil || r.LapseAfter != nil
}

// Bounds of a policy. People of real bots are not pestered; in the sandbox nobody minds, and nobody wants to wait.
const (
	leastEvery   = 24 * time.Hour
	leastPause   = time.Hour
	leastSandbox = time.Second
	// MaxReconfirmEvery is how long a proof may be good at most: more is no condition.
	MaxReconfirmEvery = 10 * 366 * 24 * time.Hour
	// MaxLapseAfter is how long people have at most.
	MaxLapseAfter = 366 * 24 * time.Hour
)

// apply is a bot's policy as it is then.
func (r Reconfirm) apply(p gateway.ReconfirmPolicy, network gateway.Network) (gateway.ReconfirmPolicy, error) {
	if p.By == "" { // of a bot that is being added
		p = gateway.ReconfirmPolicy{By: gateway.ConfirmContact, RemindAfter: gateway.DefaultRemindAfter, LapseAfter: gateway.DefaultLapseAfter}
	}
	if !r.asked() {
		return p, nil
	}
	if r.Every != nil {
		p.Every = *r.Every
	}
	if r.By != "" {
		p.By = r.By
	}
	set(&p.RemindAfter, r.RemindAfter, gateway.DefaultRemindAfter)
	set(&p.LapseAfter, r.LapseAfter, gateway.DefaultLapseAfter)
	return p, checkReconfirm(p, network)
}

func set(span, wanted *time.Duration, otherwise time.Duration) {
	switch {
	case wanted == nil:
	case *wanted == 0:
		*span = otherwise
	default:
		*span = *wanted
	}
}

func checkReconfirm(p gateway.ReconfirmPolicy, network gateway.Network) error {
	least, pause, words := leastEvery, leastPause, [2]string{"a day", "an hour"}
	if network == gateway.NetworkSandbox {
		least, pause, words = leastSandbox, leastSandbox, [2]string{"a second", "a second"}
	}
	var faults gateway.Faults
	refuse := func(field, message string) {
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, field, message))
	}
	if p.Every != 0 && (p.Every < least || p.Every > MaxReconfirmEvery) {
		refuse("reconfirm_every", fmt.Sprintf("How long the proof of a phone is good is written like 90d: at least %s and at most 3660 days; empty: for ever.", words[0]))
	}
	switch p.By {
	case gateway.ConfirmContact, gateway.ConfirmSMS:
	default:
		refuse("reconfirm_by", "A phone is confirmed by: contact or sms.")
	}
	if p.RemindAfter < pause || p.RemindAfter > MaxLapseAfter {
		refuse("reconfirm_remind_after", fmt.Sprintf("When people are reminded is written like 3d: at least %s and at most 366 days after they were asked.", words[1]))
	}
	if p.LapseAfter < pause || p.LapseAfter > MaxLapseAfter {
		refuse("reconfirm_lapse_after", fmt.Sprintf("When a phone lapses is written like 14d: at least %s and at most 366 days after the person was asked.", words[1]))
	}
	if len(faults) == 0 && p.LapseAfter <= p.RemindAfter {
		refuse("reconfirm_lapse_after", "A phone lapses after its person was reminded: give more than reconfirm_remind_after.")
	}
	return faults.OrNil()
}

// reconfirm writes how often the people of a bot prove their phones anew.
func (s *Service) reconfirm(ctx context.Context, b gateway.Bot, p gateway.ReconfirmPolicy) (gateway.Bot, error) {
	if p == b.Reconfirm {
		return b, nil
	}
	b.Reconfirm = p
	return s.store.DescribeBot(ctx, b, s.now())
}
