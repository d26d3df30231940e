package bots

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"herald/internal/gateway"
)

// Options say where bots live and how they are reached.
type Options struct {
	PublicURL  string // where messengers reach our public listener, without a final slash; empty means polling by default
	LocalURL   string // the public listener as seen on this machine: for webhooks of sandbox bots; empty if there is none
	SandboxURL string // the sandbox's page and Bot API; empty if none runs
}

// Service adds and reads bots and their subscribers.
type Service struct {
	store       gateway.BotStore
	subscribers gateway.SubscriberStore
	registrar   gateway.Registrar
	sealer      gateway.Sealer
	ids         *gateway.IDs
	now         gateway.Clock
	logger      *slog.Logger
	options     Options
	waker       gateway.Waker
	imports     chan struct{} // that are under way
}

// Deps are what a Service works with.
type Deps struct {
	Bots        gateway.BotStore
	Subscribers gateway.SubscriberStore
	Registrar   gateway.Registrar
	Sealer      gateway.Sealer
	IDs         *gateway.IDs
	Now         gateway.Clock
	Logger      *slog.Logger // nil: none

	Waker gateway.Waker // of messages that wait for a proof which an import brings; nil: they look by themselves
}

// New returns a Service.
func New(d Deps, o Options) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		store: d.Bots, subscribers: d.Subscribers, registrar: d.Registrar, sealer: d.Sealer,
		ids: d.IDs, now: d.Now, logger: d.Logger, options: o, waker: d.Waker, imports: make(chan struct{}, importsAtOnce),
	}
}

// NewBot is a bot to add.
type NewBot struct {
	ID       gateway.BotID // filled if empty
	Platform gateway.Platform
	Token    gateway.Secret
	Intake   gateway.Intake // empty chooses: webhook where a public URL is configured, else polling
	Sharing  Sharing

	Reconfirm Reconfirm // how often its people prove their phones anew
}

// Add registers the bot that the token belongs to. A new token of a bot that the account has already replaces its old
// one; the same token once more connects a bot anew whose updates went elsewhere.
func (s *Service) Add(ctx context.Context, account gateway.AccountID, n NewBot) (gateway.Bot, error) {
	network, err := s.check(n)
	if err != nil {
		return gateway.Bot{}, err
	}
	shared, err := n.Sharing.apply(gateway.Bot{})
	if err != nil {
		return gateway.Bot{}, err
	}
	intake, err := s.chooseIntake(n.Intake, network)
	if err != nil {
		return gateway.Bot{}, err
	}
	profile, err := s.identify(ctx, network, n.Token)
	if err != nil {
		return gateway.Bot{}, err
	}
	if n.ID == "" {
		n.ID = s.ids.Bot()
	}
	now := s.now()
	bot := gateway.Bot{
		ID: n.ID, AccountID: account, Platform: n.Platform, Network: network,
		PlatformID: profile.PlatformID, Username: profile.Username, Name: profile.Name,
		WebhookSecret: s.ids.Secret("wh"), Intake: intake, State: gateway.BotActive, CreatedAt: now, UpdatedAt: now,
		Shared: shared.Shared, Purpose: shared.Purpose, Service: shared.Service,
	}
	known, err := s.store.BotByPlatformID(ctx, account, n.Platform, network, profile.PlatformID)
	switch {
	case errors.Is(err, gateway.ErrBotNotFound):
	case err != nil:
		return gateway.Bot{}, fmt.Errorf("find bot: %w", err)
	case known.ID == n.ID && known.State != gateway.BotRemoved:
		return known, s.Connect(ctx, known) // the same request, once more after a crash
	default:
		if bot.ID, bot.CreatedAt, err = s.renew(ctx, known, n.Token); err != nil {
			return gateway.Bot{}, err
		}
	}
	policy, err := n.Reconfirm.apply(known.Reconfirm, network)
	if err != nil {
		return gateway.Bot{}, err
	}
	if bot.SealedToken, err = s.sealer.Seal(ctx, []byte(n.Token.Reveal()), bot.ID.TokenBound()); err != nil {
		return gateway.Bot{}, fmt.Errorf("seal token of bot %s: %w", bot.ID, err)
	}
	if err := s.save(ctx, bot, known); err != nil {
		return gateway.Bot{}, err
	}
	if bot, err = s.store.Bot(ctx, account, bot.ID); err != nil {
		return bot, err
	}
	if shared, err = n.Sharing.apply(bot); err != nil { // one that is known may be shared already
		return bot, err
	}
	if bot, err = s.share(ctx, bot, shared); err != nil {
		return bot, err
	}
	if bot, err = s.reconfirm(ctx, bot, policy); err != nil || bot.State != gateway.BotActive {
		return bot, err
	}
	return bot, s.Connect(ctx, bot)
}

