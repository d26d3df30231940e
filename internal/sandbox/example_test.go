package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"herald/internal/sandbox"
)

// A test of a bot: a person starts it, the bot answers, and the answer stands in the chat.
func Example() {
	ctx := context.Background()
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		panic(err)
	}
	if err := s.Start(ctx); err != nil {
		panic(err)
	}
	defer func() { _ = s.Stop(ctx) }()

	post := func(path, body string, out any) {
		response, err := http.Post(s.URL()+path, "application/json", strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(out); err != nil {
			panic(err)
		}
	}
	var bot struct{ Token string }
	post("/control/v1/bots", `{"name":"Acme","username":"acme_bot"}`, &bot)
	var anna struct{ ID int64 }
	post("/control/v1/people", `{"first_name":"Anna"}`, &anna)
	var answer struct {
		OK          bool
		Description string
	}
	message := fmt.Sprintf(`{"chat_id":%d,"text":"Hello"}`, anna.ID)
	post("/bot"+bot.Token+"/sendMessage", message, &answer)
	fmt.Println(answer.Description)

	var started struct{ Text string }
	post(fmt.Sprintf("/control/v1/people/%d/chats/@acme_bot/start", anna.ID), `{"payload":"order-7"}`, &started)
	fmt.Println(started.Text)
	post("/bot"+bot.Token+"/sendMessage", message, &answer)
	fmt.Println(answer.OK)
	// Output:
	// Forbidden: bot can't initiate conversation with a user
	// /start order-7
	// true
}
