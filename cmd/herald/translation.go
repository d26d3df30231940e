package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"herald/client"
	"herald/internal/app"
	"herald/internal/gateway"
	"herald/internal/terminal"
)

// TranslationFlags say who translates, and how much.
type TranslationFlags struct {
	TranslateCredentials     string        `help:"Key of the Google service account that translates, in JSON. Without one texts of real bots stay as they are, and those of sandbox bots are marked." placeholder:"JSON"`
	TranslateCredentialsFile string        `help:"File that holds that key." placeholder:"FILE" type:"path"`
	TranslateProject         string        `help:"Google Cloud project that pays (default: the one of the key). Without a key the machine's own credentials are used." placeholder:"ID"`
	TranslateLocation        string        `help:"Region that translates, such as europe-west1." default:"global" placeholder:"REGION"`
	TranslateEndpoint        string        `help:"Another server than translate.googleapis.com:443, such as translate-eu.googleapis.com:443." placeholder:"HOST:PORT"`
	TranslateTimeout         time.Duration `help:"How long one translation may take; then the original goes out." default:"3s" placeholder:"SPAN"`
	TranslateDailyLimit      int64         `help:"How many characters an account may have translated in a day, by UTC; 0 for any number." default:"500000" placeholder:"N"`
	TranslatePrice           string        `help:"What a million characters cost." default:"20" placeholder:"AMOUNT"`
	TranslateCurrency        string        `help:"Currency of that price." default:"USD" placeholder:"CODE"`
	TranslateCacheAge        time.Duration `help:"How long translations are kept." default:"720h" placeholder:"SPAN"`
	TranslateCacheSize       int           `help:"How many translations are kept for one account." default:"10000" placeholder:"N"`
}

// maxCredentials bounds the key of a service account: they have 2 to 3 KiB.
const maxCredentials = 64 << 10

func (f TranslationFlags) translation() (o app.TranslationOptions, err error) {
	price, ok := gateway.ParseAmount(f.TranslatePrice)
	if !ok {
		return o, fmt.Errorf("--translate-price %q is not an amount such as 20 or 19.95", f.TranslatePrice)
	}
	credentials := gateway.Secret(f.TranslateCredentials)
	if f.TranslateCredentialsFile != "" {
		if credentials != "" {
			return o, errors.New("give the key of translation or the file that holds it, not both")
		}
		if credentials, err = readCredentials(f.TranslateCredentialsFile); err != nil {
			return o, err
		}
	}
	return app.TranslationOptions{
		Credentials: credentials, Project: f.TranslateProject, Location: f.TranslateLocation, Endpoint: f.TranslateEndpoint,
		Timeout: f.TranslateTimeout, DailyLimit: f.TranslateDailyLimit, Price: price, Currency: f.TranslateCurrency,
		CacheAge: f.TranslateCacheAge, CacheSize: f.TranslateCacheSize,
	}, nil
}

func readCredentials(path string) (gateway.Secret, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open the key of translation: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCredentials+1))
	if err != nil {
		return "", fmt.Errorf("read the key of translation: %w", err)
	}
	if len(text) > maxCredentials {
		return "", fmt.Errorf("%s holds no key of a service account: it is over 64 KiB", path)
	}
	return gateway.Secret(text), nil
}

// TranslationCmd is about translation.
type TranslationCmd struct {
	Usage TranslationUsageCmd `cmd:"" default:"withargs" help:"What the account had translated by day, and what it cost."`
	Try   TranslationTryCmd   `cmd:"" help:"Translate a text as a reply would be."`
}

// Help is shown by herald translation --help.
func (TranslationCmd) Help() string {
	return `Without a command it tells the usage of the last 30 days.

Examples:

    herald translation
    herald translation usage --from 2026-03-01 --to 2026-03-31
    herald translation try --to uk 'Hello {{ name }}, your code is 482913'`
}

// TranslationUsageCmd tells what translation cost.
type TranslationUsageCmd struct {
	From time.Time `format:"2006-01-02" placeholder:"DAY" env:"HERALD_TRANSLATION_FROM" help:"The first day, by UTC (default: 29 days before the last)."`
	To   time.Time `format:"2006-01-02" placeholder:"DAY" env:"HERALD_TRANSLATION_TO" help:"The last day (default: today)."`
	Output
	Remote
}

// Run tells the usage.
func (u *TranslationUsageCmd) Run(ctx context.Context, c *console) error {
	api, err := u.client()
	if err != nil {
		return err
	}
	usage, err := api.TranslationUsage(ctx, u.From, u.To)
	if err != nil {
		return err
	}
	if u.JSON {
		return c.writeJSON(usage)
	}
	state := "on"
	if !usage.Enabled {
		state = "off: texts of real bots stay as they are"
	}
	limit := "no limit"
	if usage.DailyLimit > 0 {
		limit = strconv.FormatInt(usage.DailyLimit, 10) + " characters a day"
	}
	c.hint("Translation is %s; %s %s for a million characters, %s.", state, usage.PricePerMillion, usage.Currency, limit)
	table := terminal.NewTable("day", "calls", "characters", "cost")
	for _, d := range usage.Days {
		table.Add(d.Day, strconv.FormatInt(d.Calls, 10), strconv.FormatInt(d.Characters, 10), d.Cost+" "+d.Currency)
	}
	return c.writeTable(table, "Nothing was translated.")
}

// TranslationTryCmd translates a text.
type TranslationTryCmd struct {
	Text   string   `arg:"" help:"The text."`
	To     string   `required:"" placeholder:"LANG" env:"HERALD_TRY_TO" help:"The language that it is wanted in, such as uk."`
	From   string   `placeholder:"LANG" env:"HERALD_TRY_FROM" help:"The language that it is in (default: the translator finds out)."`
	Format string   `placeholder:"FORMAT" env:"HERALD_TRY_FORMAT" enum:",plain,html,markdown" default:"" help:"How it is marked up: plain, html or markdown (default plain)."`
	Keep   []string `placeholder:"TERM" env:"HERALD_TRY_KEEP" help:"A term that comes through as it is; several times for several."`
	Bot    string   `placeholder:"BOT" env:"HERALD_BOT" help:"The bot that would say it, by @name or id: texts of sandbox bots are only marked (default: a real one)."`
	Output
	Remote
}

// Help is shown by herald translation try --help.
func (TranslationTryCmd) Help() string {
	return `On standard output stands the text that people would get; why it was not translated you read on standard error, with
exit code 1. It costs what a reply would, and counts against the limit of the day.`
}

// Run translates the text.
func (t *TranslationTryCmd) Run(ctx context.Context, c *console) error {
	api, err := t.client()
	if err != nil {
		return err
	}
	got, err := api.TryTranslation(ctx, client.NewTranslation{
		Text: t.Text, To: t.To, From: t.From, Format: client.Format(t.Format), Keep: t.Keep, Bot: t.Bot,
	})
	if err != nil {
		return err
	}
	if t.JSON {
		return c.writeJSON(got)
	}
	if err := c.say(terminal.Clean(got.Text)); err != nil {
		return err
	}
	if got.Reason != "" {
		return fmt.Errorf("the text was not translated: %s", got.Reason)
	}
	from := ""
	if got.From != "" {
		from = " from " + got.From
	}
	c.hint("Translated%s; %d characters are paid for.", from, got.Characters)
	return nil
}
