package translate

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"herald/internal/gateway"
)

// Config says who translates, and how much. The zero value has no translator: texts of real bots stay as they are.
type Config struct {
	// Credentials is the key of a Google service account, in JSON. Without one, and with a Project, the machine's own
	// Application Default Credentials are used.
	Credentials gateway.Secret
	// Project is the Google Cloud project that pays. Default: the one of Credentials.
	Project string
	// Location is the region that translates, such as europe-west1. Default: global.
	Location string
	// Endpoint is another server than Google's: host:port with TLS, or http://127.0.0.1:port, which is asked without TLS and
	// without credentials. For tests, and for regional endpoints.
	Endpoint string
	// Timeout bounds one translation, the cache included. Default 3s.
	Timeout time.Duration
	// DailyLimit is how many characters an account may have translated in a day, by UTC. 0: as many as it likes.
	DailyLimit int64
	// Price is what a million characters cost, in Currency (ISO 4217).
	Price    gateway.Amount
	Currency string
	// CacheAge is how long a translation is kept, CacheSize how many are for one account. Defaults 720h and 10,000.
	CacheAge  time.Duration
	CacheSize int
}

// Defaults of a Config, also told by the command line.
const (
	DefaultLocation   = "global"
	DefaultTimeout    = 3 * time.Second
	DefaultDailyLimit = 500_000
	DefaultPrice      = "20" // Google's list price of Cloud Translation, basic and advanced
	DefaultCurrency   = "USD"
	DefaultCacheAge   = 30 * 24 * time.Hour
	DefaultCacheSize  = 10_000
)

// Bounds of a Config.
const (
	maxCredentials = 64 << 10
	maxTimeout     = 30 * time.Second
	maxCacheAge    = 366 * 24 * time.Hour
	maxCacheSize   = 1_000_000
	maxPrice       = gateway.Amount(1000 * million) // a thousand units of the currency
	million        = 1_000_000
)

// on tells whether a translator is configured.
func (c Config) on() bool { return c.Project != "" || c.Credentials != "" || c.Endpoint != "" }

func (c Config) withDefaults() Config {
	if c.Project == "" && c.Credentials != "" {
		c.Project = projectOf(c.Credentials)
	}
	if c.Location == "" {
		c.Location = DefaultLocation
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Currency == "" {
		c.Currency = DefaultCurrency
	}
	if c.CacheAge == 0 {
		c.CacheAge = DefaultCacheAge
	}
	if c.CacheSize == 0 {
		c.CacheSize = DefaultCacheSize
	}
	return c
}

var (
	projectForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9.:-]{2,62}$`)
	locationForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,40}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

// validate returns all faults of a filled Config.
func (c Config) validate() error {
	var faults []error
	fault := func(bad bool, format string, what ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, what...))
		}
	}
	if c.Credentials != "" {
		faults = append(faults, checkCredentials(c.Credentials))
	}
	fault(c.on() && !projectForm.MatchString(c.Project), "translation needs the id of a Google Cloud project: give --translate-project")
	fault(!locationForm.MatchString(c.Location), "the location of translation looks like global or europe-west1")
	fault(c.Timeout < 0 || c.Timeout > maxTimeout, "the time-out of translation is at most %s", maxTimeout)
	fault(c.DailyLimit < 0, "the daily limit of translation is a number of characters, or 0 for none")
	fault(c.Price < 0 || c.Price > maxPrice, "the price of a million translated characters is at most 1000")
	fault(!currencyForm.MatchString(c.Currency), "the currency of translation is a code of three capitals, such as USD")
	fault(c.CacheAge < 0 || c.CacheAge > maxCacheAge, "translations are kept for at most a year")
	fault(c.CacheSize < 0 || c.CacheSize > maxCacheSize, "at most a million translations are kept for one account")
	if c.Endpoint != "" {
		_, _, err := c.server()
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// server is where the translator is, and whether it is asked without TLS and credentials: on this machine only.
func (c Config) server() (hostPort string, plain bool, err error) {
	hostPort, plain = strings.CutPrefix(c.Endpoint, "http://")
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil || (&url.URL{Host: hostPort}).Port() == "" {
		return "", false, errors.New("the endpoint of translation looks like translate-eu.googleapis.com:443")
	}
	if ip := net.ParseIP(host); plain && (ip == nil || !ip.IsLoopback()) {
		return "", false, errors.New("a translator without TLS must be on this machine: http://127.0.0.1:port")
	}
	return hostPort, plain, nil
}

// serviceAccount is what we look at in a key of a service account.
type serviceAccount struct {
	Type    string `json:"type"`
	Project string `json:"project_id"`
	Email   string `json:"client_email"`
}

var errCredentials = errors.New("the credentials of translation are the JSON key of a Google service account")

func checkCredentials(secret gateway.Secret) error {
	var key serviceAccount
	if len(secret) > maxCredentials || json.Unmarshal([]byte(secret.Reveal()), &key) != nil || key.Type != "service_account" || key.Email == "" {
		return errCredentials // without the cause, which may quote the key
	}
	return nil
}

func projectOf(secret gateway.Secret) string {
	var key serviceAccount
	if len(secret) > maxCredentials || json.Unmarshal([]byte(secret.Reveal()), &key) != nil {
		return ""
	}
	return key.Project
}
