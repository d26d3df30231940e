package gateway

// State is where a message is in its life.
type State string

// States of an outgoing message.
const (
	Queued        State = "queued"         // stored; nobody has looked at it yet
	Scheduled     State = "scheduled"      // waits for its time
	Sending       State = "sending"        // a leg is on its way, or waits for a slot
	Withheld      State = "withheld"       // the phone proof is too old: the person is asked to confirm first
	Accepted      State = "accepted"       // the messenger's server took it
	Delivered     State = "delivered"      // a delivery report says so
	Read          State = "read"           // evidence says so
	NotSubscribed State = "not_subscribed" // free: the recipient is not connected to this bot
	Failed        State = "failed"         // free: with a reason
	Unknown       State = "unknown"        // sent, but the answer was lost
	Expired       State = "expired"        // free: its lifetime ended first
	Cancelled     State = "cancelled"      // free: the sender took it back
)

// Received is the one state of an incoming message.
const Received State = "received"

// moves is the machine. The rule messages_state_move of the database carries the same pairs; a test compares them.
var moves = map[State][]State{
	Queued:    {Scheduled, Sending, Withheld, NotSubscribed, Failed, Expired, Cancelled},
	Scheduled: {Sending, Withheld, NotSubscribed, Failed, Expired, Cancelled},
	Sending:   {Accepted, NotSubscribed, Failed, Unknown, Expired, Withheld, Cancelled, Delivered, Read},
	Withheld:  {Sending, NotSubscribed, Failed, Expired, Cancelled},
	Unknown:   {Sending, Accepted, Delivered, Read, Failed, Expired},
	Accepted:  {Sending, Delivered, Read, Failed},
	Delivered: {Sending, Read},
}

// CanBecome tells whether the machine has an arrow from s to next.
func (s State) CanBecome(next State) bool {
	for _, n := range moves[s] {
		if n == next {
			return true
		}
	}
	return false
}

// States are all states of an outgoing message, in the order of its life.
func States() []State {
	return []State{
		Queued, Scheduled, Sending, Withheld, Accepted, Delivered, Read,
		NotSubscribed, Failed, Unknown, Expired, Cancelled,
	}
}

// Settled tells whether s is an outcome: what a sender who waits is waiting for.
func (s State) Settled() bool {
	switch s {
	case Queued, Scheduled, Sending, Withheld:
		return false
	default:
		return true
	}
}

// LegState is where one attempt over one channel is.
type LegState string

// States of a leg.
const (
	LegPending   LegState = "pending" // planned, or its intent is written and the answer is awaited
	LegAccepted  LegState = "accepted"
	LegDelivered LegState = "delivered"
	LegRead      LegState = "read"
	LegFailed    LegState = "failed"
	LegUnknown   LegState = "unknown"
	LegSkipped   LegState = "skipped" // not needed any more: an earlier leg brought the evidence, or the message ended
)

// LegStates are all states of a leg.
func LegStates() []LegState {
	return []LegState{LegPending, LegAccepted, LegDelivered, LegRead, LegFailed, LegUnknown, LegSkipped}
}
