package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.DeliveryStore = (*Store)(nil)

func (s *Store) ChangeDelivery(ctx context.Context, account gateway.AccountID, id gateway.MessageID, decide func(gateway.Delivery) (gateway.Change, error)) (gateway.Delivery, error) {
	ctx, err := s.sending(ctx, account)
	if err != nil {
		return gateway.Delivery{}, err
	}
	var d gateway.Delivery
	known := s.fresh.take(account, id)
	select {
	case s.attempts <- struct{}{}:
		defer func() { <-s.attempts }()
	case <-ctx.Done():
		return d, fmt.Errorf("wait for a connection: %w", ctx.Err())
	}
	err = s.hold(ctx, func(h *held) (err error) {
		if known, err = h.readFirst(ctx, account, id, known, &d); err != nil {
			return err
		}
		if err := addRare(ctx, h.queries(), &d); err != nil {
			return err
		}
		change, err := decide(d)
		if err != nil {
			return err
		}
		if change.Empty() {
			s.fresh.keep(known)
			return nil
		}
		if err := applyToOthers(ctx, h.queries(), &d, change); err != nil {
			return err
		}
		return h.last(ctx, applyToMessage(ctx, &d, change, s.watchers.wait(id)))
	})
	if err == nil {
		s.tellOutcome(d)
	}
	return d, err
}

// tellOutcome hands an outcome to who waits for it in this process, so that they need not read it.
func (s *Store) tellOutcome(d gateway.Delivery) {
	if d.Message.Waited && d.Message.State.Settled() {
		s.watchers.tell(d.Message.ID, gateway.Outcome{Message: d.Message, Legs: d.Legs})
	}
}

func (s *Store) ChangeUnmoved(ctx context.Context, seen gateway.Delivery, change gateway.Change) (gateway.Delivery, bool, error) {
	ctx = of(ctx, seen.Message.AccountID, seen.Bot.AccountID)
	if !change.Alone() {
		return seen, false, nil
	}
	d := seen
	err := applyToMessage(ctx, &d, change, s.watchers.wait(d.Message.ID))(s.q)
	if errors.Is(err, errMoved) {
		return seen, false, nil
	}
	if err == nil {
		s.tellOutcome(d)
	}
	return d, err == nil, err
}

// lockDelivery reads the delivery in a transaction that holds more than that.
func lockDelivery(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) (gateway.Delivery, error) {
	var d gateway.Delivery
	if err := each(q, readDelivery(ctx, account, id, &d)); err != nil {
		return d, err
	}
	return d, addRare(ctx, q, &d)
}

// readDelivery locks the message and reads into d what is known about it, but its links.
func readDelivery(ctx context.Context, account gateway.AccountID, id gateway.MessageID, d *gateway.Delivery) []step {
	return []step{
		func(q *queries) error {
			_, err := q.LockMessage(ctx, dbsqlc.LockMessageParams{AccountID: string(account), ID: string(id)})
			return found(err, gateway.ErrMessageNotFound, "lock message")
		},
		func(q *queries) error {
			rows, err := q.Delivery(ctx, dbsqlc.DeliveryParams{AccountID: string(account), ID: string(id)})
			if err != nil {
				return fmt.Errorf("read delivery: %w", err)
			}
			m, err := q.vault.message(rows[0].Message)
			if err != nil {
				return err
			}
			*d = gateway.Delivery{
				Message: m, Bot: bot(rows[0].Bot), Sequence: int(rows[0].Message.EventSequence),
				Before: gateway.State(rows[0].AfterState), Suspended: rows[0].Suspended,
			}
			for _, r := range rows { // every message has a leg from its first moment
				d.Legs = append(d.Legs, leg(r.Leg))
			}
			d.Leg = current(d.Legs)
			return nil
		},
		readRecipient(ctx, account, id, d),
	}
}

// readRecipient locks the person, if anybody has the address, and the slots.
func readRecipient(ctx context.Context, account gateway.AccountID, id gateway.MessageID, d *gateway.Delivery) step {
	return func(q *queries) error {
		row, err := q.Recipient(ctx, dbsqlc.RecipientParams{AccountID: string(account), ID: string(id)})
		return resolved(q, d, row.Subscriber, row.BotSlot, err)
	}
}

