package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

// vault seals what people are called, where they are reached and what they write, on its way into the database, and opens
// it on its way out. What is empty stays empty. Sealed values are bound to their table, column and row, so that one that
// was moved to another row does not open; what is looked up has an index beside it.
type vault struct{ gateway.Vault }

// queries are the statements with the vault for what goes through them.
type queries struct {
	*dbsqlc.Queries
	vault *vault
}

// sealed seals a text. The first fault of several is kept in err.
func (v *vault) sealed(err *error, bound, plain string) []byte {
	if plain == "" {
		return []byte{}
	}
	value, fault := v.Seal(context.Background(), []byte(plain), bound) // in this process: there is nothing to wait for
	if *err == nil {
		*err = fault
	}
	return value
}

// opened opens what sealed has sealed. The first fault of several is kept in err.
func (v *vault) opened(err *error, bound string, value []byte) string {
	if len(value) == 0 {
		return ""
	}
	plain, fault := v.Open(context.Background(), value, bound)
	if *err == nil && fault != nil {
		*err = fmt.Errorf("open %s: %w", bound, fault)
	}
	return string(plain)
}

// openedJSON opens what was JSON before it was sealed.
func (v *vault) openedJSON(err *error, bound string, value []byte, into any) {
	plain := v.opened(err, bound, value)
	if plain == "" {
		return
	}
	if fault := json.Unmarshal([]byte(plain), into); *err == nil && fault != nil {
		*err = fmt.Errorf("read %s: %w", bound, fault)
	}
}

// index is by what a value of a kind is looked up in a scope, such as a bot.
func (v *vault) index(scope, kind, value string) []byte {
	if value == "" {
		return []byte{}
	}
	return v.Index(scope, kind, value)
}

// Kinds of what is looked up.
const (
	kindPhone    = "phone"
	kindUsername = "username"
	kindNames    = "names"
	kindSMS      = "sms"
)

// phoneIndex finds the person of a bot who proved a phone, and messages that are addressed to it.
func (v *vault) phoneIndex(bot, phone string) []byte { return v.index(bot, kindPhone, phone) }

// usernameIndex finds people of a bot by their @name, however it is written.
func (v *vault) usernameIndex(bot, username string) []byte {
	return v.index(bot, kindUsername, strings.ToLower(username))
}

// names are what a person is called, sealed together.
type names struct {
	Username  string `json:"u,omitempty"`
	FirstName string `json:"f,omitempty"`
	LastName  string `json:"l,omitempty"`
}

// personBound is what values of a person's row are bound to: the id of the row is not known where it is written.
func personBound(column, bot string, platformID int64) string {
	return "subscribers." + column + "/" + bot + "/" + strconv.FormatInt(platformID, 10)
}

// sealNames seals what a person is called, with the index that tells whether it has changed.
func (v *vault) sealNames(err *error, bot string, platformID int64, n names) (value, index []byte) {
	plain, fault := json.Marshal(n)
	if *err == nil {
		*err = fault
	}
	bound := personBound("names", bot, platformID)
	return v.sealed(err, bound, string(plain)), v.index(bound, kindNames, string(plain))
}

func (v *vault) openNames(err *error, bot string, platformID int64, value []byte) (n names) {
	v.openedJSON(err, personBound("names", bot, platformID), value, &n)
	return n
}

// address seals what names a person, and leaves open what names them to nobody but the messenger or the sender.
func (v *vault) address(err *error, bot string, m gateway.MessageID, a gateway.Address) (open string, value, index []byte) {
	switch a.Kind {
	case gateway.AddressPhone:
		index = v.phoneIndex(bot, a.Value)
	case gateway.AddressUsername:
		index = v.usernameIndex(bot, a.Value)
	default:
		return a.Value, []byte{}, []byte{}
	}
	return "", v.sealed(err, messageBound("address", string(m)), a.Value), index
}

// askBound is what a phone is bound to that a person claims.
func askBound(id string) string { return "phone_asks.phone/" + id }

// proofBound is what the phone of a proof is bound to.
func proofBound(subscriber string) string { return "phone_proofs.phone/" + subscriber }

func messageBound(column, id string) string { return "messages." + column + "/" + id }

// errOtherKey is a key file that is not this database's.
var errOtherKey = errors.New("the key file belongs to another database: people are looked up by its indexKey, and this one finds nobody. Give the key file that came with the database")

var errHalfOpen = errors.New("some of what the database knows about people is not sealed yet: run herald migrate with the database's --key-file")

// undefinedTable is what PostgreSQL answers about a table that is not there.
const undefinedTable = "42P01"

// Sealed tells whether a key has sealed the database: no other one is of use to it then.
func Sealed(ctx context.Context, url gateway.Secret) (sealed bool, err error) {
	conn, err := pgx.Connect(ctx, url.Reveal())
	if err != nil {
		return false, &ErrRefused{err}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	err = conn.QueryRow(ctx, "SELECT index_check <> '' FROM vault").Scan(&sealed)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == undefinedTable { // an empty one, or an early one
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the vault: %w", err)
	}
	return sealed, nil
}

// checkVault refuses a key by which nothing would be found, and a database that lies half open.
func (s *Store) checkVault(ctx context.Context) error {
	ctx = system(ctx, sealWork)
	check := s.q.vault.Index("vault", "check")
	row, err := s.q.CheckVault(ctx, check)
	switch {
	case err != nil:
		return fmt.Errorf("look at the vault: %w", err)
	case !bytes.Equal(row.IndexCheck, check):
		return errOtherKey
	case row.Plain:
		return errHalfOpen
	}
	return nil
}

func linkBound(column, message string, number int) string {
	return "read_links." + column + "/" + message + "/" + strconv.Itoa(number)
}

func legBound(id string) string { return "legs.phone/" + id }

// smsIndex finds SMS to and from a phone, over all accounts: who answers names none.
func (v *vault) smsIndex(phone string) []byte { return v.index("", kindSMS, phone) }

func replyBound(column, provider, id string) string {
	return "sms_replies." + column + "/" + provider + "/" + id
}

func updateBound(bot string, update int64) string {
	return "updates.body/" + bot + "/" + strconv.FormatInt(update, 10)
}

func verdictBound(column, message, event string) string {
	return "verdicts." + column + "/" + message + "/" + event
}

func fieldsBound(account, subscriber string) string {
	return "person_states.fields/" + account + "/" + subscriber
}

// eventBound does not name the event: some get their ids where they are stored.
func eventBound(account string) string { return "events.sealed/" + account }

// NoVault is the vault of a program that has no key, and needs none for what it does: it neither seals nor opens.
func NoVault() gateway.Vault { return noKey{} }

type noKey struct{}

var errNoKey = errors.New("people are sealed, and there is no key: give --key-file")

func (noKey) Seal(context.Context, []byte, string) ([]byte, error) { return nil, errNoKey }
func (noKey) Open(context.Context, []byte, string) ([]byte, error) { return nil, errNoKey }
func (noKey) Index(...string) []byte                               { return []byte{} }
func (noKey) Prefix() []byte                                       { return nil }
func (noKey) Key() string                                          { return "" }
