package messaging

import (
	"context"
	"fmt"
	"strings"
	"time"

	"herald/internal/gateway"
)

// Preview is what would become of a message.
type Preview struct {
	Message gateway.Message     // as it would be stored, without an id
	Person  *gateway.Subscriber // whom it would reach, nil if nobody is found
	Legs    []PreviewLeg
	State   gateway.State // what it would come to, as far as that is known before
	Reason  gateway.Reason
	Words   []string // what would happen, sentence by sentence
}

// PreviewLeg is one way that the message may take.
type PreviewLeg struct {
	gateway.Leg
	Verdict  LegVerdict
	Reason   gateway.Reason // why it would be refused
	Text     string         // as it would be sent
	Segments int            // of an SMS
}

// LegVerdict is what would become of a leg.
type LegVerdict string

// Verdicts.
const (
	LegWouldBeSent    LegVerdict = "sent"      // it would be tried first
	LegIfNeeded       LegVerdict = "if_needed" // it would be tried if those before it do not bring what is wanted of them
	LegWouldBeRefused LegVerdict = "refused"   // it cannot be taken
)

// previewToken stands for a read link's token, which is made when a message is accepted.
var previewToken = strings.Repeat("x", 20)

// Preview tells what would become of a message, and sends and stores nothing. What Accept refuses it refuses the same way.
func (s *Service) Preview(ctx context.Context, account gateway.AccountID, r Request) (Preview, error) {
	n, bot, err := s.prepare(ctx, account, r, nil)
	if err != nil {
		return Preview{}, err
	}
	for i := range n.Links {
		n.Links[i].Link = strings.TrimSuffix(n.Links[i].Link, n.Links[i].Token) + previewToken
	}
	d := gateway.Delivery{Message: n.Message, Bot: bot, Legs: n.Legs, Links: n.Links}
	if d.Subscriber, err = s.recipient(ctx, bot, d.Message.To); err != nil {
		return Preview{}, err
	}
	if d.Subscriber == nil && d.Message.To.Kind == gateway.AddressPhone {
		if d.Lapsed, err = s.store.PhoneLapsed(ctx, bot, d.Message.To.Value); err != nil {
			return Preview{}, err
		}
	}
	p := s.foresee(d, s.now())
	refusal, err := s.looked(ctx, d.Message, bot)
	if err != nil || refusal == nil {
		return p, err
	}
	p.State, p.Reason, p.Words = gateway.Failed, gateway.ReasonPolicy, []string{refusal.Words}
	for i := range p.Legs {
		p.Legs[i].Verdict, p.Legs[i].Reason = LegWouldBeRefused, gateway.ReasonPolicy
	}
	return p, nil
}

// recipient finds the person whom an address names on a bot, as a delivery does, nil if there is none.
func (s *Service) recipient(ctx context.Context, bot gateway.Bot, to gateway.Address) (*gateway.Subscriber, error) {
	var filter gateway.SubscriberFilter
	switch to.Kind {
	case gateway.AddressPhone:
		filter.Phone = to.Value
	case gateway.AddressUsername:
		filter.Username = to.Value
	case gateway.AddressExternal:
		filter.ExternalID = to.Value
	default:
		if _, err := fmt.Sscan(to.Value, &filter.PlatformID); err != nil {
			return nil, fmt.Errorf("read address: %w", err)
		}
	}
	list, err := s.store.Subscribers(ctx, bot.AccountID, bot.ID, filter, gateway.Page{}.Bounded())
	if err != nil {
		return nil, fmt.Errorf("find recipient: %w", err)
	}
	var found *gateway.Subscriber
	for _, one := range list.Items { // names change hands: the one seen last with it has it
		if found == nil || one.UsernameSeenAt.After(found.UsernameSeenAt) {
			found = &one
		}
	}
	return found, nil
}

// foresee plays the message's legs without any call.
func (s *Service) foresee(d gateway.Delivery, now time.Time) Preview {
	p := Preview{Message: d.Message, Person: d.Subscriber}
	at := latest(now, d.Message.NotBefore)
	for _, l := range d.Legs {
		d.Leg = l
		p.Legs = append(p.Legs, s.foreseeLeg(d, at))
	}
	var open *PreviewLeg
	for i := range p.Legs {
		switch l := &p.Legs[i]; {
		case l.Verdict == LegWouldBeRefused:
		case open == nil:
			open = l
		default:
			l.Verdict = LegIfNeeded
		}
	}
	switch last := p.Legs[len(p.Legs)-1]; {
	case open == nil:
		p.Reason = last.Reason
		p.State, _ = endOf(d, last.Reason)
	case at.After(now):
		p.State = gateway.Scheduled
	case open.Channel != gateway.ChannelSMS && d.Unconfirmed(at):
		p.State, p.Reason = gateway.Withheld, gateway.ReasonUnconfirmed
	default:
		p.State = gateway.Accepted
	}
	p.Words = p.explain(d, at, now)
	return p
}

