package crowd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"herald/internal/embedded/pgserver"
	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/seal"
)

// Server is a private PostgreSQL.
type Server struct{ server *pgserver.Server }

// Start starts one in a folder, with the settings that it has in `herald up`.
func Start(ctx context.Context, folder string) (*Server, error) {
	server, err := pgserver.Start(ctx, pgserver.Options{DataDir: folder})
	if err != nil {
		return nil, err
	}
	return &Server{server}, nil
}

// Stop stops it.
func (s *Server) Stop(ctx context.Context) error { return s.server.Stop(ctx) }

// Base is a database with one account that has one bot.
type Base struct {
	Store   *postgres.Store
	Account gateway.AccountID
	Bot     gateway.BotID

	url   gateway.Secret
	vault gateway.Vault
	ids   *gateway.IDs
	at    time.Time // now, for all that it holds
	admin *pgx.Conn // its user sees everything
	app   *pgx.Conn // sees what sessions of the store see that work for the account
}

// Base makes a database.
func (s *Server) Base(ctx context.Context, name string) (*Base, error) {
	if err := s.server.EnsureDatabase(ctx, name); err != nil {
		return nil, err
	}
	b, err := Open(ctx, gateway.Secret(s.server.URL(name)))
	if err != nil {
		return nil, fmt.Errorf("make database %s: %w", name, err)
	}
	return b, nil
}

// Open brings an empty database to the newest version and makes an account and a bot in it.
func Open(ctx context.Context, url gateway.Secret) (_ *Base, err error) {
	b := &Base{url: url, ids: gateway.NewIDs(nil, nil), at: time.Now().UTC().Truncate(time.Microsecond)}
	defer func() {
		if err != nil {
			b.Close(ctx)
		}
	}()
	keyset, err := seal.Generate()
	if err != nil {
		return nil, err
	}
	if b.vault, err = seal.Parse(keyset); err != nil {
		return nil, err
	}
	if _, err = postgres.Migrate(ctx, url, b.vault); err != nil {
		return nil, err
	}
	if b.Store, err = b.open(ctx, 0); err != nil {
		return nil, err
	}
	if err = b.settle(ctx); err != nil {
		return nil, err
	}
	if b.admin, err = pgx.Connect(ctx, url.Reveal()); err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if b.app, err = b.session(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

// open opens a store of its own, with so many sessions at most; 0 means as many as a store has.
func (b *Base) open(ctx context.Context, sessions int32) (*postgres.Store, error) {
	return postgres.Open(ctx, postgres.Options{URL: b.url, MaxConns: sessions, Vault: b.vault})
}

// settle makes the account, which owns the installation, and its bot.
func (b *Base) settle(ctx context.Context) error {
	b.Account, b.Bot = b.ids.Account(), b.ids.Bot()
	if err := b.Store.CreateAccount(ctx, gateway.Account{ID: b.Account, Name: "crowd", Operator: true, CreatedAt: b.at}); err != nil {
		return err
	}
	return b.Store.CreateBot(ctx, gateway.Bot{
		ID: b.Bot, AccountID: b.Account, Platform: gateway.Telegram, Network: gateway.NetworkSandbox, PlatformID: 7_000_000_001,
		Username: "crowd_bot", Name: "Crowd", SealedToken: []byte("none"), Intake: gateway.IntakePolling, State: gateway.BotActive,
		CreatedAt: b.at, UpdatedAt: b.at,
	})
}

// session is a connection that row-level security holds as it holds those of the store.
func (b *Base) session(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, b.url.Reveal())
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	const become = `SELECT set_config('role', 'herald_app', false), set_config('herald.account', $1, false)`
	if _, err := conn.Exec(ctx, become, string(b.Account)); err != nil {
		return nil, errors.Join(fmt.Errorf("become a session of the store: %w", err), conn.Close(ctx))
	}
	return conn, nil
}

// Close ends all connections to the database.
func (b *Base) Close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if b.Store != nil {
		b.Store.Close()
	}
	for _, conn := range []*pgx.Conn{b.admin, b.app} {
		if conn != nil {
			_ = conn.Close(ctx) // it is read from alone
		}
	}
}

// At is the moment from which the crowd's times are counted.
func (b *Base) At() time.Time { return b.at }