// resolved takes the answer of a statement that looks for the person.
func resolved(q *queries, d *gateway.Delivery, s dbsqlc.Subscriber, t dbsqlc.BotSlot, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resolve recipient: %w", err)
	}
	person, err := q.vault.subscriber(s)
	if err != nil {
		return err
	}
	d.Subscriber, d.Slots = &person, slots(t, s)
	return nil
}

// addRare reads what few deliveries need, each in a trip of its own.
func addRare(ctx context.Context, q *queries, d *gateway.Delivery) (err error) {
	if d.Message.HasLinks() {
		if d.Links, err = links(ctx, q, d.Message.AccountID, d.Message.ID); err != nil {
			return err
		}
	}
	if d.Subscriber == nil && d.Message.To.Kind == gateway.AddressPhone && d.Leg.State == gateway.LegPending && d.Leg.Channel != gateway.ChannelSMS {
		if d.Lapsed, err = phoneLapsed(ctx, q, d.Bot, d.Message.To.Value); err != nil {
			return err
		}
	}
	if d.Guessed() {
		terms, err := terms(ctx, q, d.Message.AccountID)
		if err != nil {
			return err
		}
		d.Prices = &terms.Prices
	}
	return nil
}

func slots(t dbsqlc.BotSlot, s dbsqlc.Subscriber) gateway.Slots {
	return gateway.Slots{
		Free: orZero(t.FreeAt), CodeFree: orZero(t.CodeFreeAt), ServiceFree: orZero(t.ServiceFreeAt), BulkFree: orZero(t.BulkFreeAt),
		ChatFree: orZero(s.ChatFreeAt), Blocked: orZero(t.BlockedUntil), Rate: t.Rate, RateSince: orZero(t.RateSince),
		Group: s.Kind != string(gateway.KindPerson),
	}
}

// current is the leg that is on its way or comes next; the last one if none does.
func current(legs []gateway.Leg) gateway.Leg {
	for _, l := range legs {
		if l.State == gateway.LegPending {
			return l
		}
	}
	return legs[len(legs)-1] // every message has one from its first moment
}

// applyChange writes the change and brings d to what stands in the database afterwards.
func applyChange(ctx context.Context, q *queries, d *gateway.Delivery, c gateway.Change) error {
	if err := applyToOthers(ctx, q, d, c); err != nil {
		return err
	}
	return applyToMessage(ctx, d, c, false)(q)
}

// errMoved is a message that somebody else has changed since it was seen.
var errMoved = errors.New("the message has moved on")

// applyToMessage writes what the change says about the message itself and the slots. An outcome that is told here is
// not announced: should somebody wait in another process, too, they look by themselves a moment later.
func applyToMessage(ctx context.Context, d *gateway.Delivery, c gateway.Change, toldHere bool) step {
	seen := d.Sequence
	bring(d, c)
	params, content, invalid := changeParams(d, c)
	params.Announce = params.Announce && !toldHere
	params.SeenSequence = int32(seen)
	return func(q *queries) error {
		if invalid != nil {
			return invalid
		}
		if err := content.seal(q.vault, &params); err != nil {
			return err
		}
		rows, err := q.apply(ctx, params)
		if err == nil && rows == 0 {
			err = errMoved
		}
		if err != nil {
			return fmt.Errorf("write change of message %s: %w", params.ID, err)
		}
		return nil
	}
}

// bring brings d to how the message stands after the change.
func bring(d *gateway.Delivery, c gateway.Change) {
	at := changeTime(d.Message, c)
	d.Message.UpdatedAt = at
	if c.State != "" {
		d.Message.State, d.Message.Reason = c.State, c.Reason
	}
	if c.Subscriber != "" {
		d.Message.SubscriberID = c.Subscriber
	}
	if c.Leg != nil {
		d.Leg = *c.Leg
	}
	if c.Price != nil {
		d.Message.Price = *c.Price
	}
	d.Legs = d.Changed(c, at)
	d.Message.Cost = gateway.Cost(d.Legs)
	if c.Evidence != nil {
		d.Message.Evidence, d.Message.EvidenceAt = c.Evidence.Kind, c.Evidence.At
	}
}

