package dsl

import "sort"

// Position is a place in a rule file: line and column, both from 1, columns in characters.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Severity of a diagnostic.
type Severity string

const (
	Error   Severity = "error"   // the file cannot be published
	Warning Severity = "warning" // the file works, and probably not as its author wants
)

// Code is the stable word for a kind of diagnostic.
type Code string

// Codes of errors.
const (
	CodeYAML          Code = "yaml"           // not the YAML that rule files are written in
	CodeUnknownKey    Code = "unknown-key"    // a key that does not exist here
	CodeMissingKey    Code = "missing-key"    // a key that must be here
	CodeDuplicateName Code = "duplicate-name" // two things of one kind with one name
	CodeUnknownName   Code = "unknown-name"   // an expression names what does not exist
	CodeUnknownEvent  Code = "unknown-event"  // `on` names no event
	CodeUnknownPhrase Code = "unknown-phrase" // `phrase` names no phrase
	CodeWrongType     Code = "wrong-type"     // a value of another type than is needed
	CodeMaybeNil      Code = "maybe-nil"      // a value that may be nil, where nil would fail
	CodeBadExpression Code = "bad-expression" // not an expression of the language
	CodeBadRegex      Code = "bad-regex"      // a pattern that is none
	CodeBadTemplate   Code = "bad-template"   // a hole that is not closed, or is empty
	CodeBadDuration   Code = "bad-duration"   // not a length of time
	CodeBadLanguage   Code = "bad-language"   // not a language tag
	CodeBadTimezone   Code = "bad-timezone"   // not a zone of the IANA database
	CodeCost          Code = "cost"           // the worst case is too dear
	CodeLimit         Code = "limit"          // more, longer or deeper than is taken
	CodeTestFailed    Code = "test-failed"    // a test of the file says so
)

// Codes of warnings.
const (
	CodeUnreachable       Code = "unreachable"         // an earlier rule always wins
	CodeUnused            Code = "unused"              // defined and never used
	CodeMissingLanguage   Code = "missing-language"    // a phrase lacks a language that others have
	CodeButtonWithoutRule Code = "button-without-rule" // nothing answers the button
	CodeAlwaysTrue        Code = "always-true"         // a condition that cannot fail
	CodeAlwaysFalse       Code = "always-false"        // a condition that cannot hold
)

// Codes are all codes, those of errors first.
var Codes = []Code{
	CodeYAML, CodeUnknownKey, CodeMissingKey, CodeDuplicateName, CodeUnknownName, CodeUnknownEvent, CodeUnknownPhrase,
	CodeWrongType, CodeMaybeNil, CodeBadExpression, CodeBadRegex, CodeBadTemplate, CodeBadDuration, CodeBadLanguage,
	CodeBadTimezone, CodeCost, CodeLimit, CodeTestFailed,
	CodeUnreachable, CodeUnused, CodeMissingLanguage, CodeButtonWithoutRule, CodeAlwaysTrue, CodeAlwaysFalse,
}

// warns tells whether diagnostics with this code are warnings.
func (c Code) warns() bool {
	switch c {
	case CodeUnreachable, CodeUnused, CodeMissingLanguage, CodeButtonWithoutRule, CodeAlwaysTrue, CodeAlwaysFalse:
		return true
	}
	return false
}

// Diagnostic is one finding about a rule file.
type Diagnostic struct {
	File string `json:"file"`
	Position
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	Message  string   `json:"message"`
	Source   string   `json:"source,omitempty"` // the line of the file that it is about, of long lines a part

	// SourceColumn is the column at which Source begins.
	SourceColumn int `json:"source_column,omitempty"`
}

// Diagnostics are all findings of one run.
type Diagnostics []Diagnostic

// Failed tells whether there is an error among them.
func (ds Diagnostics) Failed() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort orders them by file and place.
func (ds Diagnostics) Sort() {
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := ds[i], ds[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		if a.Column != b.Column {
			return a.Column < b.Column
		}
		return a.Code < b.Code
	})
}
