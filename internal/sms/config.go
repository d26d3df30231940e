package sms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"herald/internal/gateway"
)

// Kind is a protocol that a provider speaks.
type Kind string

// Kinds of providers.
const (
	KindSandbox Kind = "sandbox" // the SMS operator of Herald's sandbox
	KindSMSC    Kind = "smsc"    // the HTTP interface of SMSC
	KindKannel  Kind = "kannel"  // the sendsms service of a Kannel gateway
	KindTwilio  Kind = "twilio"  // Twilio's Messages API
)

// Config says which providers there are. Their order counts where several serve a number equally well.
type Config struct {
	Providers []ProviderConfig `yaml:"providers"`
}

// ProviderConfig is one provider. Which fields a kind needs and takes, docs/sms.md tells.
type ProviderConfig struct {
	// Name tells the provider from others, in addresses and in the history of messages: a-z, 0-9 and hyphens.
	Name string `yaml:"name"`
	Kind Kind   `yaml:"kind"`
	// URL is where the provider's interface is. Default: the service's own, where it has one.
	URL string `yaml:"url"`
	// Login is the user; the account's SID for Twilio. SMSC without it takes Password for an API key.
	Login string `yaml:"login"`
	// Password is the password or auth token. PasswordFile names a file that holds it instead.
	Password     gateway.Secret `yaml:"password"`
	PasswordFile string         `yaml:"password_file"`
	// CallbackSecret proves that calls to us are the provider's; at least 16 characters. Or the file that holds it.
	CallbackSecret     gateway.Secret `yaml:"callback_secret"`
	CallbackSecretFile string         `yaml:"callback_secret_file"`
	// CallbackURL is where the provider finds us. Default: /sms/<name> at the public address.
	CallbackURL string `yaml:"callback_url"`
	// Sender is what the recipient sees where a message names none.
	Sender string `yaml:"sender"`
	// MessagingService is the SID of a messaging service of Twilio, which picks the sender.
	MessagingService string `yaml:"messaging_service"`
	// Prefixes are the beginnings of numbers that the provider serves, such as "+380". Default: all numbers.
	Prefixes []string `yaml:"prefixes"`
	// Timeout bounds one call. Default 20s.
	Timeout time.Duration `yaml:"timeout"`
}

const (
	maxConfig      = 1 << 20 // bytes
	maxSecretFile  = 4 << 10 // bytes
	maxProviders   = 100
	leastSecret    = 16 // characters of a callback secret
	defaultTimeout = 20 * time.Second
	maxTimeout     = 2 * time.Minute
	maxSender      = 20 // characters: 11 letters, or a number
)

// shape is which fields a kind needs and takes beside name, kind, url, callback_url, sender, prefixes and timeout.
type shape struct {
	url             string // default; empty: one must be given
	needs, takes    []string
	build           func(ProviderConfig, desk) provider
	needsCallback   bool // without one no report ever comes
	secretByItself  bool // its calls are signed with its password
	callbackOnlyIf  bool // calls are taken only if a callback secret is configured
	senderOrService bool
}

func shapeOf(k Kind) (shape, bool) {
	switch k {
	case KindSandbox:
		return shape{needs: []string{"callback_secret"}, build: newSandbox}, true
	case KindSMSC:
		return shape{
			needs: []string{"password"}, takes: []string{"login", "callback_secret"}, build: newSMSC,
			callbackOnlyIf: true,
		}, true
	case KindKannel:
		return shape{needs: []string{"login", "password", "callback_secret"}, build: newKannel, needsCallback: true}, true
	case KindTwilio:
		return shape{
			url: "https://api.twilio.com", needs: []string{"login", "password"}, takes: []string{"messaging_service"}, build: newTwilio,
			secretByItself: true, senderOrService: true,
		}, true
	default:
		return shape{}, false
	}
}

