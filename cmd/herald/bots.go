package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"herald/client"
	"herald/internal/gateway"
	"herald/internal/terminal"
)

// BotsCmd is about the bots of the account.
type BotsCmd struct {
	List    BotsListCmd    `cmd:"" default:"withargs" help:"List bots, newest first."`
	Get     BotsGetCmd     `cmd:"" help:"Show one bot."`
	Add     BotsAddCmd     `cmd:"" help:"Add a bot by its token, or give a revoked one its new token."`
	Connect BotsConnectCmd `cmd:"" help:"Print the link by which people connect to a bot."`
	Set     BotsSetCmd     `cmd:"" help:"Set a bot's commands and texts, and whether it is taken back."`
	Token   BotsTokenCmd   `cmd:"" help:"Give a bot its new token."`
	Pause   BotsPauseCmd   `cmd:"" help:"Let a bot rest: it neither sends nor receives."`
	Resume  BotsResumeCmd  `cmd:"" help:"Let a paused bot work again."`
	Remove  BotsRemoveCmd  `cmd:"" help:"Take a bot away. Its messages stay."`
}

// Help is shown by herald bots --help.
func (BotsCmd) Help() string {
	return `Without a command it lists; the flags of the list: herald bots list --help.

Examples:

    herald bots
    herald bots add --token-file token.txt
    herald bots connect @acme_bot --payload shop7 --qr
    herald bots pause @acme_bot`
}

// BotsListCmd lists bots.
type BotsListCmd struct {
	Paging
	Output
	Remote
}

// Run lists bots.
func (b *BotsListCmd) Run(ctx context.Context, c *console) error {
	api, err := b.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.Bots(ctx), b.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if b.JSON {
		return c.writeJSON(items)
	}
	for _, bot := range items {
		if bot.State == client.BotConflict || bot.State == client.BotRevoked {
			c.hint("%s: %s", at(bot.Username), terminal.Clean(bot.StateReason))
		}
	}
	table := terminal.NewTable("bot", "name…", "network", "intake", "state", "shared", "added", "id")
	for _, bot := range items {
		table.Add(at(bot.Username), bot.Name, string(bot.Network), string(bot.Intake), string(bot.State), string(bot.Purpose),
			terminal.Moment(bot.CreatedAt, c.Zone), bot.ID)
	}
	return c.writeTable(table, "No bots yet. BotFather gives tokens, and so does the sandbox: Network, Create a bot. Then: herald bots add TOKEN")
}

// BotsGetCmd shows one bot.
type BotsGetCmd struct {
	Bot string `arg:"" help:"The bot, by @name or id."`
	Output
	Remote
}

// Run shows one bot.
func (b *BotsGetCmd) Run(ctx context.Context, c *console) error {
	api, err := b.client()
	if err != nil {
		return err
	}
	bot, err := api.Bot(ctx, b.Bot)
	if err != nil {
		return err
	}
	return c.showBot(bot, b.Output)
}

func (c *console) showBot(bot client.Bot, o Output) error {
	if o.JSON {
		return c.writeJSON(bot)
	}
	var record terminal.Record
	record.Add("bot", at(bot.Username))
	record.Add("id", bot.ID)
	record.Add("name", bot.Name)
	record.Add("platform", bot.Platform)
	record.Add("network", string(bot.Network))
	record.Add("platform id", fmt.Sprint(bot.PlatformID))
	record.Add("link", bot.Link)
	record.Add("intake", string(bot.Intake))
	if bot.Shared {
		record.Add("shared", "for "+string(bot.Purpose))
		record.Add("service", bot.Service)
	}
	record.Add("state", string(bot.State))
	record.Add("why", bot.StateReason)
	if bot.Lagging {
		record.Add("alarm", fmt.Sprintf("%d updates wait at the messenger, and their number grows", bot.Pending))
	}
	record.Add("webhook", bot.HookError)
	if bot.Reclaim {
		record.Add("reclaim", "taken back when another service connects to it")
	}
	if bot.AskPhoneOnStart {
		record.Add("start", "greets, and asks for the phone")
	}
	if bot.ContactOnly {
		record.Add("numbers", "that people write get no SMS")
	}
	if bot.ReconfirmEvery != "" {
		record.Add("phones", fmt.Sprintf("proved anew every %s by %s: reminded after %s, lapsed after %s",
			bot.ReconfirmEvery, bot.ReconfirmBy, bot.ReconfirmRemindAfter, bot.ReconfirmLapseAfter))
	}
	record.Add("description", bot.Description)
	record.Add("about", bot.About)
	for _, command := range bot.Commands {
		record.Add("command", "/"+command.Command+" "+command.Description)
	}
	record.Add("added", terminal.Moment(bot.CreatedAt, c.Zone))
	return record.Write(c.Out)
}

