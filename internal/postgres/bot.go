package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var (
	_ gateway.BotStore  = (*Store)(nil)
	_ gateway.PollLease = (*Store)(nil)
)

func (s *Store) CreateBot(ctx context.Context, b gateway.Bot) error {
	ctx = of(ctx, b.AccountID)
	inserted, err := s.q.CreateBot(ctx, dbsqlc.CreateBotParams{
		ID: string(b.ID), AccountID: string(b.AccountID), Platform: string(b.Platform), Network: string(b.Network),
		PlatformID: b.PlatformID, Username: b.Username, Name: b.Name, SealedToken: b.SealedToken,
		WebhookSecret: b.WebhookSecret.Reveal(), Intake: string(b.Intake), State: string(b.State), StateReason: b.StateReason,
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, Shared: b.Shared, Purpose: string(b.Purpose), Service: b.Service,
	})
	if err != nil {
		return fmt.Errorf("insert bot %s: %w", b.ID, err)
	}
	if inserted == 0 {
		return errBotExists
	}
	return s.announceBots(ctx)
}

// errBotExists says nothing about whose the bot is.
var errBotExists = gateway.Fault(gateway.CodeBotExists, "token", "This bot is registered already.")

// uniqueViolation is PostgreSQL's code of a row that there is already.
const uniqueViolation = "23505"

// taken tells whether a unique index refused.
func taken(err error, index string) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == uniqueViolation && refused.ConstraintName == index
}

// announceBots tells whoever polls that there is a new bot, a new token or another wish of an owner.
func (s *Store) announceBots(ctx context.Context) error {
	if err := s.q.AnnounceBots(ctx); err != nil {
		return fmt.Errorf("announce bots: %w", err)
	}
	return nil
}

func (s *Store) Bot(ctx context.Context, account gateway.AccountID, id gateway.BotID) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.Bot(ctx, dbsqlc.BotParams{AccountID: string(account), ID: string(id)})
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot")
}

func (s *Store) BotByUsername(ctx context.Context, account gateway.AccountID, username string) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.BotByUsername(ctx, dbsqlc.BotByUsernameParams{AccountID: string(account), Username: username})
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot")
}

func (s *Store) BotByPlatformID(ctx context.Context, account gateway.AccountID, platform gateway.Platform, network gateway.Network, id int64) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.BotByPlatformID(ctx, dbsqlc.BotByPlatformIDParams{
		AccountID: string(account), Platform: string(platform), Network: string(network), PlatformID: id,
	})
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot")
}

func (s *Store) Bots(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Bot], error) {
	ctx = of(ctx, account)
	rows, err := s.q.Bots(ctx, dbsqlc.BotsParams{AccountID: string(account), After: p.After, Limit: int32(p.Limit) + 1})
	if err != nil {
		return gateway.List[gateway.Bot]{}, fmt.Errorf("list bots: %w", err)
	}
	return list(rows, p.Limit, bot, func(b gateway.Bot) string { return string(b.ID) }), nil
}

func (s *Store) ReplaceToken(ctx context.Context, b gateway.Bot) error {
	ctx = of(ctx, b.AccountID)
	changed, err := s.q.ReplaceToken(ctx, dbsqlc.ReplaceTokenParams{
		AccountID: string(b.AccountID), ID: string(b.ID), SealedToken: b.SealedToken, WebhookSecret: b.WebhookSecret.Reveal(),
		Intake: string(b.Intake), Username: b.Username, Name: b.Name, UpdatedAt: b.UpdatedAt,
	})
	switch {
	case taken(err, "bots_at_messenger"): // removed here, and registered by somebody else since
		return errBotExists
	case err != nil:
		return fmt.Errorf("replace token of bot %s: %w", b.ID, err)
	case changed == 0:
		return gateway.ErrBotNotFound
	}
	return s.announceBots(ctx)
}

func (s *Store) SetBotState(ctx context.Context, b gateway.Bot, state gateway.BotState, reason string, at time.Time) error {
	ctx = of(ctx, b.AccountID)
	err := s.q.SetBotState(ctx, dbsqlc.SetBotStateParams{
		AccountID: string(b.AccountID), ID: string(b.ID), State: string(state), StateReason: reason, UpdatedAt: at, SealedToken: b.SealedToken,
	})
	if err != nil {
		return fmt.Errorf("set state of bot %s: %w", b.ID, err)
	}
	return nil
}

