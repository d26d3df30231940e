package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// importAttempts is how often an import is begun when it gets in the way of something else.
const importAttempts = 3

// Import writes people in one transaction, a batch at a time. Whoever is known already and stays as they are is read and
// not locked, so that the same file once more holds nobody up.
func (s *Store) Import(ctx context.Context, i gateway.Import) (counts gateway.ImportCounts, freed []gateway.MessageRef, err error) {
	ctx = of(ctx, i.AccountID)
	for attempt := 1; ; attempt++ {
		counts, freed = gateway.ImportCounts{}, nil
		err = s.inTx(ctx, func(tx pgx.Tx, q *queries) error {
			if _, err := tx.Exec(ctx, growing); err != nil {
				return fmt.Errorf("begin import: %w", err)
			}
			free, err := q.TryImport(ctx, string(i.BotID))
			if err != nil {
				return fmt.Errorf("begin import: %w", err)
			}
			if !free {
				return gateway.Fault(gateway.CodeImportRunning, "", "Another import into this bot is under way. Wait until it has ended.")
			}
			w := &importWriter{Import: i, q: q, counts: &counts}
			for people, err := range i.Batches {
				if err != nil {
					return err
				}
				if err := w.write(ctx, people, 0); err != nil {
					return err
				}
			}
			freed = w.freed
			return nil
		})
		if attempt == importAttempts || !collided(err) {
			return counts, freed, err
		}
	}
}

// growing lets nothing be read through from end to end, neither by our statements nor by those that check foreign keys: a
// plan that was good for an empty table stays in the session while the table grows to a hundred thousand rows.
const growing = "DISCARD PLANS; SET LOCAL enable_seqscan = off"

// collided tells whether a transaction broke off because another one did the same thing at the same time.
func collided(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && slices.Contains([]string{"40P01", "40001", "23505"}, server.Code)
}

// importWriter is an import at work.
type importWriter struct {
	gateway.Import
	q      *queries
	counts *gateway.ImportCounts
	freed  []gateway.MessageRef // messages that waited for a proof
}

// write writes a batch of people.
func (w *importWriter) write(ctx context.Context, people []gateway.ImportedPerson, turn int) error {
	if turn == importAttempts {
		return fmt.Errorf("write people: %d of them are neither known nor new", len(people))
	}
	known, err := w.known(ctx, people)
	if err != nil {
		return err
	}
	var changes []*change
	var locked []*change // whoever is known and shall be otherwise
	for _, p := range people {
		c, err := w.change(p, known[p.PlatformID])
		switch {
		case err != nil:
			return err
		case c == nil:
		case c.known && (c.differs || c.state || c.claims):
			locked = append(locked, c)
		default:
			changes = append(changes, c)
		}
	}
	again, err := w.lock(ctx, locked)
	if err != nil {
		return err
	}
	changes = append(changes, again...)
	if err := w.settlePhones(ctx, changes); err != nil {
		return err
	}
	missed, err := w.put(ctx, changes)
	if err != nil || len(missed) == 0 {
		return err
	}
	return w.write(ctx, missed, turn+1) // they wrote to the bot in this moment, and are known now
}

// known reads who of these people is known.
func (w *importWriter) known(ctx context.Context, people []gateway.ImportedPerson) (map[int64]*dbsqlc.KnownPeopleRow, error) {
	rows, err := w.q.KnownPeople(ctx, dbsqlc.KnownPeopleParams{AccountID: string(w.AccountID), BotID: string(w.BotID), PlatformIds: platformIDs(people)})
	if err != nil {
		return nil, fmt.Errorf("read known people: %w", err)
	}
	known := make(map[int64]*dbsqlc.KnownPeopleRow, len(rows))
	for i := range rows {
		known[rows[i].Subscriber.PlatformID] = &rows[i]
	}
	return known, nil
}

