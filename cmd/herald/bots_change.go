package main

import (
	"context"
	"strings"

	"herald/client"
	"herald/internal/gateway"
)

// BotsSetCmd changes what a bot says of itself, and what its owner wants of it.
type BotsSetCmd struct {
	Bot             string   `arg:"" help:"The bot, by @name or id."`
	Command         []string `sep:"none" placeholder:"NAME=TEXT" env:"HERALD_BOT_COMMAND" help:"A command of the menu, such as start=Connect; more flags are more commands, in this order. They replace the whole menu."`
	NoCommands      bool     `help:"Remove the menu."`
	Description     *string  `placeholder:"TEXT" env:"HERALD_BOT_DESCRIPTION" help:"What people read before they press Start, at most 512 characters."`
	About           *string  `placeholder:"TEXT" env:"HERALD_BOT_ABOUT" help:"The short text on the bot's profile, at most 120 characters."`
	AskPhoneOnStart *bool    `negatable:"" env:"HERALD_BOT_ASK_PHONE_ON_START" help:"Let the greeting after Start ask for the phone, with a button."`
	ContactOnly     *bool    `negatable:"" env:"HERALD_BOT_CONTACT_ONLY" help:"Let people prove a phone by sharing their contact alone. Otherwise a number that they write gets an SMS with digits, at your cost."`
	Reclaim         *bool    `negatable:"" env:"HERALD_BOT_RECLAIM" help:"Take the bot back when another service connects to it."`
	Intake          string   `placeholder:"WAY" env:"HERALD_BOT_INTAKE" help:"How updates come: webhook or polling (default: what the installation can)."`
	Reconfirming
	Sharing
	Output
	Remote
}

// Help is shown by herald bots set --help.
func (BotsSetCmd) Help() string {
	return `What is left out stays as it is.

Examples:

    herald bots set @acme_bot --command start=Connect --command stop=Disconnect
    herald bots set @acme_bot --description "Codes and notices of Acme. We never ask you for codes."
    herald bots set @acme_bot --ask-phone-on-start
    herald bots set @acme_bot --reconfirm-every 90d
    herald bots set @acme_bot --reclaim`
}

// Run changes the bot.
func (b *BotsSetCmd) Run(ctx context.Context, c *console) error {
	change := client.BotChange{Description: b.Description, About: b.About, Reclaim: b.Reclaim, AskPhoneOnStart: b.AskPhoneOnStart, ContactOnly: b.ContactOnly, Intake: client.Intake(b.Intake)}
	change.Shared, change.Purpose, change.Service = b.Shared, client.Purpose(b.Purpose), b.Service
	change.ReconfirmEvery, change.ReconfirmBy = b.every(), client.ConfirmBy(b.ReconfirmBy)
	change.ReconfirmRemindAfter, change.ReconfirmLapseAfter = b.ReconfirmRemindAfter, b.ReconfirmLapseAfter
	if len(b.Command) > 0 || b.NoCommands {
		commands := []client.BotCommand{}
		for _, text := range b.Command {
			name, description, found := strings.Cut(text, "=")
			if !found {
				return &exitError{code: exitUsage, text: "a command is written NAME=TEXT, such as start=Connect"}
			}
			commands = append(commands, client.BotCommand{Command: strings.TrimPrefix(name, "/"), Description: description})
		}
		change.Commands = &commands
	}
	return c.changeBot(ctx, b.Remote, b.Bot, change, b.Output)
}

// changeBot changes a bot and shows it.
func (c *console) changeBot(ctx context.Context, r Remote, bot string, change client.BotChange, o Output) error {
	api, err := r.client()
	if err != nil {
		return err
	}
	changed, err := api.ChangeBot(ctx, bot, change)
	if err != nil {
		return err
	}
	return c.showBot(changed, o)
}

// BotsTokenCmd gives a bot its new token.
type BotsTokenCmd struct {
	Bot       string         `arg:"" help:"The bot, by @name or id."`
	Token     gateway.Secret `arg:"" optional:"" env:"HERALD_BOT_TOKEN" help:"The bot's token, as BotFather gave it. Better kept in a file"`
	TokenFile string         `placeholder:"FILE" env:"HERALD_BOT_TOKEN_FILE" help:"File that holds the token; - is standard input."`
	Output
	Remote
}

// Run gives the token.
func (b *BotsTokenCmd) Run(ctx context.Context, c *console) error {
	token, err := givenToken(b.Token, b.TokenFile, c.In, "herald bots token BOT TOKEN")
	if err != nil {
		return err
	}
	return c.changeBot(ctx, b.Remote, b.Bot, client.BotChange{Token: token.Reveal()}, b.Output)
}

// BotsPauseCmd rests a bot.
type BotsPauseCmd struct {
	Bot string `arg:"" help:"The bot, by @name or id."`
	Output
	Remote
}

// Help is shown by herald bots pause --help.
func (BotsPauseCmd) Help() string {
	return `New messages are refused, those under way wait within their lifetime, and what people write waits at the
messenger, which keeps it for a day.`
}

// Run rests the bot.
func (b *BotsPauseCmd) Run(ctx context.Context, c *console) error {
	return c.changeBot(ctx, b.Remote, b.Bot, client.BotChange{State: client.PauseBot}, b.Output)
}

// BotsResumeCmd lets a paused bot work again.
type BotsResumeCmd struct {
	Bot string `arg:"" help:"The bot, by @name or id."`
	Output
	Remote
}

// Run lets the bot work.
func (b *BotsResumeCmd) Run(ctx context.Context, c *console) error {
	return c.changeBot(ctx, b.Remote, b.Bot, client.BotChange{State: client.ResumeBot}, b.Output)
}

// BotsRemoveCmd takes a bot away.
type BotsRemoveCmd struct {
	Bot string `arg:"" help:"The bot, by @name or id."`
	Output
	Remote
}

// Help is shown by herald bots remove --help.
func (BotsRemoveCmd) Help() string {
	return `Its token is forgotten, and messages under way fail. Its messages stay in History. Added again with its token, it
comes back with its subscribers.`
}

// Run takes the bot away.
func (b *BotsRemoveCmd) Run(ctx context.Context, c *console) error {
	api, err := b.client()
	if err != nil {
		return err
	}
	removed, err := api.RemoveBot(ctx, b.Bot)
	if err != nil {
		return err
	}
	return c.showBot(removed, b.Output)
}