// Sharing is what the operator says about who may use a bot.
type Sharing struct {
	Shared  *bool   `negatable:"" env:"HERALD_BOT_SHARED" help:"All accounts may send by it; only the operator shares bots."`
	Purpose string  `placeholder:"NAME" env:"HERALD_BOT_PURPOSE" help:"What a shared bot may carry: service, codes, alerts or any."`
	Service *string `placeholder:"NAME" env:"HERALD_BOT_SERVICE" help:"The service that a shared bot is one name of: whoever is connected to any of its bots is reached."`
}

// Reconfirming is what an owner says about how often people prove their phones anew.
type Reconfirming struct {
	ReconfirmEvery       *string `placeholder:"SPAN" env:"HERALD_BOT_RECONFIRM_EVERY" help:"How long the proof of a phone is good, such as 90d; off: for ever. Whoever's is older is asked to prove the phone again, and else not found by it any more."`
	ReconfirmBy          string  `placeholder:"HOW" env:"HERALD_BOT_RECONFIRM_BY" help:"How people prove it again: contact or sms (default contact)."`
	ReconfirmRemindAfter *string `placeholder:"SPAN" env:"HERALD_BOT_RECONFIRM_REMIND_AFTER" help:"When people are reminded who were asked (default 3d)."`
	ReconfirmLapseAfter  *string `placeholder:"SPAN" env:"HERALD_BOT_RECONFIRM_LAPSE_AFTER" help:"When the phone of people lapses who were asked (default 14d)."`
}

// every is the span as the API takes it: off is an empty one.
func (r Reconfirming) every() *string {
	if r.ReconfirmEvery != nil && *r.ReconfirmEvery == "off" {
		return new(string)
	}
	return r.ReconfirmEvery
}

// BotsAddCmd adds a bot.
type BotsAddCmd struct {
	Token     gateway.Secret `arg:"" optional:"" env:"HERALD_BOT_TOKEN" help:"The bot's token, as BotFather gave it. Better kept in a file"`
	TokenFile string         `placeholder:"FILE" env:"HERALD_BOT_TOKEN_FILE" help:"File that holds the token; - is standard input."`
	Platform  string         `default:"telegram" placeholder:"NAME" env:"HERALD_BOT_PLATFORM" help:"The messenger (default telegram)."`
	Intake    string         `placeholder:"WAY" env:"HERALD_BOT_INTAKE" help:"How updates come: webhook or polling (default: what the installation can)."`
	Reconfirming
	Sharing
	Output
	Remote
}

// Help is shown by herald bots add --help.
func (BotsAddCmd) Help() string {
	return `Herald asks the messenger who the bot is, stores its token encrypted and connects to its updates.

Examples:

    herald bots add --token-file token.txt
    pass show acme-bot | herald bots add --token-file -
    herald bots add --token-file token.txt --shared --purpose codes --service "Acme codes"`
}

// Run adds the bot.
func (b *BotsAddCmd) Run(ctx context.Context, c *console) error {
	token, err := b.token(c.In)
	if err != nil {
		return err
	}
	api, err := b.client()
	if err != nil {
		return err
	}
	bot, err := api.AddBot(ctx, client.NewBot{
		Platform: b.Platform, Token: token.Reveal(), Intake: client.Intake(b.Intake),
		Shared: b.Shared, Purpose: client.Purpose(b.Purpose), Service: b.Service,
		ReconfirmEvery: b.every(), ReconfirmBy: client.ConfirmBy(b.ReconfirmBy), ReconfirmRemindAfter: b.ReconfirmRemindAfter, ReconfirmLapseAfter: b.ReconfirmLapseAfter,
	})
	if err != nil {
		return err
	}
	return c.showBot(bot, b.Output)
}