// renew tells which bot gets a new token. The token of a bot that works, or that is paused, is no new one.
func (s *Service) renew(ctx context.Context, known gateway.Bot, token gateway.Secret) (gateway.BotID, time.Time, error) {
	have, err := s.sealer.Open(ctx, known.SealedToken, known.ID.TokenBound())
	if err == nil && string(have) == token.Reveal() && (known.State == gateway.BotActive || known.State == gateway.BotPaused) {
		return "", time.Time{}, gateway.Fault(gateway.CodeBotExists, "token", "This bot is registered already.")
	}
	return known.ID, known.CreatedAt, nil
}

// save writes the bot: as a new one, or with the new token of a known one.
func (s *Service) save(ctx context.Context, bot, known gateway.Bot) error {
	if bot.ID == known.ID {
		return s.store.ReplaceToken(ctx, bot)
	}
	return s.store.CreateBot(ctx, bot)
}

func (s *Service) check(n NewBot) (gateway.Network, error) {
	var faults gateway.Faults
	switch n.Platform {
	case gateway.Telegram:
	case "":
		faults = append(faults, gateway.Fault(gateway.CodeRequired, "platform", "Name the messenger: telegram."))
	default:
		faults = append(faults, gateway.Fault(gateway.CodeBotPlatform, "platform", "Bots of this messenger cannot be added. There is: telegram."))
	}
	network, ok := gateway.NetworkOf(n.Token)
	switch {
	case n.Token == "":
		faults = append(faults, gateway.Fault(gateway.CodeRequired, "token", "Give the token that BotFather gave you."))
	case !ok:
		faults = append(faults, gateway.Fault(gateway.CodeBotToken, "token", "This is not a bot token. One looks like 123456789:AAE... and comes from BotFather."))
	case network == gateway.NetworkSandbox && s.options.SandboxURL == "":
		faults = append(faults, gateway.Fault(gateway.CodeBotNetwork, "token", "This is the token of a sandbox bot, and no sandbox runs here. Start one with --sandbox."))
	}
	return network, faults.OrNil()
}

func (s *Service) chooseIntake(wanted gateway.Intake, network gateway.Network) (gateway.Intake, error) {
	switch {
	case wanted == "" && s.options.PublicURL != "":
		return gateway.IntakeWebhook, nil
	case wanted == "":
		return gateway.IntakePolling, nil
	case wanted == gateway.IntakePolling:
		return wanted, nil
	case wanted != gateway.IntakeWebhook:
		return "", gateway.Fault(gateway.CodeFieldInvalid, "intake", "Updates come by webhook or by polling.")
	case s.webhookBase(network) == "":
		return "", gateway.Fault(gateway.CodeBotWebhook, "intake", "A webhook needs an address that the messenger can reach: start with --public-url, or choose polling.")
	}
	return wanted, nil
}

func (s *Service) identify(ctx context.Context, network gateway.Network, token gateway.Secret) (gateway.BotProfile, error) {
	profile, err := s.registrar.Identify(ctx, network, token)
	var refusal *gateway.DeliveryError
	switch {
	case err == nil:
		return profile, nil
	case errors.As(err, &refusal) && (refusal.Class == gateway.ClassRevoked || refusal.Class == gateway.ClassDefect):
		return profile, gateway.Fault(gateway.CodeBotToken, "token", "The messenger does not know this token. It may have been revoked; BotFather shows the current one.")
	default:
		return profile, &gateway.Error{Code: gateway.CodeMessengerDown, Message: "The messenger did not answer who this bot is. Try again in a moment.", Err: err}
	}
}

// Connect tells the messenger how the bot's updates shall reach us.
func (s *Service) Connect(ctx context.Context, b gateway.Bot) error {
	var err error
	if b.Intake == gateway.IntakeWebhook {
		err = s.registrar.UseWebhook(ctx, b, s.hookURL(b))
	} else {
		err = s.registrar.UsePolling(ctx, b)
	}
	if err != nil {
		return &gateway.Error{Code: gateway.CodeMessengerDown, Message: "The bot is stored, and the messenger did not take its webhook settings. They are set again within a minute.", Err: err}
	}
	return nil
}

// hookURL is where the messenger shall bring the bot's updates.
func (s *Service) hookURL(b gateway.Bot) string { return s.webhookBase(b.Network) + hookPath(b) }

func hookPath(b gateway.Bot) string { return "/telegram/" + string(b.ID) }

func (s *Service) webhookBase(network gateway.Network) string {
	if network == gateway.NetworkSandbox && s.options.LocalURL != "" {
		return s.options.LocalURL
	}
	return s.options.PublicURL
}

// Link returns the address at which people connect to the bot, with an optional payload that comes back with /start.
func (s *Service) Link(b gateway.Bot, payload string) (string, error) {
	if payload != "" && !gateway.StartPayload(payload) {
		return "", gateway.Fault(gateway.CodeFieldInvalid, "payload", "A payload has at most 64 characters of A-Z, a-z, 0-9, _ and -.")
	}
	base := "https://t.me"
	if b.Network == gateway.NetworkSandbox {
		base = s.options.SandboxURL
	}
	link := base + "/" + url.PathEscape(b.Username)
	if payload != "" {
		link += "?start=" + payload
	}
	return link, nil
}
