package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"herald/internal/app"
	"herald/internal/gateway"
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
