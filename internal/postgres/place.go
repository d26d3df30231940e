package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// place is a column that holds sealed values. It stands in the list below, so that its values are sealed anew when the key
// changes; its SQL is made from these few words, because that of all places is the same.
type place struct {
	table  string
	key    []string // columns of the primary key with their types
	column string
	bound  string // what a value is bound to, as SQL
	only   string // which rows are sealed, as SQL; empty: all
	// Of a column that lay open once: the columns by which its values are looked up.
	scope   string // as SQL
	indexes func(v *vault, scope, plain string) map[string][]byte
}

// places are all columns that are sealed, but cached translations: one that does not open is fetched again.
func places() []place {
	return []place{
		{table: "bots", key: []string{"id text"}, column: "sealed_token", bound: `'bots.token/' || id`},
		{
			table: "idempotency_keys", key: []string{"account_id text", "key text"}, column: "answer",
			bound: `'idempotency_keys.answer/' || account_id || '/' || key`,
		},
		{table: "translation_secrets", key: []string{"account_id text"}, column: "sealed", bound: `'translation_secrets/' || account_id`},
		{
			table: "subscribers", key: []string{"id text"}, column: "names",
			bound: `'subscribers.names/' || bot_id || '/' || platform_id`, scope: `bot_id`, indexes: indexUsername,
		},
		{
			table: "subscribers", key: []string{"id text"}, column: "phone",
			bound: `'subscribers.phone/' || bot_id || '/' || platform_id`, scope: `bot_id`, indexes: indexPhone,
		},
		{
			table: "subscriber_names", key: []string{"id bigint"}, column: "names",
			bound: `(SELECT 'subscribers.names/' || s.bot_id || '/' || s.platform_id FROM subscribers s WHERE s.id = subscriber_id)`,
		},
		{
			table: "phone_proofs", key: []string{"subscriber_id text", "proved_at timestamptz", "phone_index bytea"}, column: "phone",
			bound: `'phone_proofs.phone/' || subscriber_id`, scope: `bot_id`, indexes: indexPhone,
		},
		{
			table: "phone_asks", key: []string{"id text"}, column: "phone", bound: `'phone_asks.phone/' || id`,
			scope: `bot_id`, indexes: indexPhone,
		},
		{
			table: "messages", key: []string{"id text"}, column: "sealed_address", bound: `'messages.address/' || id`,
			scope: `bot_id || ' ' || address_kind`, indexes: indexAddress,
		},
		ofMessage("messages", "id", "text"),
		ofMessage("messages", "id", "buttons"),
		ofMessage("messages", "id", "media"),
		ofMessage("messages", "id", "read_link"),
		ofMessage("messages", "id", "translation"),
		ofMessage("messages", "id", "translated_buttons"),
		ofMessage("edits", "message_id", "text"),
		ofMessage("edits", "message_id", "buttons"),
		{table: "read_links", key: []string{"token_hash bytea"}, column: "link", bound: `'read_links.link/' || message_id || '/' || number`},
		{table: "read_links", key: []string{"token_hash bytea"}, column: "url", bound: `'read_links.url/' || message_id || '/' || number`},
		{table: "legs", key: []string{"id text"}, column: "phone", bound: `'legs.phone/' || id`, indexes: indexSMS},
		{
			table: "sms_replies", key: []string{"provider text", "provider_id text"}, column: "phone",
			bound: `'sms_replies.phone/' || provider || '/' || provider_id`, indexes: indexSMS,
		},
		{
			table: "sms_replies", key: []string{"provider text", "provider_id text"}, column: "text",
			bound: `'sms_replies.text/' || provider || '/' || provider_id`,
		},
		{
			table: "updates", key: []string{"sequence bigint"}, column: "body",
			bound: `'updates.body/' || bot_id || '/' || update_id`, only: "update_id >= 0",
		},
		{
			table: "verdicts", key: []string{"message_id text", "event text"}, column: "input",
			bound: `'verdicts.input/' || message_id || '/' || event`,
		},
		{
			table: "verdicts", key: []string{"message_id text", "event text"}, column: "effects",
			bound: `'verdicts.effects/' || message_id || '/' || event`,
		},
		{
			table: "person_states", key: []string{"account_id text", "subscriber_id text"}, column: "fields",
			bound: `'person_states.fields/' || account_id || '/' || subscriber_id`,
		},
		{table: "events", key: []string{"id text"}, column: "sealed", bound: `'events.sealed/' || account_id`},
	}
}

// ofMessage is a column whose values are bound to the message, also where they wait to become part of it.
func ofMessage(table, message, column string) place {
	return place{table: table, key: []string{"id text"}, column: column, bound: "'messages." + column + "/' || " + message}
}

func indexSMS(v *vault, _, phone string) map[string][]byte {
	return map[string][]byte{"phone_index": v.smsIndex(phone)}
}

func indexPhone(v *vault, bot, phone string) map[string][]byte {
	return map[string][]byte{"phone_index": v.phoneIndex(bot, phone)}
}

func indexAddress(v *vault, scope, address string) map[string][]byte {
	bot, kind, _ := strings.Cut(scope, " ")
	if kind == kindUsername {
		return map[string][]byte{"address_index": v.usernameIndex(bot, address)}
	}
	return map[string][]byte{"address_index": v.phoneIndex(bot, address)}
}

// indexUsername leaves the index that tells whether names have changed: it comes with the next update.
func indexUsername(v *vault, bot, plain string) map[string][]byte {
	var n names
	if json.Unmarshal([]byte(plain), &n) != nil || n.Username == "" {
		return nil
	}
	return map[string][]byte{"username_index": v.usernameIndex(bot, n.Username)}
}

