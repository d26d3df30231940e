package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"herald/client"
	"herald/client/wire"
	"herald/internal/installation"
	"herald/internal/sandbox/controlclient"
)

// world is the people whom the messages go to.
type world struct {
	api     *client.Client
	sandbox *controlclient.Client

	chats []chat
	next  atomic.Int64 // of chats, round and round
	late  atomic.Int64 // messages that were not taken while their caller waited

	mu    sync.Mutex
	open  []string        // messages that drain waits for
	taken []time.Duration // from accepting a message to the messenger's taking it, by Herald's own clock
}

// chat is a person connected to a bot: as Herald names them, and as the messenger does.
type chat struct {
	bot, to            string
	platformID, person int64
}

// preparers is how many bots and people are made at the same time.
const preparers = 8

// connectWithin bounds how long it takes until everybody is a subscriber.
const connectWithin = 2 * time.Minute

// newWorld reaches an installation and its sandbox. There is nobody in it yet.
func newWorld(o Options, found installation.Installation) (*world, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2*o.Callers + pacedAtMost // every caller keeps its connection
	api, err := client.New(found.API, found.APIKey.Reveal(),
		client.WithHTTPClient(&http.Client{Timeout: 2 * time.Minute, Transport: transport}))
	if err != nil {
		return nil, err
	}
	sandbox, err := controlclient.New(found.Sandbox)
	if err != nil {
		return nil, err
	}
	return &world{api: api, sandbox: sandbox}, nil
}

// enforce switches the messenger's limits on or off.
func (w *world) enforce(ctx context.Context, on bool) error {
	limits, err := w.sandbox.Limits(ctx)
	if err != nil {
		return err
	}
	limits.Enforce = on
	return w.sandbox.SetLimits(ctx, limits)
}

// connect makes bots and people who start them, and waits until all are connected. The chats of the bots take turns.
func (w *world) connect(ctx context.Context, name string, bots, people int) ([]chat, error) {
	chats := make([]chat, bots*people)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(preparers)
	for i := range bots {
		group.Go(func() error {
			return connect(ctx, w.api, w.sandbox, fmt.Sprintf("%s_%d", name, i), func(person int, c chat) { chats[person*bots+i] = c }, people)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("make bots and people: %w", err)
	}
	return chats, nil
}

// quietRules keep a bot from greeting whoever starts it: what it sends is what is measured, and nothing else.
const quietRules = `herald: 1
language: en
rules:
  - {name: quiet, on: /start, tag: started}
`

// connect makes a bot and people who start it.
func connect(ctx context.Context, api *client.Client, sandbox *controlclient.Client, name string, put func(int, chat), people int) error {
	made, err := sandbox.CreateBot(ctx, "Bench "+name, "bench_"+name+"_bot")
	if err != nil {
		return err
	}
	bot, err := api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token})
	if err != nil {
		return err
	}
	if _, err := api.PublishRules(ctx, bot.ID, client.NewRuleVersion{Source: quietRules}); err != nil {
		return err
	}
	for i := range people {
		person, err := sandbox.CreatePerson(ctx, controlclient.Person{FirstName: fmt.Sprintf("Person %d", i)})
		if err != nil {
			return err
		}
		if err := sandbox.Start(ctx, person.ID, "@"+made.Username, ""); err != nil {
			return err
		}
		put(i, chat{bot: bot.ID, to: fmt.Sprintf("#%d", person.ID), platformID: bot.PlatformID, person: person.ID})
	}
	return awaitSubscribers(ctx, api, bot.ID, people)
}

func awaitSubscribers(ctx context.Context, api *client.Client, bot string, want int) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		connected := 0
		for _, err := range api.Subscribers(ctx, bot, client.SubscriberFilter{Connection: wire.Connected}) {
			if err != nil {
				return err
			}
			connected++
		}
		if connected == want {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d people to be connected, of whom %d are: %w", want, connected, ctx.Err())
		}
	}
}
