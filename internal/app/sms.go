package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

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

// smsConfig reads which providers there are. An installation in one process with a sandbox
// and nothing else uses the sandbox's.
func (a *App) smsConfig() (sms.Config, error) {
	if a.o.SMSConfig == "" {
		url := cmp.Or(a.sandboxURL, a.o.SandboxURL)
		if url == "" || !a.o.API || !a.o.Worker { // the process that sends must know the secret of the one that hears reports
			return sms.Config{}, nil
		}
		return sms.Config{Providers: []sms.ProviderConfig{{
			Name: "sandbox", Kind: sms.KindSandbox, URL: url, CallbackSecret: a.ids.Secret("cb"),
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