// firstSMSPoll is how soon a provider is asked what became of an SMS.
const firstSMSPoll = 5 * time.Second

// changeParams is everything about the message itself, as it shall stand.
func changeParams(d *gateway.Delivery, c gateway.Change) (p dbsqlc.ApplyChangeParams, said content, err error) {
	m, l := d.Message, d.Leg
	p = dbsqlc.ApplyChangeParams{
		AccountID: string(m.AccountID), ID: string(m.ID), State: string(m.State), Reason: string(m.Reason), At: m.UpdatedAt,
		MessageBotID: string(m.BotID),
		LegID:        string(l.ID), LegState: string(l.State), LegReason: string(l.Reason), IntentAt: orNull(l.Intent),
		Attempts: int32(l.Attempts), ChatID: l.ChatID, PlatformMessageID: l.PlatformMessageID, SettledAt: orNull(l.SettledAt), SlotAt: orNull(l.Slot),
		Provider: l.Provider, ProviderID: l.ProviderID, Segments: int32(l.Segments), Plain: l.Plain, LegNotBefore: orNull(l.NotBefore), LegCost: l.Cost.String(), Cost: m.Cost.String(), LegPrice: l.Price.String(), Price: m.Price.String(), ChangeLeg: c.Leg != nil, SkipRest: c.SkipRest && (c.Leg == nil || len(d.Legs) > 1),
		LeaveQueue: !d.Open(), Announce: m.Waited && c.State != "" && c.State.Settled(),
	}
	if c.Evidence != nil {
		p.NewEvidence, p.EvidenceAt = string(c.Evidence.Kind), &c.Evidence.At
	}
	if l.Channel == gateway.ChannelSMS {
		said.phone = d.Phone()
		if l.State == gateway.LegAccepted {
			due := m.UpdatedAt.Add(firstSMSPoll)
			p.ReportDueAt = &due
		}
	}
	if d.Subscriber != nil && c.Slots != nil {
		d.Slots = *c.Slots
		p.TakeSlot, p.BotAccountID, p.BotID = true, string(d.Bot.AccountID), string(d.Bot.ID)
		p.SlotSubscriberID = string(d.Subscriber.ID)
		p.FreeAt, p.ServiceFreeAt, p.BulkFreeAt = orNull(c.Slots.Free), orNull(c.Slots.ServiceFree), orNull(c.Slots.BulkFree)
		p.CodeFreeAt, p.ChatFreeAt = orNull(c.Slots.CodeFree), orNull(c.Slots.ChatFree)
		p.BlockedUntil, p.Rate, p.RateSince = orNull(c.Slots.Blocked), c.Slots.Rate, orNull(c.Slots.RateSince)
		if c.Refused {
			p.Refusals = 1
		}
	}
	if m.SubscriberID != "" {
		id := string(m.SubscriberID)
		p.SubscriberID = &id
	}
	for _, e := range c.Events {
		d.Sequence++
		p.Sequences = append(p.Sequences, int32(d.Sequence))
		p.Ats = append(p.Ats, e.At)
		p.Kinds = append(p.Kinds, string(e.Kind))
		p.FromStates = append(p.FromStates, string(e.From))
		p.States = append(p.States, string(e.State))
		p.Legs = append(p.Legs, int32(e.Leg))
		p.Reasons = append(p.Reasons, string(e.Reason))
		p.Details = append(p.Details, e.Detail)
		p.WaitMs = append(p.WaitMs, e.Wait.Milliseconds())
	}
	p.EventSequence = int32(d.Sequence)
	if event := raised(m, c); event != "" {
		body, err := json.Marshal(gateway.OwnEvent{Event: event, MessageID: m.ID})
		if err != nil {
			return p, said, fmt.Errorf("write event of message %s: %w", m.ID, err)
		}
		p.Raise, p.RaiseBody = event, body
	}
	err = translationParams(&p, &said, d, c)
	return p, said, err
}

// content is what of a change is sealed on its way.
type content struct {
	phone       string // of an SMS
	translation string
	buttons     []byte // translated
}

func (c content) seal(v *vault, p *dbsqlc.ApplyChangeParams) (err error) {
	p.Phone, p.PhoneIndex = v.sealed(&err, legBound(p.LegID), c.phone), v.smsIndex(c.phone)
	p.Translation = v.sealed(&err, messageBound("translation", p.ID), c.translation)
	p.TranslatedButtons = v.sealed(&err, messageBound("translated_buttons", p.ID), string(c.buttons))
	return err
}

