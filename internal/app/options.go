package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/messaging"
)

// Options say which parts run in this process and where the others are.
type Options struct {
	// Data is the folder of the embedded parts, of the key and of herald.json. Needed by embedded parts only.
	Data string

	// DatabaseURL reaches PostgreSQL. Empty: an embedded one under Data.
	DatabaseURL gateway.Secret
	// PostgresBin is the folder with the programs of an embedded PostgreSQL. Empty: PATH and the usual folders are
	// searched, and what is missing is downloaded.
	PostgresBin string
	// Migrate brings the database to this program's version at the start instead of refusing an older one. Always so
	// with an embedded database.
	Migrate bool

	// Temporal reaches Temporal. A nil Temporal is an embedded server.
	Temporal *TemporalOptions

	// API runs the API, the starter and the intake of updates; Worker runs workflows and the inbox.
	API, Worker bool

	// Sandbox runs a sandbox in this process, SandboxURL names one that runs elsewhere. At most one of them.
	Sandbox    bool
	SandboxURL string

	// Addresses to listen on; port 0 picks a free one.
	PrivateListen, PublicListen, SandboxListen string

	// PublicURL is where messengers reach the public listener; empty: bots are polled.
	PublicURL string
	// LinkURL is where read links lead: a short host of the public listener, for one. Default: PublicURL.
	LinkURL string
	// TelegramURL is the Bot API server of real bots. Default: Telegram's own.
	TelegramURL string

	// Keyset is the key that seals secrets at rest, in Tink's JSON form; KeyFile is a file that holds it, made if it is
	// missing. Default of KeyFile: herald.key in Data.
	Keyset  gateway.Secret
	KeyFile string

	// SMSConfig is a file that says which SMS providers there are, in YAML. Without one SMS go to the sandbox's phones,
	// where one process runs everything with a sandbox, and nowhere otherwise.
	SMSConfig string

	// WatchEvery is how often each bot is looked at: whether its updates still come here. Default: a minute.
	WatchEvery time.Duration

	// KeepEvents is how long events are kept. Default: 30 days.
	KeepEvents time.Duration

	// Translation says who translates texts of real bots. The zero value leaves them as they are.
	Translation TranslationOptions

	// Reconfirm is how people are found whose proofs of phones are too old. Needed where the worker runs.
	Reconfirm ReconfirmOptions

	// Policy is how patient deliveries are.
	Policy messaging.Policy

	// Logger takes what the parts have to say. Default: none.
	Logger *slog.Logger
	// Progress is told about each part that is ready. It may be nil.
	Progress func(Progress)
}

// ReconfirmOptions say how fast people are asked to prove their phones anew. They hold for the whole installation: the worker
// that started last decides.
type ReconfirmOptions struct {
	SweepEvery time.Duration // how often it is looked who is due; default 10 minutes
	PerMinute  int           // how many people are asked a minute at most; default 300
}

// Defaults of ReconfirmOptions.
const (
	sweepReconfirmEvery = 10 * time.Minute
	reconfirmPerMinute  = 300
)

// Progress is one line of a start.
type Progress struct {
	Part   string
	Detail string
	Took   time.Duration
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.WatchEvery <= 0 {
		o.WatchEvery = bots.DefaultWatchEvery
	}
	if o.KeepEvents <= 0 {
		o.KeepEvents = keepEvents
	}
	if o.Reconfirm.SweepEvery <= 0 {
		o.Reconfirm.SweepEvery = sweepReconfirmEvery
	}
	if o.Reconfirm.PerMinute <= 0 {
		o.Reconfirm.PerMinute = reconfirmPerMinute
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.LinkURL = strings.TrimSuffix(o.LinkURL, "/")
	o.SandboxURL = strings.TrimSuffix(o.SandboxURL, "/")
	return o
}

func (o Options) validate() error {
	var errs []error
	if (o.DatabaseURL == "" || o.Temporal == nil) && o.Data == "" {
		errs = append(errs, errors.New("an embedded part needs a data folder: give --data"))
	}
	if o.Keyset == "" && o.KeyFile == "" && o.Data == "" {
		errs = append(errs, errors.New("secrets at rest need a key: give --key-file, the same file to every process"))
	}
	if o.Sandbox && o.SandboxURL != "" {
		errs = append(errs, errors.New("a sandbox runs here or elsewhere, not both: give either --sandbox or --sandbox-url"))
	}
	for flag, value := range map[string]string{"--public-url": o.PublicURL, "--link-url": o.LinkURL, "--sandbox-url": o.SandboxURL, "--telegram-url": o.TelegramURL} {
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			errs = append(errs, fmt.Errorf("%s is not an address: it looks like https://herald.example", flag))
		}
	}
	return errors.Join(errs...)
}
