package gateway

import (
	"context"
	"time"
)

// EvidenceKind is what proves that a person got a message.
type EvidenceKind string

// Kinds of evidence, each stronger than the one before.
const (
	EvidenceReport EvidenceKind = "report" // the SMS operator says that the phone has it
	EvidenceLink   EvidenceKind = "link"   // the person opened the read link and their browser confirmed it
	EvidenceButton EvidenceKind = "button" // the person pressed a button under the message
	EvidenceReply  EvidenceKind = "reply"  // the person answered to the message
)

// Evidence is one proof.
type Evidence struct {
	Kind EvidenceKind
	At   time.Time
}

// Grade says how good the proof is, in words.
func (k EvidenceKind) Grade() string {
	switch k {
	case EvidenceReport:
		return "delivery report"
	case EvidenceLink:
		return "link confirmed"
	default:
		return string(k)
	}
}

// proves tells how far evidence gets a message.
func (k EvidenceKind) proves() (State, Until) {
	switch k {
	case EvidenceReport:
		return Delivered, UntilDelivered
	case EvidenceReply:
		return Read, UntilReplied
	case EvidenceLink, EvidenceButton:
		return Read, UntilRead
	default:
		return "", ""
	}
}

// evidenceRank orders evidence by its strength.
func evidenceRank(k EvidenceKind) int {
	for i, known := range []EvidenceKind{"", EvidenceReport, EvidenceLink, EvidenceButton, EvidenceReply} {
		if k == known {
			return i
		}
	}
	return 0
}

// untilRank orders levels by how hard they are to reach.
func untilRank(u Until) int {
	for i, known := range []Until{UntilAccepted, UntilDelivered, UntilRead, UntilReplied} {
		if u == known {
			return i
		}
	}
	return 0
}

// Satisfied tells whether the leg needs no other leg after it: it was accepted, and the evidence that it waits for has
// come.
func (d Delivery) Satisfied(l Leg) bool {
	if l.State != LegAccepted && l.State != LegDelivered && l.State != LegRead {
		return false
	}
	reached := UntilAccepted
	if _, until := d.Message.Evidence.proves(); until != "" {
		reached = until
	}
	if reached == UntilReplied && l.Until == UntilRead {
		return true
	}
	return untilRank(reached) >= untilRank(l.Until)
}

// WithEvidence is the change that a proof makes. Legs that it makes needless are skipped in the same transaction, so the
// next leg never starts after the evidence has come. A proof that says no more than an earlier one changes nothing.
func (d Delivery) WithEvidence(e Evidence, leg int) Change {
	state, _ := e.Kind.proves()
	if evidenceRank(e.Kind) <= evidenceRank(d.Message.Evidence) {
		return Change{}
	}
	change := Change{Evidence: &e}
	event := Event{MessageID: d.Message.ID, At: e.At, Kind: EventEvidence, State: d.Message.State, Leg: leg, Detail: evidenceWords(e.Kind)}
	if d.Message.State.CanBecome(state) {
		change.State = state
		event.From, event.State = d.Message.State, state
	}
	after := d
	after.Message.Evidence = e.Kind
	for _, l := range d.Legs {
		change.SkipRest = change.SkipRest || after.Satisfied(l)
	}
	if next, waiting := d.unbegun(); change.SkipRest && waiting {
		event.Detail += " The next way is not needed: " + string(next.Channel) + "."
	}
	change.Events = []Event{event}
	return change
}

// unbegun is the first leg that still waits to be tried.
func (d Delivery) unbegun() (l Leg, ok bool) {
	for _, l := range d.Legs {
		if l.State == LegPending && l.Intent.IsZero() {
			return l, true
		}
	}
	return Leg{}, false
}

func evidenceWords(k EvidenceKind) string {
	switch k {
	case EvidenceReport:
		return "The operator reports that the phone has the SMS."
	case EvidenceLink:
		return "The person opened the read link, and their browser confirmed it."
	case EvidenceButton:
		return "The person pressed a button under the message."
	default:
		return "The person answered to the message."
	}
}

// ReadLink is a link that proves reading. Its token goes to the person.
type ReadLink struct {
	AccountID AccountID
	MessageID MessageID
	Number    int    // from 1 within the message; the message's own link first
	Token     string // what the person holds; known only when the link is made
	Link      string // the whole link as it is sent
	URL       string // where it leads
}

// LinkStore finds read links by their tokens.
type LinkStore interface {
	// ReadLink returns the link and notes that it was shown. CodeLinkNotFound if there is none.
	ReadLink(ctx context.Context, token string, now time.Time) (ReadLink, error)
	// ConfirmLink notes the first confirmation of the link.
	ConfirmLink(ctx context.Context, token string, now time.Time) error
}
