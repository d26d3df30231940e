package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/sms"
)

const (
	// smsAskEvery is how soon providers are asked again about an SMS without a report; older ones less often.
	smsAskEvery = 10 * time.Second
	// maxSMSConfig bounds the configuration of providers.
	maxSMSConfig = 1 << 20
)

// startSMS makes the router of SMS providers.
func (a *App) startSMS() error {
	config, err := a.smsConfig()
	if err != nil {
		return err
	}
	a.sms, err = sms.New(config, sms.Deps{PublicURL: a.reachedAt(), Clock: now, Logger: a.logger("sms")})
	if err != nil {
		return fmt.Errorf("use the configuration of SMS providers: %w", err)
	}
	a.onStop(func(context.Context) error { a.sms.Close(); return nil })
	return nil
}

// sandboxProvider is the name under which the sandbox's phones are a provider.
const sandboxProvider = "sandbox"

// textsItself tells whether this process sends SMS to the sandbox's phones without being told how. The process that sends
// must know the secret of the one that hears reports.
func (a *App) textsItself() bool { return a.o.SMSConfig == "" && a.o.API && a.o.Worker }

// sandboxSecret proves to us that a report or a reply comes from the sandbox.
func (a *App) sandboxSecret() gateway.Secret {
	if a.smsSecret == "" {
		a.smsSecret = a.ids.Secret("cb")
	}
	return a.smsSecret
}

// sandboxReplies is where SMS go that people write in the sandbox of this process; empty: they stand in the phone's list.
func (a *App) sandboxReplies() string {
	if !a.textsItself() {
		return ""
	}
	return strings.TrimRight(a.reachedAt(), "/") + "/sms/" + sandboxProvider + "?secret=" + url.QueryEscape(a.sandboxSecret().Reveal())
}

// smsConfig reads which providers there are. An installation in one process with a sandbox
// and nothing else uses the sandbox's.
func (a *App) smsConfig() (sms.Config, error) {
	if a.o.SMSConfig == "" {
		phones := cmp.Or(a.sandboxURL, a.o.SandboxURL)
		if phones == "" || !a.textsItself() {
			return sms.Config{}, nil
		}
		return sms.Config{Providers: []sms.ProviderConfig{{
			Name: sandboxProvider, Kind: sms.KindSandbox, URL: phones, CallbackSecret: a.sandboxSecret(),
		}}}, nil
	}
	info, err := os.Stat(a.o.SMSConfig)
	if err != nil {
		return sms.Config{}, fmt.Errorf("read the configuration of SMS providers: %w", err)
	}
	if info.Size() > maxSMSConfig {
		return sms.Config{}, errors.New("the configuration of SMS providers is over 1 MiB")
	}
	text, err := os.ReadFile(a.o.SMSConfig)
	if err != nil {
		return sms.Config{}, fmt.Errorf("read the configuration of SMS providers: %w", err)
	}
	config, err := sms.ParseConfig(text)
	if err != nil {
		return sms.Config{}, fmt.Errorf("%s: %w", a.o.SMSConfig, err)
	}
	return config, nil
}

// watchSMS asks providers that have to be asked what became of SMS.
func (a *App) watchSMS(ctx context.Context) {
	a.sms.Watch(ctx, a.store, messaging.NewReports(a.store, a.starter, a.ids, now), smsAskEvery)
}
