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
	api   *client.Client
	chats []chat
	next  atomic.Int64 // of chats, round and round
	late  atomic.Int64 // messages that were not taken while their caller waited

	mu    sync.Mutex
	open  []string        // messages that drain waits for
	taken []time.Duration // from accepting a message to the messenger's taking it, by Herald's own clock
}

// chat is a person connected to a bot.
type chat struct{ bot, to string }

// preparers is how many bots and people are made at the same time.
const preparers = 8

// connectWithin bounds how long it takes until everybody is a subscriber.
const connectWithin = 2 * time.Minute

// newWorld switches the sandbox's limits off, makes the bots and the people, and waits until all are connected.
func newWorld(ctx context.Context, o Options, found installation.Installation) (*world, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2 * o.Callers // every caller keeps its connection
	api, err := client.New(found.API, found.APIKey.Reveal(),
		client.WithHTTPClient(&http.Client{Timeout: 2 * time.Minute, Transport: transport}))
	if err != nil {
		return nil, err
	}
	sandbox, err := controlclient.New(found.Sandbox)
	if err != nil {
		return nil, err
	}
	limits, err := sandbox.Limits(ctx)
	if err != nil {
		return nil, err
	}
	limits.Enforce = false
	if err := sandbox.SetLimits(ctx, limits); err != nil {
		return nil, err
	}
	chats := make([]chat, o.Bots*o.People)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(preparers)
	for i := range o.Bots {
		group.Go(func() error {
			return connect(ctx, api, sandbox, i, func(person int, c chat) { chats[person*o.Bots+i] = c }, o.People)
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("make bots and people: %w", err)
	}
	return &world{api: api, chats: chats}, nil
}

// connect makes a bot and people who start it.
func connect(ctx context.Context, api *client.Client, sandbox *controlclient.Client, number int, put func(int, chat), people int) error {
	made, err := sandbox.CreateBot(ctx, fmt.Sprintf("Bench %d", number), fmt.Sprintf("bench_%d_bot", number))
	if err != nil {
		return err
	}
	bot, err := api.AddBot(ctx, client.NewBot{Platform: "telegram", Token: made.Token})
	if err != nil {
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
		put(i, chat{bot: bot.ID, to: fmt.Sprintf("#%d", person.ID)})
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