// ParseConfig reads a configuration in YAML or JSON and the files that it names, and returns all its faults joined.
func ParseConfig(text []byte) (Config, error) {
	if len(text) > maxConfig {
		return Config{}, errors.New("the configuration of SMS is over 1 MiB")
	}
	var c Config
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("read the configuration of SMS: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("the configuration of SMS must be one document")
	}
	var faults []error
	for i := range c.Providers {
		p := &c.Providers[i]
		at := fmt.Sprintf("providers[%d]", i)
		faults = append(
			faults,
			readSecret(at+".password", &p.Password, &p.PasswordFile),
			readSecret(at+".callback_secret", &p.CallbackSecret, &p.CallbackSecretFile),
		)
	}
	if err := errors.Join(faults...); err != nil {
		return Config{}, err
	}
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readSecret puts what a file holds in the place of a secret.
func readSecret(at string, secret *gateway.Secret, file *string) error {
	if *file == "" {
		return nil
	}
	if *secret != "" {
		return fmt.Errorf("%s: give the value or the file, not both", at)
	}
	f, err := os.Open(*file)
	if err != nil {
		return fmt.Errorf("%s_file: %w", at, err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch value := strings.TrimSpace(string(raw)); {
	case err != nil:
		return fmt.Errorf("%s_file: %w", at, err)
	case len(raw) > maxSecretFile:
		return fmt.Errorf("%s_file: %s is over 4 KiB", at, *file)
	case value == "":
		return fmt.Errorf("%s_file: %s is empty", at, *file)
	default:
		*secret, *file = gateway.Secret(value), ""
		return nil
	}
}

// withDefaults fills what is not set.
func (c Config) withDefaults() Config {
	c.Providers = slices.Clone(c.Providers)
	for i := range c.Providers {
		p := &c.Providers[i]
		if s, ok := shapeOf(p.Kind); ok && p.URL == "" {
			p.URL = s.url
		}
		p.URL = strings.TrimRight(p.URL, "/")
		if p.Timeout == 0 {
			p.Timeout = defaultTimeout
		}
	}
	return c
}

var (
	nameForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	prefixForm = regexp.MustCompile(`^\+[1-9][0-9]{0,14}$`)
	senderForm = regexp.MustCompile(`^[ -~]*$`)
	sidForm    = regexp.MustCompile(`^[A-Z]{2}[0-9a-fA-F]{32}$`)
)

// validate returns all faults, joined.
func (c Config) validate() error {
	var faults []error
	if len(c.Providers) > maxProviders {
		return fmt.Errorf("providers: at most %d", maxProviders)
	}
	seen := map[string]bool{}
	for i, p := range c.Providers {
		fault := func(field, format string, args ...any) {
			faults = append(faults, fmt.Errorf("providers[%d].%s: %s", i, field, fmt.Sprintf(format, args...)))
		}
		if !nameForm.MatchString(p.Name) {
			fault("name", "must be 1 to 32 of a-z, 0-9 and hyphens")
		} else if seen[p.Name] {
			fault("name", "%s is there already", p.Name)
		}
		seen[p.Name] = true
		p.validate(fault)
	}
	return errors.Join(faults...)
}

func (p ProviderConfig) validate(fault func(field, format string, args ...any)) {
	s, known := shapeOf(p.Kind)
	if !known {
		fault("kind", "must be sandbox, smsc, kannel or twilio")
		return
	}
	given := map[string]bool{
		"login": p.Login != "", "password": p.Password != "", "callback_secret": p.CallbackSecret != "",
		"messaging_service": p.MessagingService != "",
	}
	for _, field := range []string{"login", "password", "callback_secret", "messaging_service"} {
		switch {
		case slices.Contains(s.needs, field) && !given[field]:
			fault(field, "is missing: %s needs it", p.Kind)
		case given[field] && !slices.Contains(s.needs, field) && !slices.Contains(s.takes, field):
			fault(field, "%s does not use it", p.Kind)
		}
	}
	if !isAddress(p.URL) {
		fault("url", "must be an http or https address without a query")
	}
	if p.CallbackURL != "" && !isAddress(p.CallbackURL) {
		fault("callback_url", "must be an http or https address without a query")
	}
	if given["callback_secret"] && len(p.CallbackSecret) < leastSecret {
		fault("callback_secret", "must have at least %d characters", leastSecret)
	}
	if p.Kind == KindTwilio && p.Login != "" && !sidForm.MatchString(p.Login) {
		fault("login", "must be the SID of the account: AC and 32 hexadecimal digits")
	}
	if p.MessagingService != "" && !sidForm.MatchString(p.MessagingService) {
		fault("messaging_service", "must be a SID: MG and 32 hexadecimal digits")
	}
	if s.senderOrService && (p.Sender == "") == (p.MessagingService == "") {
		fault("sender", "give either this or messaging_service")
	}
	if len(p.Sender) > maxSender || !senderForm.MatchString(p.Sender) {
		fault("sender", "must be at most %d plain characters", maxSender)
	}
	if strings.ContainsFunc(p.Login+p.Password.Reveal(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		fault("login", "neither this nor password may hold control characters")
	}
	for j, prefix := range p.Prefixes {
		if !prefixForm.MatchString(prefix) {
			fault(fmt.Sprintf("prefixes[%d]", j), "must be the beginning of a number, such as +380")
		}
	}
	if p.Timeout < time.Millisecond || p.Timeout > maxTimeout {
		fault("timeout", "must be from 1ms to 2m")
	}
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
