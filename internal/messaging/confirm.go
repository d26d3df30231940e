package messaging

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"herald/internal/gateway"
	"herald/internal/phrase"
)

// MaxConfirmed bounds how old a proof may be that a sender is content with: more is no condition.
const MaxConfirmed = 10 * 366 * 24 * time.Hour

func (r Request) checkConfirmation(to gateway.Address) *gateway.Error {
	switch {
	case r.Confirmed < 0 || r.Confirmed > MaxConfirmed:
		return gateway.Fault(gateway.CodeFieldInvalid, "confirmed_within", "How old the proof of a phone may be is written like 90d or 12h: more than zero and at most 3660 days.")
	case r.Confirmed == 0 && r.ConfirmBy != "": // a text that goes out unproved is not what whoever wrote this wants
		return gateway.Fault(gateway.CodeRequired, "confirmed_within", "confirm_by says how a phone is proved again. Say with confirmed_within how old the proof may be, such as 90d.")
	case r.Confirmed > 0 && to.Kind == gateway.AddressChat:
		return gateway.Fault(gateway.CodeFieldInvalid, "confirmed_within", "A group or channel has no phone to confirm.")
	}
	switch r.ConfirmBy {
	case "", gateway.ConfirmContact, gateway.ConfirmSMS:
		return nil
	default:
		return gateway.Fault(gateway.CodeFieldInvalid, "confirm_by", "A phone is confirmed by: contact or sms.")
	}
}

// withhold leaves the message until its person proves the phone, and has them asked. A leg after this one need not wait
// that long: it begins when the time of this one is over.
func (p Policy) withhold(s story) decision {
	since := s.at
	if s.delivery.Message.State == gateway.Withheld {
		since = s.delivery.Message.UpdatedAt // nothing happens to it meanwhile
	}
	wait := s.delivery.Message.ExpiresAt.Sub(s.at)
	if _, more := s.delivery.After(s.delivery.Leg); more {
		wait = since.Add(s.delivery.Leg.Within).Sub(s.at)
		if wait <= 0 {
			change := s.end(gateway.Failed, gateway.ReasonUnconfirmed, "The person has not proved lately that the phone is theirs. They are asked to.")
			return decision{change: change, ask: true}
		}
	}
	next := decision{wait: p.untilExpiry(s, wait), ask: true}
	if s.delivery.Message.State == gateway.Withheld {
		return next
	}
	leg := s.delivery.Leg
	leg.Slot = time.Time{}
	s.move(gateway.EventState, gateway.Withheld, gateway.ReasonUnconfirmed, "The proof of the phone is older than the sender wants. The person is asked to prove it again; then the message is sent.")
	next.change = gateway.Change{
		State: gateway.Withheld, Reason: gateway.ReasonUnconfirmed, Leg: &leg, Subscriber: s.delivery.Subscriber.ID, Events: s.events,
	}
	return next
}

// RuleConfirm names, as the rule that sent them, the messages that ask people to prove their phone.
const RuleConfirm = "herald:confirm"

const (
	// askAgainAfter is how long an ask counts: whoever has not answered it by then is asked once more when the next
	// message is withheld for them.
	askAgainAfter = 24 * time.Hour
	// codeFor is how long a code is good that came by SMS.
	codeFor = 15 * time.Minute
)

// Asker asks people to prove their phones.
type Asker struct {
	store   gateway.PhoneAskStore
	service *Service
}

// NewAsker returns an Asker whose messages are made, priced and set on their way by the service.
func NewAsker(store gateway.PhoneAskStore, service *Service) *Asker {
	return &Asker{store: store, service: service}
}

// Ask asks the person of a message that is withheld, once for all that is withheld for them.
func (a *Asker) Ask(ctx context.Context, d gateway.Delivery) error {
	ask, messages, err := a.service.asking(d.Bot, *d.Subscriber, d.Message.AccountID, d.Message.ConfirmBy, d.Message.Lane, phrase.AskContact, phrase.AskSMS)
	if err != nil {
		return err
	}
	opened, err := a.store.AskForPhone(ctx, ask, messages, ask.AskedAt.Add(-askAgainAfter))
	if err != nil || !opened {
		return err
	}
	a.service.start(messages)
	return nil
}

// asking makes an ask and the messages that it consists of, in the words for either way. It stores nothing.
func (s *Service) asking(bot gateway.Bot, person gateway.Subscriber, account gateway.AccountID, way gateway.ConfirmBy, lane gateway.Lane, byContact, bySMS phrase.Key) (gateway.PhoneAsk, []gateway.NewMessage, error) {
	ask := gateway.PhoneAsk{AccountID: account, BotID: bot.ID, SubscriberID: person.ID, Way: gateway.ConfirmContact, AskedAt: s.now()}
	keys := []phrase.Key{byContact}
	if way == gateway.ConfirmSMS && person.Phone != "" { // without one no SMS can go anywhere
		ask.Way, keys = way, []phrase.Key{phrase.SMSCode, bySMS}
	}
	messages := make([]gateway.NewMessage, len(keys))
	for i, key := range keys {
		made, err := s.askMessage(bot, person, account, lane, key)
		if err != nil {
			return ask, nil, err
		}
		messages[i], ask.ID = made, made.Message.ID // that of the bot comes last
	}
	if ask.Way == gateway.ConfirmSMS {
		ask.SMS = messages[0].Message.ID
	}
	return ask, messages, nil
}