// stored is a value in a place.
type stored struct {
	Key   []string
	Bound string
	Scope string
	Value []byte
}

// resealBatch is how many values are read at a time.
const resealBatch = 200

// plainMark begins a value that lay open before its column was sealed, until it is sealed itself. Nothing but SealPlain
// takes it for a value.
var plainMark = []byte{0}

// each hands over the values of a place in the order of their keys: those that begin with a prefix, or those that do not
// and are sealed.
func (s *Store) each(ctx context.Context, p place, prefix []byte, with bool, do func(stored) error) error {
	var after []string
	for {
		rows, err := s.batch(ctx, p, prefix, with, after)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.Key
			if err := do(row); err != nil {
				return err
			}
		}
		if len(rows) < resealBatch {
			return nil
		}
	}
}

func (s *Store) batch(ctx context.Context, p place, prefix []byte, with bool, after []string) ([]stored, error) {
	names, texts, marks, args := p.keys(2)
	where := fmt.Sprintf("%s <> '' AND substring(%s FOR %d) = $1", p.column, p.column, len(prefix))
	if !with {
		where = fmt.Sprintf("%s <> '' AND substring(%s FOR %d) <> $1 AND get_byte(%s, 0) <> 0", p.column, p.column, len(prefix), p.column)
	}
	if p.only != "" {
		where += " AND " + p.only
	}
	arguments := []any{prefix}
	if after != nil {
		where += fmt.Sprintf(" AND (%s) > (%s)", names, marks)
		arguments = append(arguments, args(after)...)
	}
	scope := "''"
	if p.scope != "" {
		scope = p.scope
	}
	rows, err := guard{s.pool}.Query(ctx, fmt.Sprintf("SELECT ARRAY[%s] AS key, %s AS bound, %s AS scope, %s AS value FROM %s WHERE %s ORDER BY %s LIMIT %d",
		texts, p.bound, scope, p.column, p.table, where, names, resealBatch), arguments...)
	if err != nil {
		return nil, fmt.Errorf("list values of %s.%s: %w", p.table, p.column, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[stored])
	if err != nil {
		return nil, fmt.Errorf("list values of %s.%s: %w", p.table, p.column, err)
	}
	return list, nil
}

// keys are the columns of the key, the same as texts, and marks for arguments that hold those texts.
func (p place) keys(first int) (names, texts, marks string, args func([]string) []any) {
	var n, t, m []string
	for i, column := range p.key {
		name, kind, _ := strings.Cut(column, " ")
		n, t = append(n, name), append(t, name+"::text")
		m = append(m, fmt.Sprintf("$%d::text::%s", first+i, kind))
	}
	return strings.Join(n, ", "), strings.Join(t, ", "), strings.Join(m, ", "), func(key []string) []any {
		out := make([]any, len(key))
		for i, part := range key {
			out[i] = part
		}
		return out
	}
}

// replace puts another value in the stead of one, unless that has changed meanwhile.
func (s *Store) replace(ctx context.Context, p place, was stored, value []byte, indexes map[string][]byte) (int64, error) {
	names, _, marks, args := p.keys(3)
	set := p.column + " = $2"
	arguments := append([]any{was.Value, value}, args(was.Key)...)
	for _, column := range slices.Sorted(maps.Keys(indexes)) {
		arguments = append(arguments, indexes[column])
		set += fmt.Sprintf(", %s = $%d", column, len(arguments))
	}
	tag, err := guard{s.pool}.Exec(ctx, fmt.Sprintf("UPDATE %s SET %s WHERE (%s) = (%s) AND %s = $1", p.table, set, names, marks, p.column), arguments...)
	if err != nil {
		return 0, fmt.Errorf("replace %s: %w", was.Bound, err)
	}
	return tag.RowsAffected(), nil
}

// Reseal seals anew what is sealed by an earlier key, place by place, and tells how many values that were. It looks at
// nothing once a whole pass found everything sealed by the key that seals now.
func (s *Store) Reseal(ctx context.Context) (count int, err error) {
	ctx = system(ctx, sealWork)
	v := s.q.vault
	key, prefix := v.Key(), v.Prefix()
	done, err := s.q.SealedBy(ctx)
	if err != nil || done == key {
		return 0, err
	}
	for _, p := range places() {
		err := s.each(ctx, p, prefix, false, func(was stored) error {
			plain, err := v.Open(ctx, was.Value, was.Bound)
			if err != nil {
				return fmt.Errorf("open %s: %w", was.Bound, err)
			}
			anew, err := v.Seal(ctx, plain, was.Bound)
			if err != nil {
				return fmt.Errorf("seal %s: %w", was.Bound, err)
			}
			rows, err := s.replace(ctx, p, was, anew, nil)
			count += int(rows)
			return err
		})
		if err != nil {
			return count, err
		}
	}
	if count == 0 {
		err = s.q.SetSealedBy(ctx, key)
	}
	return count, err
}

// sealPlain seals for the first time what lay open before its column was sealed.
func (s *Store) sealPlain(ctx context.Context) error {
	ctx = system(ctx, sealWork)
	v := s.q.vault
	for _, p := range places() {
		err := s.each(ctx, p, plainMark, true, func(was stored) error {
			plain := bytes.TrimPrefix(was.Value, plainMark)
			value, err := v.Seal(ctx, plain, was.Bound)
			if err != nil {
				return fmt.Errorf("seal %s: %w", was.Bound, err)
			}
			var indexes map[string][]byte
			if p.indexes != nil {
				indexes = p.indexes(v, was.Scope, string(plain))
			}
			_, err = s.replace(ctx, p, was, value, indexes)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := s.q.SealedPlain(ctx); err != nil {
		return fmt.Errorf("note that everything is sealed: %w", err)
	}
	return nil
}
