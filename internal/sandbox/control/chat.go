package control

import (
	"context"
	"net/http"
	"time"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// pressWait is how long a press waits for the bot's answer.
const pressWait = 3 * time.Second

func (a *API) listChats(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	chats, err := a.Network.Chats(id)
	return http.StatusOK, chats, err
}

func (a *API) listMessages(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	before, err := number(r, "before", 0, 0, 1<<62)
	if err != nil {
		return 0, nil, err
	}
	after, err := number(r, "after", 0, 0, 1<<62)
	if err != nil {
		return 0, nil, err
	}
	limit, err := number(r, "limit", 200, 1, 10_000)
	if err != nil {
		return 0, nil, err
	}
	messages, err := a.Network.Messages(id, r.PathValue("chat"), before, after, int(limit))
	return http.StatusOK, messages, err
}

// act reads the person and the body of an action.
func act[In any](r *http.Request, do func(id network.PersonID, chat string, in In) (network.MessageView, error)) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	var in In
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	m, err := do(id, r.PathValue("chat"), in)
	return http.StatusCreated, m, err
}

type startInput struct {
	Payload string `json:"payload"`
}

func (a *API) start(r *http.Request) (int, any, error) {
	return act(r, func(id network.PersonID, chat string, in startInput) (network.MessageView, error) {
		return a.Network.Start(id, chat, in.Payload)
	})
}

type textInput struct {
	Text    string `json:"text"`
	ReplyTo int64  `json:"reply_to"`
}

func (a *API) writeText(r *http.Request) (int, any, error) {
	return act(r, func(id network.PersonID, chat string, in textInput) (network.MessageView, error) {
		return a.Network.Write(id, chat, in.Text, in.ReplyTo)
	})
}

func (a *API) editText(r *http.Request) (int, any, error) {
	message, err := pathID(r, "message")
	if err != nil {
		return 0, nil, err
	}
	_, m, err := act(r, func(id network.PersonID, chat string, in struct {
		Text string `json:"text"`
	},
	) (network.MessageView, error) {
		return a.Network.EditText(id, chat, message, in.Text)
	})
	return http.StatusOK, m, err
}

type contactInput struct {
	Person    network.PersonID `json:"person"`
	Contact   *wire.Contact    `json:"contact"`
	Forwarded bool             `json:"forwarded"`
}

func (a *API) shareContact(r *http.Request) (int, any, error) {
	return act(r, func(id network.PersonID, chat string, in contactInput) (network.MessageView, error) {
		return a.Network.ShareContact(id, chat, network.ContactShare{
			Person: in.Person, Contact: in.Contact, Forwarded: in.Forwarded,
		})
	})
}

type pressInput struct {
	MessageID int64  `json:"message_id"`
	Data      string `json:"data"`
	Text      string `json:"text"`
	Row       int    `json:"row"`
	Col       int    `json:"col"`
}

// pressResult says what a button did: it asked the bot (callback_id), opened a link, copied a text or sent a message.
type pressResult struct {
	CallbackID string        `json:"callback_id,omitempty"`
	Answered   bool          `json:"answered"`
	Text       string        `json:"text,omitempty"`
	Alert      bool          `json:"alert,omitempty"`
	URL        string        `json:"url,omitempty"`
	CopyText   string        `json:"copy_text,omitempty"`
	Message    *wire.Message `json:"message,omitempty"`
}

func (a *API) press(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	var in pressInput
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	p, err := a.Network.Press(id, r.PathValue("chat"), network.ButtonPress(in))
	if err != nil {
		return 0, nil, err
	}
	result := pressResult{URL: p.URL, CopyText: p.CopyText, Message: p.Message}
	if p.Query == nil {
		return http.StatusOK, result, nil
	}
	result.CallbackID = p.Query.ID
	ctx, cancel := context.WithTimeout(r.Context(), pressWait)
	defer cancel()
	select {
	case <-p.Answered():
		answer := p.Answer()
		result.Answered, result.Text, result.Alert, result.URL = true, answer.Text, answer.Alert, answer.URL
	case <-ctx.Done():
	case <-a.ctx.Done():
	}
	return http.StatusOK, result, nil
}

// simple reads the person of an action that has no body and no result.
func simple(r *http.Request, do func(network.PersonID, string) error) (int, any, error) {
	id, err := person(r)
	if err == nil {
		err = do(id, r.PathValue("chat"))
	}
	return http.StatusNoContent, nil, err
}

func (a *API) block(r *http.Request) (int, any, error)    { return simple(r, a.Network.Block) }
func (a *API) unblock(r *http.Request) (int, any, error)  { return simple(r, a.Network.Unblock) }
func (a *API) markRead(r *http.Request) (int, any, error) { return simple(r, a.Network.Read) }