// lock holds people still and decides anew about them.
func (w *importWriter) lock(ctx context.Context, seen []*change) (changes []*change, err error) {
	if len(seen) == 0 {
		return nil, nil
	}
	slices.SortFunc(seen, func(a, b *change) int { return strings.Compare(a.row.ID, b.row.ID) })
	ids, people := make([]string, len(seen)), make([]gateway.ImportedPerson, len(seen))
	for i, c := range seen {
		ids[i], people[i] = c.row.ID, c.person
	}
	if _, err := w.q.LockKnownPeople(ctx, dbsqlc.LockKnownPeopleParams{AccountID: string(w.AccountID), Ids: ids}); err != nil {
		return nil, fmt.Errorf("lock known people: %w", err)
	}
	known, err := w.known(ctx, people)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		c, err := w.change(p, known[p.PlatformID])
		if err != nil {
			return nil, err
		}
		if c != nil {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

func platformIDs(people []gateway.ImportedPerson) []int64 {
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.PlatformID
	}
	return ids
}

// settlePhones decides who has the phones that are claimed: the last proof wins. Whoever loses one to a person of the
// batch loses it now.
func (w *importWriter) settlePhones(ctx context.Context, changes []*change) error {
	winners := map[string]*change{}
	for _, c := range changes {
		if !c.claims {
			continue
		}
		if rival := winners[string(c.index)]; rival != nil {
			if rival.person.PhoneProvedAt.After(c.person.PhoneProvedAt) {
				c.loses(rival.person.PhoneProvedAt)
				continue
			}
			rival.loses(c.person.PhoneProvedAt)
		}
		winners[string(c.index)] = c
	}
	if len(winners) == 0 {
		return nil
	}
	indexes := make([][]byte, 0, len(winners))
	for index := range winners {
		indexes = append(indexes, []byte(index))
	}
	holders, err := w.q.PhoneHolders(ctx, dbsqlc.PhoneHoldersParams{AccountID: string(w.AccountID), BotID: string(w.BotID), PhoneIndexes: indexes})
	if err != nil {
		return fmt.Errorf("find holders of phones: %w", err)
	}
	lost := dbsqlc.LeavePhonesParams{AccountID: string(w.AccountID)}
	losers := map[string]bool{}
	for _, h := range holders {
		c := winners[string(h.PhoneIndex)]
		switch {
		case h.PlatformID == c.person.PlatformID:
		case orZero(h.PhoneProvedAt).After(c.person.PhoneProvedAt):
			c.loses(orZero(h.PhoneProvedAt))
		default:
			lost.Ids, lost.Ats = append(lost.Ids, h.ID), append(lost.Ats, c.person.PhoneProvedAt)
			losers[h.ID] = true
		}
	}
	for _, c := range changes {
		if losers[c.row.ID] {
			c.row.Phone, c.row.PhoneIndex, c.row.PhoneProof, c.row.PhoneProvedAt = []byte{}, []byte{}, "", nil
		}
	}
	for _, c := range changes {
		if err := c.prove(w.q.vault); err != nil {
			return err
		}
	}
	if len(lost.Ids) == 0 {
		return nil
	}
	if err := w.q.LeavePhones(ctx, lost); err != nil {
		return fmt.Errorf("close earlier proofs of phones: %w", err)
	}
	return nil
}

// put writes what differs, and returns whoever came to the bot by themselves since they were looked for.
func (w *importWriter) put(ctx context.Context, changes []*change) (missed []gateway.ImportedPerson, err error) {
	if err := w.leaveExternalIDs(ctx, changes); err != nil {
		return nil, err
	}
	rows := dbsqlc.PutPeopleParams{AccountID: string(w.AccountID), BotID: string(w.BotID), At: w.At}
	for _, c := range changes {
		if !c.known || c.differs {
			addPerson(&rows, c.row)
		}
	}
	there := map[int64]bool{}
	if len(rows.Ids) > 0 {
		ids, err := w.q.PutPeople(ctx, rows)
		if err != nil {
			return nil, fmt.Errorf("write people: %w", err)
		}
		for _, id := range ids {
			there[id] = true
		}
	}
	proofs := dbsqlc.RecordProofsParams{AccountID: string(w.AccountID), BotID: string(w.BotID)}
	others := dbsqlc.CloseProofsParams{AccountID: string(w.AccountID), At: &w.At}
	states := dbsqlc.WriteStatesParams{AccountID: string(w.AccountID)}
	for _, c := range changes {
		if !c.known && !there[c.person.PlatformID] {
			missed = append(missed, c.person)
			continue
		}
		w.count(c)
		if c.known && c.claims {
			others.SubscriberIds, others.PhoneIndexes = append(others.SubscriberIds, c.row.ID), append(others.PhoneIndexes, c.index)
			others.ProvedAts = append(others.ProvedAts, c.person.PhoneProvedAt)
		}
		if err := c.addProof(w.q.vault, &proofs); err != nil {
			return nil, err
		}
		if err := c.addState(w.q.vault, &states); err != nil {
			return nil, err
		}
	}
	if len(others.SubscriberIds) > 0 {
		if err := w.q.CloseProofs(ctx, others); err != nil {
			return nil, fmt.Errorf("close earlier proofs: %w", err)
		}
		freed, err := withheld(ctx, w.q, others.SubscriberIds)
		if err != nil {
			return nil, err
		}
		w.freed = append(w.freed, freed...)
	}
	if len(proofs.SubscriberIds) > 0 {
		if err := w.q.RecordProofs(ctx, proofs); err != nil {
			return nil, fmt.Errorf("insert proofs of phones: %w", err)
		}
	}
	if len(states.SubscriberIds) > 0 {
		if err := w.q.WriteStates(ctx, states); err != nil {
			return nil, fmt.Errorf("write tags and fields: %w", err)
		}
	}
	return missed, nil
}

func (w *importWriter) count(c *change) {
	switch {
	case !c.known:
		w.counts.Created++
	case c.differs || c.state:
		w.counts.Changed++
	default:
		w.counts.Unchanged++
	}
	if !c.elsewhere.IsZero() {
		w.counts.PhonesElsewhere++
	}
}

// leaveExternalIDs takes ids of the sender's from whoever had them.
func (w *importWriter) leaveExternalIDs(ctx context.Context, changes []*change) error {
	wanted := dbsqlc.LeaveExternalIDsParams{AccountID: string(w.AccountID), BotID: string(w.BotID)}
	owners := map[string]int64{}
	for _, c := range changes {
		if id := c.person.ExternalID; c.differs && id != "" {
			wanted.ExternalIds, wanted.PlatformIds = append(wanted.ExternalIds, id), append(wanted.PlatformIds, c.person.PlatformID)
			owners[id] = c.person.PlatformID
		}
	}
	if len(wanted.ExternalIds) == 0 {
		return nil
	}
	for _, c := range changes {
		if owner, taken := owners[c.row.ExternalID]; taken && owner != c.person.PlatformID {
			c.row.ExternalID = ""
		}
	}
	if err := w.q.LeaveExternalIDs(ctx, wanted); err != nil {
		return fmt.Errorf("leave external ids: %w", err)
	}
	return nil
}
