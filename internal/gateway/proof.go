package gateway

import (
	"context"
	"time"
)

// ConfirmBy is how a person is asked to prove their phone again.
type ConfirmBy string

const (
	ConfirmContact ConfirmBy = "contact" // by a button that shares their contact
	ConfirmSMS     ConfirmBy = "sms"     // by a code that comes by SMS to the phone that they proved before
)

// PhoneAsk asks a person to prove their phone. At most one ask of a person is open.
type PhoneAsk struct {
	ID           MessageID // the message of the bot that asks
	AccountID    AccountID
	BotID        BotID
	SubscriberID SubscriberID
	Way          ConfirmBy
	SMS          MessageID // that carries the code; empty: by contact
	AskedAt      time.Time
	Phone        string // that the person claims to have; empty: the one that they proved before
}

// PhoneClaim is a phone that a person writes as theirs. It is theirs once they write the code that an SMS brings to it.
type PhoneClaim struct {
	Phone string // in E.164; empty: it looks like a number, and is none to which an SMS can go
	Idle  bool   // nothing comes of it: the bot sends no SMS, or it stood in an edit or a forwarded message
}

// HiddenPhone stands in the stead of a phone that a person gave to the owner of a shared bot, for whoever else is told.
const HiddenPhone = "[phone number]"

// ClaimOutcome is what becomes of a phone that a person claims.
type ClaimOutcome string

const (
	ClaimOpen      ClaimOutcome = "open"      // an SMS with a code may go to it
	ClaimMalformed ClaimOutcome = "malformed" // it is no number that could get one
	ClaimTooMany   ClaimOutcome = "too_many"  // too many went out lately
	ClaimIdle      ClaimOutcome = "idle"      // nothing: the claim was an idle one
)

// Bounds of claims within ClaimsWithin: an SMS costs its sender money, and disturbs whoever gets it.
const (
	ClaimsWithin      = 24 * time.Hour
	MaxClaimsOfPerson = 3
	MaxClaimsOfPhone  = 3
	MaxClaimsOfBot    = 100
)

// CodeHash is what is kept of a code: a slow hash, bound to its ask.
type CodeHash [32]byte

// CodeCheck tells whether what a person wrote is the code of an ask of which this is kept.
type CodeCheck func(ask MessageID, kept CodeHash) bool

// MaxCodeTries is how often a code may be tried.
const MaxCodeTries = 5

// CodeOutcome is what became of a code that a person wrote.
type CodeOutcome string

const (
	CodeProved CodeOutcome = "proved" // it was the code, and the phone is proved
	CodeWrong  CodeOutcome = "wrong"  // it was not; it may be tried again
	CodeSpent  CodeOutcome = "spent"  // it was tried too often, or came too late
)

// PhoneAskStore keeps what people are asked.
type PhoneAskStore interface {
	// AskForPhone stores an ask with the messages that it consists of. While another one is open that was asked after
	// since, nothing is stored and opened is false; an older one is replaced.
	AskForPhone(ctx context.Context, a PhoneAsk, messages []NewMessage, since time.Time) (opened bool, err error)
	// SetPhoneCode keeps the hash of the code that a message is about to carry; a message that is sent again carries
	// another one. It returns false if its ask is not open any more.
	SetPhoneCode(ctx context.Context, account AccountID, sms MessageID, hash func(ask MessageID) CodeHash, until time.Time) (bool, error)
}

// Unconfirmed tells whether the message wants a proof of the person's phone that is younger than the one there is.
func (d Delivery) Unconfirmed(now time.Time) bool {
	if d.Message.Confirmed == 0 || d.Subscriber == nil {
		return false
	}
	proved := d.Subscriber.PhoneProvedAt
	return proved.IsZero() || now.Sub(proved) > d.Message.Confirmed
}

// PhoneTail is what may be shown of a phone: its last two digits.
func PhoneTail(e164 string) string {
	if len(e164) < 2 {
		return ""
	}
	return e164[len(e164)-2:]
}
