// Command herald carries messages between businesses and the people who connected to their chatbots. This is its one program:
// the server in all its forms, and the commands that talk to it.
//
// Each command has a file of its own with a struct whose fields are its flags, and a Run method. What commands share:
// remote.go finds the installation that they talk to, list.go follows pages, story.go tells a message's life, output.go
// writes tables or JSON, failure.go turns errors into one line and an exit code.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // messages are sent by the clocks of people, and not every machine knows all of them

	"github.com/alecthomas/kong"
)

// cli is the command line: one field per command.
type cli struct {
	Up      UpCmd      `cmd:"" group:"run" help:"Start everything in one process: database, Temporal, API, worker, sandbox."`
	Serve   ServeCmd   `cmd:"" group:"run" help:"Run the API and the intake against an outside PostgreSQL and Temporal."`
	Worker  WorkerCmd  `cmd:"" group:"run" help:"Run workflows and the inbox: as many as needed, anywhere."`
	Migrate MigrateCmd `cmd:"" group:"run" help:"Bring an outside database to this program's version."`
	Secrets SecretsCmd `cmd:"" group:"run" help:"Change the key of secrets at rest."`
	Sandbox SandboxCmd `cmd:"" group:"run" help:"Run the sandbox alone: a Telegram network and phones in a box."`

	Send        SendCmd        `cmd:"" group:"use" help:"Send a message and see what becomes of it."`
	Messages    MessagesCmd    `cmd:"" group:"use" help:"List messages, or tell the story of one."`
	Bots        BotsCmd        `cmd:"" group:"use" help:"List, add, connect, pause and remove bots."`
	Subscribers SubscribersCmd `cmd:"" group:"use" help:"The people of a bot: list, export, import and forget them."`
	Events      EventsCmd      `cmd:"" group:"use" help:"List what happened: people who connected or left, bots in trouble."`
	Updates     UpdatesCmd     `cmd:"" group:"use" help:"List what bots received and is not done with, and try it again: the operator."`
	Rules       RulesCmd       `cmd:"" group:"use" help:"Check, test and publish rule files; explain what they decide."`
	Policy      PolicyCmd      `cmd:"" group:"use" help:"What may go by shared bots: show it, replace it, overrule it."`
	Prices      PricesCmd      `cmd:"" group:"use" help:"Show what messages cost, or set it as the operator."`
	Defaults    DefaultsCmd    `cmd:"" group:"use" help:"Show or set what your account wants of its messages."`
	Translation TranslationCmd `cmd:"" group:"use" help:"What translation costs, and how a text comes through it."`
	Keys        KeysCmd        `cmd:"" group:"use" help:"List, make and revoke API keys."`
	Accounts    AccountsCmd    `cmd:"" group:"use" help:"List, make, change and suspend accounts, for the operator."`

	Demo    DemoCmd    `cmd:"" group:"try" help:"Play a story on the sandbox of a running Herald."`
	Bench   BenchCmd   `cmd:"" group:"try" help:"Measure start, memory, throughput and rules."`
	Version VersionCmd `cmd:"" group:"try" help:"Print the version of this program."`
}

const description = `Herald carries messages to people who connected to your chatbots: you name a person by phone, @name or #id, ` +
	`and Herald finds them, sends, and tells you what became of the message.

First steps:

    herald up                                   everything in one process, with a sandbox
    herald demo                                 in another terminal: see it work
    herald send --to +380501234567 --text Hello

Every flag can also be set by the environment variable that stands beside it.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], &console{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Zone: time.Local}))
}

// console is where a command reads and writes.
type console struct {
	In       io.Reader
	Out, Err io.Writer
	Zone     *time.Location // of the times in tables; JSON has UTC
}

// run parses the arguments, runs the command that they name and returns the exit code of the program.
func run(ctx context.Context, args []string, c *console) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parser, err := newParser(ctx, &cli{}, c)
	if err != nil {
		return report(c.Err, err)
	}
	command, err := parser.Parse(args)
	if err != nil {
		return report(c.Err, wrongUse(err))
	}
	return report(c.Err, command.Run())
}

func newParser(ctx context.Context, grammar any, c *console) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name("herald"),
		kong.Description(description),
		kong.DefaultEnvars("HERALD"),
		kong.Writers(c.Out, c.Err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100, NoExpandSubcommands: true}),
		kong.ExplicitGroups([]kong.Group{
			{Key: "run", Title: "Run Herald:"},
			{Key: "use", Title: "Use a running Herald:"},
			{Key: "files", Title: "Rule files on this machine:"},
			{Key: "bots", Title: "What bots of a running Herald answer by:"},
			{Key: "try", Title: "Try and measure:"},
			{Key: "remote", Title: "The Herald to talk to:"},
		}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
}

// wrongUse says which help to read. A word that is no command of a group was read as an argument of the group's list: what
// commands there are stands in the help of the group.
func wrongUse(err error) error {
	help := "herald --help"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			if group := selected.Parent; group != nil && group.DefaultCmd == selected && strings.HasPrefix(err.Error(), "unexpected argument") {
				selected = group
			}
			help = selected.FullPath() + " --help"
		}
	}
	return &exitError{code: exitUsage, text: strings.TrimSuffix(err.Error(), ".") + "; see: " + help}
}
