package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"herald/internal/gateway"
)

// scope is whose rows a session shows: those of accounts, their ids joined by commas, or everybody's. Row-level security
// compares it with the account of each row, so that a query that forgets the account sees nothing of others.
type scope string

const (
	nobodys    scope = ""  // of a session that was told nothing
	everybodys scope = "*" // of work of the installation itself
)

// scopeSetting is the setting that the policies of the tables look at.
const scopeSetting = "herald.account"

// work is what the installation does over all accounts, or before it knows whose. Nothing else sees everybody's rows.
type work string

const (
	accountWork  work = "accounts"  // the operator makes accounts and finds them
	keyWork      work = "keys"      // a caller shows a key: its account is what we want to know
	claimWork    work = "claims"    // answers to many requests, kept at once
	callbackWork work = "callbacks" // messengers, providers and readers of links show a token or a name of theirs
	intakeWork   work = "intake"    // leases of pollers, and raw updates of many bots at once
	inboxWork    work = "inbox"     // the oldest update of all bots, and what follows from it
	proofWork    work = "proofs"    // a phone is its person's, whichever account asks for it
	outboxWork   work = "outbox"    // messages whose turn it is, and reports that are due
	janitorWork  work = "janitor"   // what is no longer needed
	metricsWork  work = "metrics"   // sums
	watchWork    work = "watchdog"  // bots that are due to be looked at
	policyWork   work = "policy"    // of shared bots: it is one for all accounts
	sealWork     work = "seals"     // the key of the installation changes
	forgetWork   work = "forgets"   // a person, and what all accounts wrote to them
)

type scopeKey struct{}

// of names the accounts that the store works for in ctx. More than one is for what lies between two of them: a message
// of one over a bot of the other.
func of(ctx context.Context, account gateway.AccountID, others ...gateway.AccountID) context.Context {
	s := scope(account)
	for _, other := range others {
		if other != account {
			s += "," + scope(other)
		}
	}
	return context.WithValue(ctx, scopeKey{}, s)
}

// sending names the accounts that a message on its way concerns: its own, and the operator's, to whom the people and the
// slots of shared bots belong.
func (s *Store) sending(ctx context.Context, account gateway.AccountID) (context.Context, error) {
	operator := s.operator.Load()
	if operator == nil {
		a, err := s.Operator(ctx)
		if err != nil && !errors.Is(err, gateway.ErrAccountNotFound) {
			return nil, err
		}
		if a.ID == "" { // nobody owns shared bots yet
			return of(ctx, account), nil
		}
		operator = &a.ID
		s.operator.Store(operator) // it never changes
	}
	return of(ctx, account, *operator), nil
}

// system names the work for which the store looks at all accounts.
func system(ctx context.Context, _ work) context.Context {
	return context.WithValue(ctx, scopeKey{}, everybodys)
}

// errNoScope is a method of the store that forgot to say for whom it works.
var errNoScope = errors.New("the store does not know for whom: begin its method with of(ctx, account) or system(ctx, work)")

// borrowed is a connection of the pool that shows the rows of a scope.
type borrowed struct {
	*pgxpool.Conn
	scope  scope
	behind bool // its session shows other rows so far: what is sent first tells it
}

// borrow takes a connection for the scope of ctx. It costs no trip: the session learns a new scope together with the
// first statement, and keeps it for the next who wants the same.
func borrow(ctx context.Context, pool *pgxpool.Pool) (*borrowed, error) {
	wanted, known := ctx.Value(scopeKey{}).(scope)
	if !known {
		return nil, errNoScope
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	has, _ := conn.Conn().PgConn().CustomData()[scopeSetting].(scope)
	return &borrowed{Conn: conn, scope: wanted, behind: has != wanted || wanted == nobodys}, nil
}

const tellScope = "SELECT set_config('" + scopeSetting + "', $1, false)"

// tell adds to a batch what the session must know first, and tells how many statements that were.
func (b *borrowed) tell(batch *pgx.Batch) int {
	if !b.behind {
		return 0
	}
	batch.Queue(tellScope, string(b.scope))
	return 1
}

// begin is how a transaction begins that the session may still have to learn its scope in.
func (b *borrowed) begin() pgx.TxOptions {
	if !b.behind {
		return pgx.TxOptions{}
	}
	return pgx.TxOptions{BeginQuery: "BEGIN; SET " + scopeSetting + " = " + quoted(string(b.scope))}
}

// giveBack returns the connection. Unless all went well nobody knows what its session shows: a setting is undone with
// the transaction that it was made in.
func (b *borrowed) giveBack(err error) {
	if b.behind {
		now := b.scope
		if err != nil {
			now = nobodys
		}
		b.Conn.Conn().PgConn().CustomData()[scopeSetting] = now
	}
	b.Release()
}

// quoted writes a text as a literal. Ids hold nothing that would need it; a store does not rely on that.
func quoted(text string) string {
	out := []byte{'\''}
	for i := range len(text) {
		if text[i] == '\'' {
			out = append(out, '\'')
		}
		out = append(out, text[i])
	}
	return string(append(out, '\''))
}
