package controlclient_test

import (
	"context"
	"fmt"

	"herald/internal/sandbox"
	"herald/internal/sandbox/controlclient"
)

// Anna finds a bot by its link and starts it.
func Example() {
	ctx := context.Background()
	server, err := sandbox.New(sandbox.Options{})
	if err == nil {
		err = server.Start(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop(ctx)

	people, err := controlclient.New(server.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	bot, err := people.CreateBot(ctx, "Acme", "acme_bot")
	if err != nil {
		fmt.Println(err)
		return
	}
	anna, err := people.CreatePerson(ctx, controlclient.Person{FirstName: "Anna", Phone: "+380501234567"})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, payload, err := people.Resolve(ctx, bot.Link+"?start=shop7")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := people.Start(ctx, anna.ID, "@"+found.Username, payload); err != nil {
		fmt.Println(err)
		return
	}
	chat, err := people.Messages(ctx, anna.ID, "@acme_bot")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(chat[0].Text)
	// Output: /start shop7
}