// start sets what was stored on its way.
func (s *Service) start(messages []gateway.NewMessage) {
	for _, m := range messages {
		s.starter.StartDelivery(m.Message.AccountID, m.Message.ID, m.Message.Lane)
	}
}

// Claim makes what a person gets who claims a phone: an SMS with a code goes to it, and the bot tells so. It stores nothing.
// It is the bot's owner who asks, and pays.
func (s *Service) Claim(bot gateway.Bot, person gateway.Subscriber, phone string) (gateway.PhoneAsk, []gateway.NewMessage, error) {
	person.Phone = phone
	ask, messages, err := s.asking(bot, person, bot.AccountID, gateway.ConfirmSMS, gateway.LaneService, phrase.PhoneShare, phrase.ClaimSMS)
	ask.Phone = phone
	return ask, messages, err
}

// askMessage is one of the messages of an ask.
func (s *Service) askMessage(bot gateway.Bot, person gateway.Subscriber, account gateway.AccountID, lane gateway.Lane, key phrase.Key) (gateway.NewMessage, error) {
	r := Request{
		To: gateway.Address{Kind: gateway.AddressPlatform, Value: strconv.FormatInt(person.PlatformID, 10)}.String(), Lane: lane,
		Text: phrase.In(person.Language, key, "bot", bot.Username, "tail", gateway.PhoneTail(person.Phone)), TTL: askAgainAfter, OnUnknown: gateway.Resend,
	}
	if key == phrase.SMSCode {
		r.To, r.TTL, r.Cascade = person.Phone, codeFor, []CascadeLeg{{Channel: gateway.ChannelSMS}}
	}
	made, err := s.Compose(account, bot, r)
	if err != nil {
		return made, fmt.Errorf("make the asking for a phone: %w", err)
	}
	m := &made.Message
	m.SubscriberID, m.Rule, m.CarriesCode = person.ID, RuleConfirm, key == phrase.SMSCode
	if m.AskPhone = key == phrase.AskContact || key == phrase.ReconfirmContact || key == phrase.Remind; m.AskPhone {
		m.Buttons = [][]gateway.Button{{{Text: phrase.In(person.Language, phrase.ShareButton)}}}
	}
	return made, nil
}

// codePlace is where the code stands in the text of a message that carries one.
const codePlace = "{code}"

// withCode puts a new code into the text of a message that carries one. Nobody but the person ever sees it: what is kept is
// its hash. An ask that is not open any more needs no code.
func (d *Deliverer) withCode(ctx context.Context, m gateway.Message, text string) (string, error) {
	if !m.CarriesCode || d.asker == nil {
		return text, nil
	}
	code, err := newCode()
	if err != nil {
		return "", &gateway.DeliveryError{Class: gateway.ClassUnavailable, Err: err}
	}
	open, err := d.asker.store.SetPhoneCode(ctx, m.AccountID, m.ID, func(ask gateway.MessageID) gateway.CodeHash { return HashCode(ask, code) }, d.now().Add(codeFor))
	switch {
	case err != nil:
		return "", &gateway.DeliveryError{Class: gateway.ClassUnavailable, Err: err}
	case !open:
		return "", &gateway.DeliveryError{Class: gateway.ClassContent, Text: "the phone is confirmed already"}
	}
	return strings.ReplaceAll(text, codePlace, code[:4]+"-"+code[4:]), nil
}

// codeDigits is how long a code is: no messenger sends so many as its own.
const codeDigits = 8

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

// codeRounds makes trying all codes take longer than a code is good.
const codeRounds = 60_000

// HashCode is what is kept of a code, bound to its ask.
func HashCode(ask gateway.MessageID, code string) (h gateway.CodeHash) {
	key, err := pbkdf2.Key(sha256.New, code, []byte(ask), codeRounds, len(h))
	if err != nil {
		panic("messaging: hash of a code: " + err.Error()) // its arguments are constants
	}
	copy(h[:], key)
	return h
}

// CodeIn finds a code in what a person wrote: eight digits, with a space or a dash between them or not.
func CodeIn(text string) (code string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) > codeDigits+2 {
		return "", false
	}
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			code += string(r)
		case r != ' ' && r != '-':
			return "", false
		}
	}
	return code, len(code) == codeDigits
}