// raised is the event that a change of state is for rules. What rules themselves sent raises no undelivered: an answer
// to that would be one more message to the same person.
func raised(m gateway.Message, c gateway.Change) string {
	switch c.State {
	case gateway.Read:
		return gateway.OwnRead
	case gateway.NotSubscribed, gateway.Failed, gateway.Expired:
		if m.Rule == "" {
			return gateway.OwnUndelivered
		}
	}
	return ""
}

func translationParams(p *dbsqlc.ApplyChangeParams, said *content, d *gateway.Delivery, c gateway.Change) (err error) {
	if c.Translated == nil {
		return nil
	}
	d.Message.Translation = *c.Translated
	p.Translated, said.translation = true, c.Translated.Text
	p.TranslationReason, p.TranslationCharacters = string(c.Translated.Reason), int32(c.Translated.Characters)
	p.TranslationKeys = rawKeys(c.Translated.Keys)
	said.buttons, err = marshalButtons(c.Translated.Buttons)
	return err
}

// changeTime is when the change happened: its events know. Without any nothing happened to the message since its last.
func changeTime(m gateway.Message, c gateway.Change) time.Time {
	if len(c.Events) > 0 {
		return c.Events[len(c.Events)-1].At
	}
	return m.UpdatedAt
}

// applyToOthers writes what the change says about the person and the bot: rare, so each in its own round trip.
func applyToOthers(ctx context.Context, q *queries, d *gateway.Delivery, c gateway.Change) error {
	at := changeTime(d.Message, c)
	if d.Subscriber != nil && c.Disconnect != "" {
		err := q.Disconnect(ctx, dbsqlc.DisconnectParams{
			AccountID: string(d.Subscriber.AccountID), ID: string(d.Subscriber.ID), Reason: string(c.Disconnect), At: &at,
		})
		if err != nil {
			return fmt.Errorf("disconnect subscriber %s: %w", d.Subscriber.ID, err)
		}
	}
	if d.Subscriber != nil && c.Migrate != 0 {
		err := q.MoveChat(ctx, dbsqlc.MoveChatParams{
			AccountID: string(d.Subscriber.AccountID), ID: string(d.Subscriber.ID), ChatID: c.Migrate,
		})
		if err != nil {
			return fmt.Errorf("move chat of subscriber %s: %w", d.Subscriber.ID, err)
		}
	}
	if err := writeHandle(ctx, q, d, c); err != nil {
		return err
	}
	if c.RevokeBot != "" {
		err := q.SetBotState(ctx, dbsqlc.SetBotStateParams{
			AccountID: string(d.Bot.AccountID), ID: string(d.Bot.ID), State: string(gateway.BotRevoked), StateReason: c.RevokeBot,
			UpdatedAt: at, SealedToken: c.RevokedToken,
		})
		if err != nil {
			return fmt.Errorf("revoke bot %s: %w", d.Bot.ID, err)
		}
	}
	return nil
}

// QueueStats reads what waits for its turn, over all accounts.
func (s *Store) QueueStats(ctx context.Context, now time.Time) (gateway.QueueStats, error) {
	ctx = system(ctx, metricsWork)
	stats := gateway.QueueStats{Waiting: map[gateway.Lane]int{}, Next: map[gateway.Lane]time.Duration{}, Last: map[gateway.Lane]time.Duration{}}
	rows, err := s.q.SendQueue(ctx, &now)
	if err != nil {
		return stats, fmt.Errorf("count waiting messages: %w", err)
	}
	for _, r := range rows {
		lane := gateway.Lane(r.Lane)
		stats.Waiting[lane], stats.Next[lane], stats.Last[lane] = int(r.Waiting), r.NextSlot.Sub(now), r.LastSlot.Sub(now)
	}
	refused, err := s.q.Refusals(ctx, &now)
	if err != nil {
		return stats, fmt.Errorf("count refusals: %w", err)
	}
	stats.Refused, stats.Blocked = refused.Refusals, int(refused.Blocked)
	return stats, nil
}
