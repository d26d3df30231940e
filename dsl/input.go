package dsl

import "time"

// Names of the events that rules may be about. A command raises its own name, such as /start, besides.
const (
	EventMessage      = "message"
	EventFirstMessage = "first_message"
	EventCommand      = "command"
	EventButton       = "button"
	EventPhone        = "phone"
	EventSubscribed   = "subscribed"
	EventUnsubscribed = "unsubscribed"
	EventRead         = "read"
	EventUndelivered  = "undelivered"
)

// Input is all that one update, its person and its bot are for the language.
//
// The first of Events is what the update itself is, and what `event` is in expressions. The first message or command
// that a person ever sends raises EventFirstMessage besides, so that whoever begins with /start is not greeted again for
// the first word that follows.
type Input struct {
	Events  []string // that the update raised, see EventsOf
	Text    string
	Command string // without the slash
	Args    string // what follows the command
	Button  string // the data of the pressed button
	Message Message
	Told    bool // Message.Lang is what Env.LangOf says of Text, so that nobody has to ask again
	User    User
	Bot     Bot
	Last    *Last // what we sent to the person last, nil if nothing
	Now     time.Time

	Facts map[string]any // of Env.Facts: int64, bool, string

	Muted time.Time            // no automatic replies until then
	Fired map[string]time.Time // when a rule with a guard fired last for this person, by its name
}

// EventsOf returns the events that an update raises, by what it is itself. A command is named without its slash.
func EventsOf(event, command string, first bool) []string {
	events := []string{event}
	if event == EventCommand && command != "" {
		events = append(events, "/"+command)
	}
	if first && (event == EventMessage || event == EventCommand) {
		events = append(events, EventFirstMessage)
	}
	return events
}

// Message is what expressions see of the message.
type Message struct {
	ID         string
	Kind       string // text, command, button, contact, photo, document, ...
	Lang       string // of the text, found by the host
	ReceivedAt time.Time
	ReplyTo    string
	FileName   string
	Location   *Location
}

// Location is a place that a person shared.
type Location struct{ Latitude, Longitude float64 }

// User is what expressions see of the person. Empty strings and zero times are nil to expressions.
type User struct {
	ID            string
	Username      string
	FirstName     string
	LastName      string
	Lang          string
	Phone         string
	PhoneProvedAt time.Time
	Tags          []string
	Fields        map[string]any // string, int64, float64, bool, time.Time
	Since         time.Time
	Messages      int // that the person wrote so far, this one included
}

// Bot is what expressions see of the bot.
type Bot struct {
	Name     string
	Platform string
	Shared   bool
}

// Last is what expressions see of the last message that went to the person.
type Last struct {
	Text   string
	SentAt time.Time
	Rule   string // that sent it, empty if none did
	Label  string
}

// Env is what a host gives the language besides: functions that the language has no means for.
type Env struct {
	LangOf func(text string) string // the language of a text, empty if it cannot be told

	// Facts are what expressions see beside text and the time, instead of updates and people: for files that decide about
	// something else. nil: updates and people.
	Facts []Fact
}

// Fact is a name that a host gives to expressions. It is an int, a bool or a string; a host that leaves it out of an Input
// gives zero.
type Fact struct {
	Name string
	Kind Kind
	Doc  string
}
