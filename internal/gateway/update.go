package gateway

import (
	"context"
	"time"
)

// UpdateKind is what an update of a messenger is about.
type UpdateKind string

// Kinds of updates. Kinds that we do not know are stored as UpdateOther and counted.
const (
	UpdateText       UpdateKind = "text"       // a text that a person wrote
	UpdateCommand    UpdateKind = "command"    // a text that begins with a command, /start among them
	UpdateButton     UpdateKind = "button"     // a button was pressed
	UpdateContact    UpdateKind = "contact"    // a contact was shared
	UpdateMedia      UpdateKind = "media"      // a photo, document, voice, ... with or without a caption
	UpdateEdited     UpdateKind = "edited"     // a person changed what they wrote
	UpdateMembership UpdateKind = "membership" // a person blocked or unblocked the bot, or a group took it in or threw it out
	UpdateSMS        UpdateKind = "sms"        // a person wrote an SMS
	UpdateOther      UpdateKind = "other"
)

// Written tells whether it is something that a person wrote or sent, and not one pressed, changed or merely done.
func (k UpdateKind) Written() bool {
	return k == UpdateText || k == UpdateCommand || k == UpdateMedia || k == UpdateContact
}

// Update is one update of a messenger in our words.
type Update struct {
	Kind       UpdateKind
	UpdateID   int64
	At         time.Time      // the messenger's own time of the event, to the second
	Private    bool           // in a private chat
	Chat       SubscriberKind // of a chat that is no private one
	Title      string         // its title
	MigratedTo int64          // the chat has this id now
	ChatID     int64
	Person     Person
	MessageID  int64 // of the message it is about
	ReplyTo    int64 // the message that it answers to, 0 if none
	Text       string
	Command    string // without the slash and the bot's name
	Payload    string // what follows the command
	Forwarded  bool
	Contact    *Contact
	CallbackID string // of a button press
	Media      string // of UpdateMedia: photo, document, voice, location, sticker, ...
	FileName   string
	Location   *Location
	Member     bool // of a membership update: the bot may write to the chat afterwards
}

// Location is a place that a person shared.
type Location struct{ Latitude, Longitude float64 }

// Person is the sender of an update.
type Person struct {
	PlatformID int64
	Username   string
	FirstName  string
	LastName   string
	Language   string
	Bot        bool
}

// Contact is a shared contact as it came.
type Contact struct {
	Phone      string
	PlatformID int64 // whose contact it is; 0 if the messenger does not know
}

// RawUpdate is an update as it came, kept until it is processed.
type RawUpdate struct {
	Sequence   int64 // in the order of arrival, over all bots
	AccountID  AccountID
	BotID      BotID
	UpdateID   int64
	ChatID     int64 // 0 if the update has no chat; updates of one chat are processed in order
	Body       []byte
	ReceivedAt time.Time
	Attempts   int
	Rules      int // the version of the account's rule file that is active; 0: none

	Whose Attribution // of an update of a shared bot: finds whose it is; nil: the account's
}

// Own tells whether the update comes from our own side: about a message that was read or not delivered.
func (r RawUpdate) Own() bool { return r.UpdateID < 0 }

// UpdateReader turns a raw update into our words.
type UpdateReader interface {
	// ReadUpdate fails on what is not an update at all; a kind that it does not know is UpdateOther.
	ReadUpdate(body []byte) (Update, error)
}

// IntakeStore takes updates in.
type IntakeStore interface {
	// StoreUpdates stores updates that are not there yet and tells how many were new.
	StoreUpdates(ctx context.Context, updates []RawUpdate) (stored int, err error)
}