// endOf is the state in which a message ends that its last leg did not take.
func endOf(d gateway.Delivery, reason gateway.Reason) (gateway.State, gateway.Reason) {
	if d.Leg.Channel == gateway.ChannelSMS || reason == gateway.ReasonOverPrice || reason == gateway.ReasonBotRevoked || reason == gateway.ReasonBotRemoved {
		return gateway.Failed, reason
	}
	return gateway.NotSubscribed, reason
}

func (s *Service) foreseeLeg(d gateway.Delivery, at time.Time) PreviewLeg {
	leg := PreviewLeg{Leg: d.Leg, Verdict: LegWouldBeSent, Text: render(d.Message, d.Links)}
	if leg.Channel == gateway.ChannelSMS {
		leg.Text = visible(leg.Text, d.Message.Format)
		leg.Segments = gateway.SMSSegments(leg.Text)
	}
	_, leg.Reason = Policy{}.filled().obstacle(d, at)
	if leg.Reason == "" && leg.Channel == gateway.ChannelSMS && s.routes != nil && !s.routes.Carries(d.Phone(), d.Bot.Network) {
		leg.Reason = gateway.ReasonNoProvider
	}
	if leg.Reason != "" {
		leg.Verdict = LegWouldBeRefused
	}
	return leg
}

// explain says what would happen, in the order in which it would.
func (p Preview) explain(d gateway.Delivery, at, now time.Time) []string {
	var words []string
	if p.Person != nil {
		words = append(words, fmt.Sprintf("The recipient is known to @%s, and is %s.", d.Bot.Username, p.Person.Connection))
	}
	if at.After(now) {
		why := ": that is when its sender lets it leave."
		if d.Message.Between != "" {
			why = ". " + hoursWords(d.Message, recipientOf(d), at)
		}
		words = append(words, fmt.Sprintf("It waits until %s", at.Format(time.RFC3339))+why)
	}
	if d.Unconfirmed(at) {
		words = append(words, "The proof of the phone is older than the message wants, so it is withheld until the person proves the phone again. They are asked once.")
	}
	opening := "It is sent"
	if at.After(now) {
		opening = "Then it is sent"
	}
	for i, l := range p.Legs {
		way := wayWords(d, l)
		switch l.Verdict {
		case LegWouldBeRefused:
			words = append(words, fmt.Sprintf("It cannot go %s: %s", wayName(l.Channel), lowerFirst(Explain(l.Reason))))
		case LegWouldBeSent:
			words = append(words, opening+" "+way+".")
		default:
			before := p.Legs[i-1]
			if before.Within > 0 && before.Until != gateway.UntilAccepted {
				words = append(words, fmt.Sprintf("If it is not taken, or not %s within %s, it also goes %s.", reachedWord(before.Until), spanWords(before.Within), way))
			} else {
				words = append(words, fmt.Sprintf("If it is not taken, it goes %s instead.", way))
			}
		}
	}
	if note := strings.TrimPrefix(p.Message.Note, "Stored. "); note != "" {
		words = append(words, note)
	}
	if p.Message.Price > 0 {
		words = append(words, "It costs at most "+money(p.Message.Price, p.Message.Currency)+", and nothing if nobody takes it.")
	}
	if p.State.Settled() && p.State != gateway.Accepted {
		words = append(words, fmt.Sprintf("Nothing is sent, and it ends as %s.", p.State))
	} else {
		words = append(words, fmt.Sprintf("It is worth sending until %s.", p.Message.ExpiresAt.Format(time.RFC3339)))
	}
	return words
}

func wayName(c gateway.Channel) string {
	if c == gateway.ChannelSMS {
		return "by SMS"
	}
	return "by the bot"
}

func wayWords(d gateway.Delivery, l PreviewLeg) string {
	switch {
	case l.Channel == gateway.ChannelSMS && l.Segments == 1:
		return "by SMS, in one part"
	case l.Channel == gateway.ChannelSMS:
		return fmt.Sprintf("by SMS, in %d parts", l.Segments)
	case d.Message.Media != nil:
		return fmt.Sprintf("by @%s, as a %s", d.Bot.Username, d.Message.Media.Kind)
	default:
		return "by @" + d.Bot.Username
	}
}

// spanWords writes a span as people say it: 2m, not 2m0s.
func spanWords(d time.Duration) string {
	words := d.String()
	if strings.HasSuffix(words, "m0s") {
		words = strings.TrimSuffix(words, "0s")
	}
	if strings.HasSuffix(words, "h0m") {
		words = strings.TrimSuffix(words, "0m")
	}
	return words
}

// lowerFirst lets a sentence go on after a colon.
func lowerFirst(sentence string) string {
	if sentence == "" {
		return sentence
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}
