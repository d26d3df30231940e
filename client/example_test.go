package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"herald/client"
)

// installation stands for a running Herald: it takes messages to phones and refuses everything else.
func installation() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"to":"+`) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"status":422,"code":"recipient:unknown_form","field":"to","detail":"A recipient is a phone, a @name or a #id."}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"msg_06f0qv3x8k5y1n7c2m9hdw4z6s","to":"+380501234567","state":"accepted"}`)
	}))
}

func Example() {
	herald := installation() // in a program of yours: the address of your Herald
	defer herald.Close()
	c, err := client.New(herald.URL, "hk_your_key")
	if err != nil {
		fmt.Println(err)
		return
	}

	// The key names the order, so that a restart of this program does not send the notice twice.
	m, err := c.Send(context.Background(), client.NewMessage{
		To:   "+380501234567",
		Text: "Your parcel comes tomorrow. Will you be at home?",
		Buttons: [][]client.Button{{
			{Text: "Yes", Data: "parcel:yes"},
			{Text: "No", Data: "parcel:no"},
		}},
	}, client.WithIdempotencyKey("order-77-tomorrow"), client.WithWait(10*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.To, m.State)

	_, err = c.Send(context.Background(), client.NewMessage{To: "Anna", Text: "Hi"})
	var refused *client.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, "in", refused.Field)
	}
	// Output:
	// +380501234567 accepted
	// recipient:unknown_form in to
}
