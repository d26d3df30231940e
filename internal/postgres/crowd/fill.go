package crowd

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres"
)

const (
	day = 24 * time.Hour
	// fresh is how old the proofs of phones are at most, but of those that are due.
	fresh = 80 * day
	// due is after which age a proof is to be renewed.
	due = 90 * day

	firstPlatformID = 1_000_000_000
)

var firstNames = []string{"Anna", "Bert", "Chiara", "Dmytro", "Elif", "Farid", "Greta", "Hugo"}

// Person is the n-th person of a crowd, without ids of rows.
func Person(n int, at time.Time) gateway.Subscriber {
	seen := at.Add(-time.Duration(n) * (fresh / MaxPeople))
	return gateway.Subscriber{
		Kind: gateway.KindPerson, PlatformID: firstPlatformID + int64(n), ChatID: firstPlatformID + int64(n),
		ExternalID: "customer-" + strconv.Itoa(n), Username: fmt.Sprintf("person_%07d", n), UsernameSeenAt: seen,
		FirstName: firstNames[n%len(firstNames)], LastName: fmt.Sprintf("of House %d", n/len(firstNames)), Language: "en",
		Phone: fmt.Sprintf("+38050%07d", n), PhoneProof: gateway.ProofContact, PhoneProvedAt: seen,
		Connection: gateway.Connected, ConnectedAt: seen, LastSeenAt: seen,
	}
}

// MaxPeople is how many people have a phone of their own.
const MaxPeople = 10_000_000

// Rare is by what a few people of a crowd differ from all others, besides having no phone.
var Rare = gateway.Subscriber{Language: "uk", Tags: []string{"vip"}, Connection: gateway.Disconnected, Reason: "blocked"}

// Shape is how many people of which kind a crowd has.
type Shape struct {
	People int
	Due    int  // the first, who are to prove their phones anew
	Rare   int  // the first of each stretch of the same length, so that they are spread evenly
	Plain  bool // the planner shall not know the tables yet
}

// rare tells whether the n-th person is one of the few.
func (s Shape) rare(n int) bool {
	return s.Rare > 0 && n%(s.People/s.Rare) == 0 && n/(s.People/s.Rare) < s.Rare
}

// person is the n-th one, with ids.
func (s Shape) person(b *Base, n int) gateway.Subscriber {
	p := Person(n, b.at)
	p.ID, p.AccountID, p.BotID = b.ids.Subscriber(), b.Account, b.Bot
	if n < s.Due {
		p.PhoneProvedAt = b.at.Add(-due - time.Duration(n+1)*time.Minute)
	}
	if s.rare(n) {
		p.Phone, p.PhoneProof, p.PhoneProvedAt = "", "", time.Time{}
		p.Language, p.Connection, p.Reason, p.DisconnectedAt = Rare.Language, Rare.Connection, Rare.Reason, p.LastSeenAt
	}
	return p
}

// columns of subscribers that are filled.
var columns = []string{
	"id", "account_id", "bot_id", "platform_id", "chat_id", "kind", "external_id", "names", "names_index", "username_index", "username_seen_at",
	"language", "phone", "phone_index", "phone_proof", "phone_proved_at", "connection", "reason", "connected_at", "disconnected_at", "last_seen_at", "profile_at", "profile_update_id",
	"connection_at", "connection_update_id", "phone_update_id", "created_at",
}

// Fill brings people to the bot. Then it lets the planner know the tables, as an hour of autovacuum would.
func (b *Base) Fill(ctx context.Context, s Shape) error {
	tx, err := b.admin.Begin(ctx)
	if err != nil {
		return fmt.Errorf("fill the bot: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if _, err := tx.Exec(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
		return fmt.Errorf("switch triggers off: %w", err)
	}
	var tagged []string
	rows := pgx.CopyFromSlice(s.People, func(n int) ([]any, error) {
		p := s.person(b, n)
		if s.rare(n) {
			tagged = append(tagged, string(p.ID))
		}
		r, err := postgres.SealSubscriber(b.vault, p)
		return []any{
			r.ID, r.AccountID, r.BotID, r.PlatformID, r.ChatID, r.Kind, r.ExternalID, r.Names, r.NamesIndex, r.UsernameIndex, r.UsernameSeenAt,
			r.Language, r.Phone, r.PhoneIndex, r.PhoneProof, r.PhoneProvedAt, r.Connection, r.Reason, r.ConnectedAt, r.DisconnectedAt, r.LastSeenAt,
			p.LastSeenAt, int64(n + 1), p.LastSeenAt, int64(n + 1), int64(n + 1), b.at,
		}, err
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"subscribers"}, columns, rows); err != nil {
		return fmt.Errorf("copy people: %w", err)
	}
	const tag = `INSERT INTO person_states (account_id, subscriber_id, tags) SELECT $1, unnest($2::text[]), $3`
	for _, statement := range []struct {
		sql  string
		args []any
	}{{"SET LOCAL session_replication_role = origin", nil}, {tag, []any{b.Account, tagged, Rare.Tags}}} {
		if _, err := tx.Exec(ctx, statement.sql, statement.args...); err != nil {
			return fmt.Errorf("tag people: %w", err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("fill the bot: %w", err)
	}
	if s.Plain {
		return nil
	}
	return b.Analyze(ctx)
}

// Analyze lets the planner know the tables.
func (b *Base) Analyze(ctx context.Context) error {
	if _, err := b.admin.Exec(ctx, "VACUUM ANALYZE subscribers, person_states, person_tags"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	return nil
}