func (b *BotsAddCmd) token(stdin io.Reader) (gateway.Secret, error) {
	return givenToken(b.Token, b.TokenFile, stdin, "herald bots add TOKEN")
}

// givenToken is a token from the command line, or from a file.
func givenToken(token gateway.Secret, file string, stdin io.Reader, usage string) (gateway.Secret, error) {
	switch {
	case token != "":
		return token, nil
	case file != "":
		return readSecret(file, stdin)
	default:
		return "", &exitError{code: exitUsage, text: "a token is needed: " + usage + ", or --token-file FILE"}
	}
}

// BotsConnectCmd prints a bot's link.
type BotsConnectCmd struct {
	Bot     string `arg:"" help:"The bot, by @name or id."`
	Payload string `placeholder:"TEXT" env:"HERALD_CONNECT_PAYLOAD" help:"What comes back with the person's start, such as shop7."`
	For     string `placeholder:"ID" env:"HERALD_CONNECT_FOR" help:"Make a link for one person whom you know by this id: ext:ID names them afterwards."`
	QR      bool   `name:"qr" env:"HERALD_CONNECT_QR" help:"Draw the link as a QR code too."`
	QRFile  string `name:"qr-file" placeholder:"FILE" env:"HERALD_CONNECT_QR_FILE" help:"Write the QR code into this file, which ends with .svg or .png (512 by 512 pixels)."`
	Output
	Remote
}

// Help is shown by herald bots connect --help.
func (BotsConnectCmd) Help() string {
	return `The payload lets one link stand for one customer, one shop or one poster.

Examples:

    herald bots connect @acme_bot
    herald bots connect @acme_bot --payload shop7 --qr
    herald bots connect @acme_bot --payload shop7 --qr-file poster.svg
    herald bots connect @acme_bot --for 42`
}

// Run prints the link.
func (b *BotsConnectCmd) Run(ctx context.Context, c *console) error {
	if b.QR && b.JSON {
		return &exitError{code: exitUsage, text: "--qr draws for people and --json writes for programs: give one of them"}
	}
	form := strings.ToLower(filepath.Ext(b.QRFile))
	if b.QRFile != "" && form != ".svg" && form != ".png" {
		return &exitError{code: exitUsage, text: "--qr-file " + b.QRFile + " ends with neither .svg nor .png"}
	}
	api, err := b.client()
	if err != nil {
		return err
	}
	var link client.ConnectLink
	switch {
	case b.For != "" && b.Payload != "":
		return &exitError{code: exitUsage, text: "a link for one person has a payload of its own: give --for or --payload"}
	case b.For != "":
		link, err = api.Identify(ctx, b.Bot, b.For)
	default:
		link, err = api.ConnectLink(ctx, b.Bot, b.Payload)
	}
	if err != nil {
		return err
	}
	if b.QRFile != "" {
		if err := b.picture(ctx, api, link.Link, form); err != nil {
			return err
		}
	}
	if b.JSON {
		return c.writeJSON(link)
	}
	if err := errors.Join(c.say(terminal.Clean(link.Link)), c.say(terminal.Clean(link.Text)), c.say("By SMS: "+terminal.Clean(link.Sms))); err != nil || !b.QR {
		return err
	}
	code, err := terminal.QR(link.Link)
	if err != nil {
		return err
	}
	return c.say("\n" + code)
}

// picture writes the QR code of the link into its file. One for a single person has the payload that was made for it.
func (b *BotsConnectCmd) picture(ctx context.Context, api *client.Client, link, form string) error {
	_, payload, _ := strings.Cut(link, "?start=")
	var picture []byte
	var err error
	if form == ".svg" {
		picture, err = api.ConnectSVG(ctx, b.Bot, payload)
	} else {
		picture, err = api.ConnectPNG(ctx, b.Bot, payload, 0)
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.QRFile, picture, 0o644); err != nil {
		return fmt.Errorf("write the QR code: %w", err)
	}
	return nil
}