// Verdict is what the inbox decided about one update: everything is written in one transaction with the update's end.
type Verdict struct {
	Subscriber *Subscriber    // to insert or refresh, by bot and platform id; nil if the update has no person
	OnlyKnown  bool           // of somebody whom the bot does not know it tells nothing that may be kept
	Seen       UpdateMark     // when the person's particulars were true
	Connection Connection     // the person is now connected or disconnected; empty says nothing
	Reason     Reason         // of a disconnection
	Starts     bool           // the person pressed Start: messages may come again that they stopped
	Chosen     string         // the language that the person chose
	Forget     bool           // the person wants to be forgotten: nobody answers that
	Phone      string         // the person proved this phone (E.164) by their contact
	CheckCode  CodeCheck      // the person wrote what may be the code that an SMS brought them; nil: did not
	Claim      *PhoneClaim    // the person wrote what may be their phone; nil: did not
	Payload    string         // of a /start
	Migrated   Migration      // a chat has another id now
	Message    *Message       // the inbound message for History
	Evidence   EvidenceKind   // it proves that the person got EvidenceOf
	EvidenceOf int64          // the messenger's name for that message
	Events     []AccountEvent // to tell about beside those that the changes tell about themselves; the person and the bot are filled in
	Own        OwnEvent       // of an update from our own side: whom it is about
	Silent     *Message       // the line for History of what is none by itself, such as a block: only if rules have something to say to it
	Answer     Answerer       // asks the rules; nil: none are active, or nothing that they may be about has happened
	Owner      Owner          // of an update of a shared bot: whose the message, the events and the answer are; empty: the bot's
	Note       string         // a stable word about what was odd, for the operator: contact_not_own, contact_forwarded, ...
}

// OwnEvent is what an update from our own side says.
type OwnEvent struct {
	Event     string    `json:"event"` // read, undelivered
	MessageID MessageID `json:"message"`
}

// Answerer asks the rules what to do, given what is known of the person. It does no I/O but to read rule files.
type Answerer func(ctx context.Context, c Conversation) (Answer, error)

// Migration is a chat that got another id.
type Migration struct{ From, To int64 }

// UpdateMark orders updates of one person: they may come disordered, and ids restart at random after a quiet week.
type UpdateMark struct {
	At       time.Time
	UpdateID int64
}

// Processed is what became of an update.
type Processed struct {
	Found  bool         // false if none waited
	Proved *MessageRef  // an outgoing message with legs to come, about which it proved something; nil if there is none
	Freed  []MessageRef // messages that waited for the proof of a phone that it brought

	Renewed *Reconfirmation // that proof is what the person was being asked for; nil: it is not
}

// MessageRef names a message.
type MessageRef struct {
	AccountID AccountID
	MessageID MessageID
}

// InboxStore hands out updates chat by chat and writes verdicts.
type InboxStore interface {
	// ProcessUpdate takes the oldest waiting update of a chat that nobody else is working on, lets decide look at
	// it and writes the verdict. An error of decide puts the update aside with its words.
	ProcessUpdate(ctx context.Context, now time.Time, decide func(RawUpdate, Bot) (Verdict, error)) (Processed, error)
	// UntranslatedInbound returns what people wrote and what waits for its translation, oldest first.
	UntranslatedInbound(ctx context.Context, limit int) ([]UntranslatedMessage, error)
	// StoreTranslation writes the translation of what a person wrote, unless there is one already.
	StoreTranslation(ctx context.Context, account AccountID, id MessageID, t Translated) error
	// InboxDepth counts what waits and what was put aside.
	InboxDepth(ctx context.Context) (waiting, aside int, err error)
}

// UntranslatedMessage is what a person wrote, on the network of the bot that it was written to.
type UntranslatedMessage struct {
	Message Message
	Network Network
}

// PollLease lets exactly one process poll a bot.
type PollLease interface {
	// AcquirePolls takes or renews the right to poll for every bot that may be polled by holder until the given time.
	AcquirePolls(ctx context.Context, holder string, now, until time.Time) ([]Bot, error)
	// StillPolls tells whether the bot is holder's at now.
	StillPolls(ctx context.Context, holder string, id BotID, now time.Time) (bool, error)
	// ReleasePolls gives them up, on an orderly stop.
	ReleasePolls(ctx context.Context, holder string) error
}
