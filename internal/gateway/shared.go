package gateway

import (
	"context"
	"time"
)

// Purpose is what a shared bot may carry.
type Purpose string

// Purposes of shared bots.
const (
	PurposeService Purpose = "service" // codes, and notices about something the person did
	PurposeCodes   Purpose = "codes"   // one-time codes alone
	PurposeAlerts  Purpose = "alerts"  // notices of servers and programs
	PurposeAny     Purpose = "any"     // everything
)

// Purposes are all purposes, in the order in which they are documented.
func Purposes() []Purpose {
	return []Purpose{PurposeService, PurposeCodes, PurposeAlerts, PurposeAny}
}

// Known tells whether there is such a purpose.
func (p Purpose) Known() bool {
	for _, known := range Purposes() {
		if p == known {
			return true
		}
	}
	return false
}

// Carries tells whether messages of a lane may go by a bot of this purpose.
func (p Purpose) Carries(lane Lane) bool {
	switch p {
	case PurposeService:
		return lane == LaneCode || lane == LaneService
	case PurposeCodes:
		return lane == LaneCode
	case PurposeAlerts:
		return lane == LaneService
	default:
		return true
	}
}

// Lends tells whether the account uses the bot without owning it: it may send by it, and learns nothing of its people.
func (b Bot) Lends(to AccountID) bool { return b.Shared && b.AccountID != to }

// UsableBy tells whether the account may send by the bot: its own, or one that is shared.
func (b Bot) UsableBy(account AccountID) bool { return b.Shared || b.AccountID == account }

// AttributedFor is how long after an account wrote to a person what they write on a shared bot is for that account.
const AttributedFor = 14 * 24 * time.Hour

// Owner is the account to which an update of a shared bot belongs, with the version of its rules that is active.
type Owner struct {
	AccountID AccountID
	Rules     int
}

// Attribution finds the owner of an update: the account of the message that it answers or whose button was pressed, else
// the account that last wrote to this person within AttributedFor, else the bot's own. answered is the messenger's name
// for the message, 0 if there is none.
type Attribution func(ctx context.Context, person, answered int64) (Owner, error)
