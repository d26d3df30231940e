package dsl

import "time"

// Verdict is what a Program decided about an Input.
type Verdict struct {
	Rules      []string // that matched, in the order of the file
	Effects    []Effect // in the order in which they are to happen
	Incoming   string   // the language into which what the person wrote is to be translated; empty: none
	Suppressed bool     // a reply was left out because the person is muted
	Failures   []Failure
	Trace      []Tried // every rule, only from Explain
}

// Failure is a rule that could not be run on this input, although its file was checked. The rules after it are tried.
type Failure struct {
	Rule    string
	At      Position
	Message string
}

// EffectKind is what an effect does.
type EffectKind string

// Kinds of effects, in the order in which those of one rule happen.
const (
	EffectSet      EffectKind = "set"
	EffectTag      EffectKind = "tag"
	EffectUntag    EffectKind = "untag"
	EffectReply    EffectKind = "reply"
	EffectAskPhone EffectKind = "ask_phone"
	EffectNotify   EffectKind = "notify"
	EffectForward  EffectKind = "forward"
	EffectMute     EffectKind = "mute"
	EffectFired    EffectKind = "fired" // remember that a guarded rule fired now
)

// Effect is one thing that a rule asks for.
type Effect struct {
	Kind EffectKind
	Rule string

	Name     string // the field of set, the tag, the label of forward, the recipient of notify
	Value    any    // of set: string, int64, float64, bool, time.Time, or nil to clear it
	Message  *Outgoing
	Duration time.Duration // of mute
}

// Outgoing is a text to send: of a reply, ask_phone or notify.
type Outgoing struct {
	Text      string
	Language  string // in which Text is
	Translate string // the language into which it is to be translated; empty: none
	Buttons   [][]OutgoingButton
}

// OutgoingButton is a button under an Outgoing.
type OutgoingButton struct {
	Text string
	Data string
	URL  string
}

// Outcome is what became of a rule.
type Outcome string

// Outcomes.
const (
	Matched       Outcome = "matched"
	OtherEvent    Outcome = "other_event" // none of its events was raised
	ConditionFail Outcome = "condition"   // `when` did not hold
	AlreadyOnce   Outcome = "once"        // it had fired for this person
	TooSoon       Outcome = "every"       // it fired too short a time ago
	NotReached    Outcome = "not_reached" // an earlier rule had matched
	Muted         Outcome = "muted"       // matched, and its replies are left out
	Failed        Outcome = "failed"      // its expressions failed on this input
)

// Tried is one rule in the explanation of a verdict.
type Tried struct {
	Rule    string
	At      Position
	Outcome Outcome
	Values  []Value // of its expressions and their parts, in the order of the source
}

// Value is what a part of an expression was on this input.
type Value struct {
	Source string
	At     Position
	Value  string // as the language writes it, bounded
}
