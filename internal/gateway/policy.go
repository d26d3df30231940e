package gateway

import (
	"context"
	"time"
)

// ReasonPolicy is a message that the policy of shared bots refused: it is free, and was never sent.
const ReasonPolicy Reason = "policy_refused"

// PolicyRefusal is why the policy of shared bots refuses a message.
type PolicyRefusal struct {
	Rule  string // of the policy
	Words string // for the sender
}

// PolicyCount is what an account sent by shared bots on this day, a message included that is about to be sent.
type PolicyCount struct {
	People   int64  // who were to get this text
	Today    int64  // messages
	Fresh    bool   // the person had not got it before
	Allowed  bool   // whatever the policy says
	TextHash []byte // keyed: it tells nothing to who only reads it
}

// PolicyAllowance is what the operator allows whatever the policy says: an account, or one text of it.
type PolicyAllowance struct {
	AccountID AccountID
	TextHash  []byte // empty: all texts
	Note      string
	CreatedAt time.Time
}

// PolicyRefusals is how often a rule of the policy refused what was to go by a bot.
type PolicyRefusals struct {
	BotID BotID
	Rule  string
	Count int64
}

// PolicyMessage is a message as the counters know it. Text and person are hashed before they are stored.
type PolicyMessage struct {
	AccountID AccountID
	Text      string
	Person    string
	At        time.Time
}

// PolicyStore keeps the policy of shared bots and its counters.
type PolicyStore interface {
	// PolicySource returns the operator's policy; empty: the one that comes with the program.
	PolicySource(ctx context.Context) (string, error)
	SetPolicy(ctx context.Context, source string, at time.Time) error
	// CountForPolicy counts a message, in one trip. UncountForPolicy takes that back.
	CountForPolicy(ctx context.Context, m PolicyMessage) (PolicyCount, error)
	UncountForPolicy(ctx context.Context, m PolicyMessage, c PolicyCount) error
	AllowByPolicy(ctx context.Context, a PolicyAllowance) error
	// DisallowByPolicy takes it back; one that there is not is no fault.
	DisallowByPolicy(ctx context.Context, a PolicyAllowance) error
	// PolicyAllowances lists them by account, the youngest account first.
	PolicyAllowances(ctx context.Context, p Page) (List[PolicyAllowance], error)
}