func (s *Store) PauseBot(ctx context.Context, account gateway.AccountID, id gateway.BotID, at time.Time) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.PauseBot(ctx, dbsqlc.PauseBotParams{AccountID: string(account), ID: string(id), At: at})
	return s.changedBot(ctx, row, err, "pause bot")
}

func (s *Store) ResumeBot(ctx context.Context, account gateway.AccountID, id gateway.BotID, at time.Time) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.ResumeBot(ctx, dbsqlc.ResumeBotParams{AccountID: string(account), ID: string(id), At: at})
	return s.changedBot(ctx, row, err, "resume bot")
}

func (s *Store) RemoveBot(ctx context.Context, account gateway.AccountID, id gateway.BotID, newSecret gateway.Secret, at time.Time) (gateway.Bot, error) {
	ctx = of(ctx, account)
	row, err := s.q.RemoveBot(ctx, dbsqlc.RemoveBotParams{AccountID: string(account), ID: string(id), NewSecret: newSecret.Reveal(), At: at})
	return s.changedBot(ctx, row, err, "remove bot")
}

func (s *Store) DescribeBot(ctx context.Context, b gateway.Bot, at time.Time) (gateway.Bot, error) {
	ctx = of(ctx, b.AccountID)
	commands, err := json.Marshal(storedCommands(b.Commands))
	if err != nil {
		return b, fmt.Errorf("write commands of bot %s: %w", b.ID, err)
	}
	row, err := s.q.DescribeBot(ctx, dbsqlc.DescribeBotParams{
		AccountID: string(b.AccountID), ID: string(b.ID), Reclaim: b.Reclaim, AskPhoneOnStart: b.AskPhone, ContactOnly: b.ContactOnly, Commands: commands, Description: b.Description, About: b.About,
		Intake: string(b.Intake), At: at,
		ReconfirmEveryMs: b.Reconfirm.Every.Milliseconds(), ReconfirmBy: string(b.Reconfirm.By),
		ReconfirmRemindMs: b.Reconfirm.RemindAfter.Milliseconds(), ReconfirmLapseMs: b.Reconfirm.LapseAfter.Milliseconds(),
	})
	return s.changedBot(ctx, row, err, "describe bot")
}

// storedCommand is a command as it is stored.
type storedCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

func storedCommands(commands []gateway.BotCommand) []storedCommand {
	var out []storedCommand
	for _, c := range commands {
		out = append(out, storedCommand(c))
	}
	return out
}

// changedBot returns a bot that its owner changed, and tells whoever polls.
func (s *Store) changedBot(ctx context.Context, row dbsqlc.Bot, err error, doing string) (gateway.Bot, error) {
	if err = found(err, gateway.ErrBotNotFound, doing); err != nil {
		return gateway.Bot{}, err
	}
	return bot(row), s.announceBots(ctx)
}

