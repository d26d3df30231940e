package dsl

import "time"

// File is a rule file as plain data, with the place of everything that a diagnostic may be about.
type File struct {
	Name     string // as diagnostics call it
	Source   []byte
	Version  int
	Language Scalar // in which the texts are written
	Timezone Scalar // of clock, weekday, date and the tests

	Fields    []Field
	Lists     []List
	Lets      []Let
	Phrases   []Phrase
	Translate Translation
	Rules     []Rule
	Tests     []Test

	src    *source
	faults Diagnostics // of Parse
}

// Field is a value that the file keeps about a person.
type Field struct {
	Name Scalar
	Type Scalar // string, int, float, bool, time
}

// List is a named list of words.
type List struct {
	Name  Scalar
	Words []Scalar
}

// Let is a named expression, of the file or of one rule.
type Let struct {
	Name  Scalar
	Value Scalar // an expression
}

// Phrase is a named text in several languages.
type Phrase struct {
	Name Scalar
	Text Texts
}

// Texts is a text by language. A text without languages has one entry with an empty Language: it is in the file's.
type Texts []Text

// Text is a text with {{ holes }} in one language.
type Text struct {
	Language Scalar // empty: the file's
	Text     Scalar
}

// Translation says which texts are translated into what.
type Translation struct {
	At       Position
	Replies  []Target
	Incoming []Target
	Keep     []Scalar
}

// Target is a language and when it is meant; the first that holds counts.
type Target struct {
	At   Position
	When Scalar // an expression; empty: always
	To   Scalar // a language tag, or user.lang
}

// Rule is one rule.
type Rule struct {
	At   Position
	Name Scalar
	On   []Scalar // events and commands
	When Scalar   // an expression; empty: always
	Lets []Let

	Continue bool // goes on to the next rule
	Once     bool // once per person
	Every    Length

	Set      []Assignment
	Tag      []Scalar // with holes
	Untag    []Scalar
	Reply    []Reply
	AskPhone *Reply
	Notify   []Notice
	Forward  Scalar // the label; empty: none
	Mute     Length

	onceAt Position
	broken bool // Parse reported something about it, so that less is known of it than was written
}

// Length is a length of time as it is written, 12h or 7d, and what it means.
type Length struct {
	Scalar
	Duration time.Duration
}

// Assignment gives a field its value.
type Assignment struct {
	Field Scalar
	Value Scalar // an expression
}

// Reply is an answer to the person.
type Reply struct {
	At      Position
	Text    Texts
	Phrase  Scalar // instead of Text
	Buttons [][]Button
}

// Button stands under a reply. Pressed, it comes back as its data; one with a URL is opened.
type Button struct {
	At   Position
	Text Texts
	Data Scalar // the text in the file's language, if empty
	URL  Scalar
}

// Notice is a message to somebody else.
type Notice struct {
	At   Position
	To   Scalar // with holes: a phone, a @name or a #id
	Text Texts
}

// Test is a conversation that the file is held against.
type Test struct {
	At    Position
	Name  Scalar
	User  []Assignment // literal values; tags is here once for each tag, a field as fields.NAME
	Start Scalar       // the time at which it begins
	Steps []Step
}

// Step is one turn of a test: what happens, then what must follow.
type Step struct {
	At Position

	Say   Scalar // the person writes
	Press Scalar // the person presses
	Event Scalar // another event is raised
	Phone Scalar // that is shared, with Event phone
	Sent  *Sent
	Wait  Length

	Bot     []Scalar // texts of the replies, * matches any run of characters
	Rule    Scalar   // the rule that matched; "none"
	Buttons Wanted[[]WantedButton]
	Notify  Wanted[WantedNotice]
	Forward Wanted[Scalar] // labels
	Tags    []Scalar       // that the person has afterwards, among others
	Fields  []Assignment
	Silent  bool // no reply
}

// Sent is a message of ours that a test lets the person have got by other ways than rules.
type Sent struct {
	At    Position
	Text  Scalar
	Rule  Scalar
	Label Scalar
}

// Wanted is all that a step of a test expects of one kind, in its order. At is zero if the step does not say.
type Wanted[T any] struct {
	At  Position
	All []T
}

// Said tells whether the step expects anything of this kind, be it that there is none.
func (w Wanted[T]) Said() bool { return w.At.Line > 0 }

// WantedButton is what a test expects of a button. What it does not say may be anything.
type WantedButton struct {
	At   Position
	Text Scalar // * matches any run of characters, here and below
	Data Scalar
	URL  Scalar
}

// WantedNotice is what a test expects of a message to somebody else. What it does not say may be anything.
type WantedNotice struct {
	At   Position
	To   Scalar
	Text Scalar
}
