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

// columns of subscribers that are filled.
var columns = []string{
	"id", "account_id", "bot_id", "platform_id", "chat_id", "kind", "external_id", "names", "names_index", "username_index", "username_seen_at",
	"language", "phone", "phone_index", "phone_proof", "phone_proved_at", "connection", "connected_at", "last_seen_at", "profile_at", "profile_update_id",
	"connection_at", "connection_update_id", "phone_update_id", "created_at",
}

// Fill brings people to the bot, of whom the first are due to prove their phones anew. Then it lets the planner know the
// tables, as an hour of autovacuum would.
func (b *Base) Fill(ctx context.Context, people, overdue int) error {
	tx, err := b.admin.Begin(ctx)
	if err != nil {
		return fmt.Errorf("fill the bot: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if _, err := tx.Exec(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
		return fmt.Errorf("switch triggers off: %w", err)
	}
	rows := pgx.CopyFromSlice(people, func(n int) ([]any, error) {
		p := Person(n, b.at)
		p.ID, p.AccountID, p.BotID = b.ids.Subscriber(), b.Account, b.Bot
		if n < overdue {
			p.PhoneProvedAt = b.at.Add(-due - time.Duration(n+1)*time.Minute)
		}
		r, err := postgres.SealSubscriber(b.vault, p)
		return []any{
			r.ID, r.AccountID, r.BotID, r.PlatformID, r.ChatID, r.Kind, r.ExternalID, r.Names, r.NamesIndex, r.UsernameIndex, r.UsernameSeenAt,
			r.Language, r.Phone, r.PhoneIndex, r.PhoneProof, r.PhoneProvedAt, r.Connection, r.ConnectedAt, r.LastSeenAt, p.LastSeenAt, int64(n + 1),
			p.LastSeenAt, int64(n + 1), int64(n + 1), b.at,
		}, err
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"subscribers"}, columns, rows); err != nil {
		return fmt.Errorf("copy people: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("fill the bot: %w", err)
	}
	if _, err := b.admin.Exec(ctx, "VACUUM ANALYZE subscribers"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	return nil
}
