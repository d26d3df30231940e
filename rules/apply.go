package rules

import (
	"slices"
	"time"

	"herald/dsl"
	"herald/internal/gateway"
)

// Notes of verdicts: why something that the rules asked for was left out.
const (
	NoteMuted   = "muted"   // automatic replies to this person are off for a while
	NoteLoop    = "loop"    // the chat got as many automatic replies as it may in ten minutes
	NoteFailed  = "failed"  // a rule could not be run on this input, and was left out
	NoteRefused = "refused" // a text that no messenger takes, or a recipient that is none
	NoteFull    = "full"    // the person has as many tags or fields as are kept
)

// The guard against loops: two bots that answer each other would never end.
const (
	LoopReplies = 20
	LoopWindow  = 10 * time.Minute
)

// Bounds of what is kept about a person.
const (
	maxTags   = 100
	maxTag    = 64 // characters
	maxFields = 100
	maxField  = 1024 // characters of a text
)

// Applied is what becomes of a verdict.
type Applied struct {
	State   gateway.PersonState // as it shall stand
	Effects []dsl.Effect        // that happen, in their order
	Left    []dsl.Effect        // that do not, by the guard against loops
	Notes   []string
}

// Apply decides what becomes of a verdict. The state that goes in is left as it is.
func Apply(state gateway.PersonState, v dsl.Verdict, wrote bool, now time.Time) Applied {
	a := Applied{State: copied(state)}
	if wrote {
		a.State.Messages++
	}
	if v.Suppressed {
		a.note(NoteMuted)
	}
	if len(v.Failures) > 0 {
		a.note(NoteFailed)
	}
	a.State.RepliedAt = slices.DeleteFunc(a.State.RepliedAt, func(at time.Time) bool { return now.Sub(at) >= LoopWindow })
	if len(a.State.RepliedAt)+replies(v.Effects) > LoopReplies {
		v.Effects = a.withoutReplies(v.Effects)
	}
	for _, e := range v.Effects {
		a.apply(e, now)
	}
	return a
}

func copied(s gateway.PersonState) gateway.PersonState {
	s.Tags, s.RepliedAt = slices.Clone(s.Tags), slices.Clone(s.RepliedAt)
	fields, fired := make(gateway.Fields, len(s.Fields)), make(map[string]time.Time, len(s.Fired))
	for name, value := range s.Fields {
		fields[name] = value
	}
	for rule, at := range s.Fired {
		fired[rule] = at
	}
	s.Fields, s.Fired = fields, fired
	return s
}

// sends tells whether an effect sends something.
func sends(k dsl.EffectKind) bool {
	return k == dsl.EffectReply || k == dsl.EffectAskPhone || k == dsl.EffectNotify
}

// replies counts the effects that write to the person.
func replies(effects []dsl.Effect) (n int) {
	for _, e := range effects {
		if e.Kind == dsl.EffectReply || e.Kind == dsl.EffectAskPhone {
			n++
		}
	}
	return n
}

func (a *Applied) withoutReplies(effects []dsl.Effect) (rest []dsl.Effect) {
	a.note(NoteLoop)
	for _, e := range effects {
		if sends(e.Kind) {
			a.Left = append(a.Left, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

func (a *Applied) apply(e dsl.Effect, now time.Time) {
	switch e.Kind {
	case dsl.EffectSet:
		a.set(e)
	case dsl.EffectTag:
		a.tag(cut(e.Name, maxTag))
	case dsl.EffectUntag:
		a.State.Tags = slices.DeleteFunc(a.State.Tags, func(tag string) bool { return tag == cut(e.Name, maxTag) })
	case dsl.EffectMute:
		a.State.Muted = now.Add(e.Duration)
	case dsl.EffectFired:
		a.State.Fired[e.Rule] = now
	case dsl.EffectReply, dsl.EffectAskPhone:
		a.State.RepliedAt = append(a.State.RepliedAt, now)
	}
	a.Effects = append(a.Effects, e)
}

func (a *Applied) set(e dsl.Effect) {
	_, there := a.State.Fields[e.Name]
	switch value := e.Value.(type) {
	case nil:
		delete(a.State.Fields, e.Name)
		return
	case string:
		e.Value = cut(value, maxField)
	case time.Time:
		e.Value = value.UTC().Truncate(time.Microsecond) // as it comes back from the database
	}
	if !there && len(a.State.Fields) >= maxFields {
		a.note(NoteFull)
		return
	}
	a.State.Fields[e.Name] = e.Value
}

func (a *Applied) tag(tag string) {
	switch {
	case tag == "" || slices.Contains(a.State.Tags, tag):
	case len(a.State.Tags) >= maxTags:
		a.note(NoteFull)
	default:
		a.State.Tags = append(a.State.Tags, tag)
	}
}

func (a *Applied) note(word string) {
	if !slices.Contains(a.Notes, word) {
		a.Notes = append(a.Notes, word)
	}
}

// cut shortens a text to a number of characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}
