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

// CodeInfo is what the reference says about a code.
type CodeInfo struct {
	Code     Code
	Severity Severity
	Doc      string
}

// Codes are all codes, those of errors first.
var Codes = []CodeInfo{
	{CodeYAML, Error, "The file is not the YAML that rule files are written in."},
	{CodeUnknownKey, Error, "A key does not exist here."},
	{CodeMissingKey, Error, "A key is missing that must be here."},
	{CodeDuplicateName, Error, "Two things of one kind have one name, or a name is taken by the language."},
	{CodeUnknownName, Error, "An expression names what does not exist."},
	{CodeUnknownEvent, Error, "`on` names no event."},
	{CodeUnknownPhrase, Error, "`phrase` names no phrase."},
	{CodeWrongType, Error, "A value is of another type than is needed."},
	{CodeMaybeNil, Error, "A value may be nil where nil would fail; write `??`, or ask for `!= nil` first."},
	{CodeBadExpression, Error, "This is not an expression of the language."},
	{CodeBadRegex, Error, "A pattern is none, or is not written out."},
	{CodeBadTemplate, Error, "A hole of a text is not closed, or is empty."},
	{CodeBadDuration, Error, "This is not a length of time such as 12h or 7d."},
	{CodeBadLanguage, Error, "This is not a language tag such as uk or pt-BR."},
	{CodeBadTimezone, Error, "This is not a zone such as Europe/Kyiv."},
	{CodeCost, Error, "The worst case takes too many steps, builds too much text, or cannot be bounded."},
	{CodeLimit, Error, "Something is more, longer or deeper than is taken."},
	{CodeTestFailed, Error, "A test of the file came out otherwise than it says."},
	{CodeUnreachable, Warning, "An earlier rule always matches first."},
	{CodeUnused, Warning, "Something is defined and never used, or has no effect."},
	{CodeMissingLanguage, Warning, "A text lacks a language that other texts have."},
	{CodeButtonWithoutRule, Warning, "No rule answers the button."},
	{CodeAlwaysTrue, Warning, "A condition cannot fail."},
	{CodeAlwaysFalse, Warning, "A condition cannot hold."},
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
