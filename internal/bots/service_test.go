package bots_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
	"herald/internal/seal"
	"herald/internal/telegram"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// world is a service with a database and a sandbox.
type world struct {
	*bots.Service
	store   *postgres.Store
	sealer  *seal.Box
	network *controlclient.Client
	url     string
}

func newWorld(t *testing.T, change func(*bots.Options)) world {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{})
	require.NoError(t, err)
	require.NoError(t, box.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, box.Stop(context.Background())) })
	network, err := controlclient.New(box.URL())
	require.NoError(t, err)
	keyset, err := seal.Generate()
	require.NoError(t, err)
	sealer, err := seal.Parse(keyset)
	require.NoError(t, err)
	client := telegram.NewClient(map[gateway.Network]string{gateway.NetworkSandbox: box.URL()}, sealer)
	t.Cleanup(client.Close)
	store := postgrestest.Store(t)
	for _, id := range []gateway.AccountID{"acc_1", "acc_2"} {
		require.NoError(t, store.CreateAccount(t.Context(), gateway.Account{ID: id, Name: "a", CreatedAt: time.Now()}))
	}
	o := bots.Options{SandboxURL: box.URL(), LocalURL: "http://127.0.0.1:1"}
	if change != nil {
		change(&o)
	}
	return world{
		Service: bots.New(bots.Deps{Bots: store, Subscribers: store, Registrar: client, Sealer: sealer, IDs: gateway.NewIDs(nil, nil), Now: time.Now}, o),
		store:   store, sealer: sealer, network: network, url: box.URL(),
	}
}

// made makes a bot at the sandbox and returns its token.
func (w world) made(t *testing.T, username string) gateway.Secret {
	t.Helper()
	b, err := w.network.CreateBot(t.Context(), "Acme", username)
	require.NoError(t, err)
	return gateway.Secret(b.Token)
}

func TestAdd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token := w.made(t, "acme_bot")
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	require.Equal(t, "acme_bot", b.Username)
	require.Equal(t, gateway.NetworkSandbox, b.Network)
	require.Equal(t, gateway.IntakePolling, b.Intake, "no public address is configured")
	require.Equal(t, gateway.BotActive, b.State)
	require.NotContains(t, string(b.SealedToken), token.Reveal())
	opened, err := w.sealer.Open(t.Context(), b.SealedToken, b.ID.TokenBound())
	require.NoError(t, err)
	require.Equal(t, token.Reveal(), string(opened))

	for _, ref := range []string{string(b.ID), "@acme_bot", "@ACME_BOT"} {
		found, err := w.Find(t.Context(), "acc_1", ref)
		require.NoError(t, err, ref)
		require.Equal(t, b.ID, found.ID)
	}
	for _, ref := range []string{"", "@", "@nobody_bot", "acme_bot", "bot_x", string(gateway.NewIDs(nil, nil).Bot())} {
		_, err := w.Find(t.Context(), "acc_1", ref)
		require.ErrorIs(t, err, gateway.ErrBotNotFound, ref)
	}
	_, err = w.Find(t.Context(), "acc_2", string(b.ID))
	require.ErrorIs(t, err, gateway.ErrBotNotFound, "another account's bot")

	again, err := w.Add(t.Context(), "acc_1", bots.NewBot{ID: b.ID, Platform: gateway.Telegram, Token: token})
	require.NoError(t, err, "the same request, repeated")
	require.Equal(t, b.ID, again.ID)
	for _, account := range []gateway.AccountID{"acc_1", "acc_2"} {
		_, err = w.Add(t.Context(), account, bots.NewBot{Platform: gateway.Telegram, Token: token})
		require.Equal(t, gateway.CodeBotExists, gateway.CodeOf(err))
		require.NotContains(t, err.Error(), "acc_1", "nobody learns whose it is")
	}
}

func TestAddByWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.PublicURL = "https://herald.example" })
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	require.Equal(t, gateway.IntakeWebhook, b.Intake, "a public address is configured")
	at, err := w.network.Bot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	require.Contains(t, at.Webhook, "/telegram/"+string(b.ID))
	require.True(t, strings.HasPrefix(at.Webhook, "http://127.0.0.1:1/"), "a sandbox on this machine calls this machine")
}

func TestBotsThatCannotBeAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *bots.Options) { o.LocalURL = "" })
	token := w.made(t, "acme_bot")
	unknown := gateway.Secret("7009999999:SBX" + strings.Repeat("a", 32))
	for _, c := range []struct {
		name string
		bot  bots.NewBot
		code gateway.Code
	}{
		{"no platform", bots.NewBot{Token: token}, gateway.CodeRequired},
		{"another messenger", bots.NewBot{Platform: "pager", Token: token}, gateway.CodeBotPlatform},
		{"no token", bots.NewBot{Platform: gateway.Telegram}, gateway.CodeRequired},
		{"no token at all", bots.NewBot{Platform: gateway.Telegram, Token: "hello"}, gateway.CodeBotToken},
		{"a token that nobody has", bots.NewBot{Platform: gateway.Telegram, Token: unknown}, gateway.CodeBotToken},
		{"an intake that does not exist", bots.NewBot{Platform: gateway.Telegram, Token: token, Intake: "pigeon"}, gateway.CodeFieldInvalid},
		{"a webhook without an address", bots.NewBot{Platform: gateway.Telegram, Token: token, Intake: gateway.IntakeWebhook}, gateway.CodeBotWebhook},
	} {
		_, err := w.Add(t.Context(), "acc_1", c.bot)
		require.ErrorIs(t, err, &gateway.Error{Code: c.code}, c.name)
	}
	list, err := w.List(t.Context(), "acc_1", gateway.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Items)

	none := newWorld(t, func(o *bots.Options) { o.SandboxURL = "" })
	_, err = none.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.ErrorIs(t, err, &gateway.Error{Code: gateway.CodeBotNetwork}, "no sandbox runs here")
}

func TestARevokedBotGetsItsNewToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	revoked, err := w.network.RevokeBot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	require.NoError(t, w.store.SetBotState(t.Context(), b, gateway.BotRevoked, "words", time.Now()))

	renewed, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: gateway.Secret(revoked.Token)})
	require.NoError(t, err)
	require.Equal(t, b.ID, renewed.ID, "it is the same bot")
	found, err := w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, gateway.BotActive, found.State)
	require.Empty(t, found.StateReason)
	require.NotEqual(t, b.SealedToken, found.SealedToken)
}

func TestABotThatWentElsewhereIsConnectedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	token := w.made(t, "acme_bot")
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	require.NoError(t, w.network.StealWebhook(t.Context(), "@acme_bot", "http://127.0.0.1:1/theirs"))
	require.NoError(t, w.store.SetBotState(t.Context(), b, gateway.BotConflict, "words", time.Now()))

	again, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: token})
	require.NoError(t, err)
	require.Equal(t, b.ID, again.ID)
	found, err := w.Find(t.Context(), "acc_1", "@acme_bot")
	require.NoError(t, err)
	require.Equal(t, gateway.BotActive, found.State)
	at, err := w.network.Bot(t.Context(), "@acme_bot")
	require.NoError(t, err)
	require.Empty(t, at.Webhook, "the other program's webhook is taken away: the bot is polled")
}

func TestLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	link, err := w.Link(gateway.Bot{Network: gateway.NetworkReal, Username: "acme_bot"}, "order-7")
	require.NoError(t, err)
	require.Equal(t, "https://t.me/acme_bot?start=order-7", link)
	link, err = w.Link(gateway.Bot{Network: gateway.NetworkSandbox, Username: "acme_bot"}, "")
	require.NoError(t, err)
	require.Equal(t, w.url+"/acme_bot", link)
	for _, payload := range []string{strings.Repeat("a", 65), "a b", "é", "a&b"} {
		_, err = w.Link(gateway.Bot{Username: "acme_bot"}, payload)
		require.ErrorIs(t, err, &gateway.Error{Code: gateway.CodeFieldInvalid})
	}
}