func (s *Store) TakeWatches(ctx context.Context, now, before time.Time, most int) ([]gateway.Bot, error) {
	ctx = system(ctx, watchWork)
	rows, err := s.q.TakeWatches(ctx, dbsqlc.TakeWatchesParams{Now: &now, Before: &before, Most: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("take bots to watch: %w", err)
	}
	return bots(rows), nil
}

func (s *Store) NoteWatch(ctx context.Context, b gateway.Bot, w gateway.BotWatch) error {
	ctx = of(ctx, b.AccountID)
	err := s.q.NoteWatch(ctx, dbsqlc.NoteWatchParams{
		AccountID: string(b.AccountID), ID: string(b.ID), At: &w.At, Pending: int32(w.Pending), Growing: int32(w.Growing), Lagging: w.Lagging, HookError: w.HookError,
	})
	if err != nil {
		return fmt.Errorf("note watch of bot %s: %w", b.ID, err)
	}
	return nil
}

// BotStats reads what metrics tell, over all accounts.
func (s *Store) BotStats(ctx context.Context, most int) ([]gateway.BotStats, error) {
	ctx = system(ctx, metricsWork)
	rows, err := s.q.BotStats(ctx, int32(most))
	if err != nil {
		return nil, fmt.Errorf("read stats of bots: %w", err)
	}
	out := make([]gateway.BotStats, len(rows))
	for i, r := range rows {
		out[i] = gateway.BotStats{
			ID: gateway.BotID(r.ID), Username: r.Username, State: gateway.BotState(r.State), Pending: int(r.Pending), Lagging: r.Lagging, Refusals: r.Refusals,
		}
	}
	return out, nil
}

// CountSubscribers counts people by bot, over all accounts.
func (s *Store) CountSubscribers(ctx context.Context) ([]gateway.BotPeople, error) {
	ctx = system(ctx, metricsWork)
	rows, err := s.q.CountSubscribers(ctx)
	if err != nil {
		return nil, fmt.Errorf("count subscribers: %w", err)
	}
	var out []gateway.BotPeople
	for _, r := range rows {
		for connection, count := range map[gateway.Connection]int64{
			gateway.Connected: r.Everybody - r.Gone - r.Forgotten, gateway.Disconnected: r.Gone,
		} {
			if count > 0 {
				out = append(out, gateway.BotPeople{BotID: gateway.BotID(r.BotID), Connection: connection, Count: count})
			}
		}
	}
	return out, nil
}

// BotForIntake returns the bot that a webhook address names. Its secret, which the caller must check, stands for the
// account.
func (s *Store) BotForIntake(ctx context.Context, id gateway.BotID) (gateway.Bot, error) {
	ctx = system(ctx, callbackWork)
	row, err := s.q.BotForIntake(ctx, string(id))
	return bot(row), found(err, gateway.ErrBotNotFound, "read bot of webhook")
}

// LiveBots returns every bot whose token is good, over all accounts.
func (s *Store) LiveBots(ctx context.Context) ([]gateway.Bot, error) {
	ctx = system(ctx, intakeWork)
	rows, err := s.q.LiveBots(ctx)
	if err != nil {
		return nil, fmt.Errorf("list bots: %w", err)
	}
	return bots(rows), nil
}

func (s *Store) AcquirePolls(ctx context.Context, holder string, now, until time.Time) ([]gateway.Bot, error) {
	ctx = system(ctx, intakeWork)
	rows, err := s.q.AcquirePolls(ctx, dbsqlc.AcquirePollsParams{Holder: holder, Now: &now, Until: &until})
	if err != nil {
		return nil, fmt.Errorf("acquire polls: %w", err)
	}
	return bots(rows), nil
}

func (s *Store) StillPolls(ctx context.Context, holder string, id gateway.BotID, now time.Time) (bool, error) {
	ctx = system(ctx, intakeWork)
	still, err := s.q.StillPolls(ctx, dbsqlc.StillPollsParams{ID: string(id), Holder: holder, Now: &now})
	if err != nil {
		return false, fmt.Errorf("look for the lease of bot %s: %w", id, err)
	}
	return still, nil
}

func (s *Store) ReleasePolls(ctx context.Context, holder string) error {
	ctx = system(ctx, intakeWork)
	if err := s.q.ReleasePolls(ctx, holder); err != nil {
		return fmt.Errorf("release polls: %w", err)
	}
	return nil
}

func bots(rows []dbsqlc.Bot) []gateway.Bot {
	out := make([]gateway.Bot, len(rows))
	for i, row := range rows {
		out[i] = bot(row)
	}
	return out
}

func bot(r dbsqlc.Bot) gateway.Bot {
	var stored []storedCommand
	if r.Commands != nil {
		_ = json.Unmarshal(r.Commands, &stored) // written by us
	}
	var commands []gateway.BotCommand
	for _, c := range stored {
		commands = append(commands, gateway.BotCommand(c))
	}
	return gateway.Bot{
		ID: gateway.BotID(r.ID), AccountID: gateway.AccountID(r.AccountID), Platform: gateway.Platform(r.Platform),
		Network: gateway.Network(r.Network), PlatformID: r.PlatformID, Username: r.Username, Name: r.Name,
		SealedToken: r.SealedToken, WebhookSecret: gateway.Secret(r.WebhookSecret), Intake: gateway.Intake(r.Intake),
		State: gateway.BotState(r.State), StateReason: r.StateReason, Reclaim: r.Reclaim, AskPhone: r.AskPhoneOnStart, ContactOnly: r.ContactOnly, Commands: commands,
		Description: r.Description, About: r.About, Shared: r.Shared, Purpose: gateway.Purpose(r.Purpose), Service: r.Service,
		Watch: gateway.BotWatch{
			At: orZero(r.WatchedAt), Pending: int(r.Pending), Growing: int(r.Growing), Lagging: r.Lagging, HookError: r.HookError,
		},
		Reconfirm: gateway.ReconfirmPolicy{
			Every: milliseconds(r.ReconfirmEveryMs), By: gateway.ConfirmBy(r.ReconfirmBy),
			RemindAfter: milliseconds(r.ReconfirmRemindMs), LapseAfter: milliseconds(r.ReconfirmLapseMs),
		},
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}
