package controlclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// timeout bounds one call. Pressing a button waits three seconds for the bot's answer.
	timeout = 30 * time.Second
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 32 << 20
)

// Client calls one sandbox. It is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
}

// New returns a Client for the sandbox at an address such as http://127.0.0.1:8082.
func New(address string) (*Client, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the address of a sandbox looks like http://127.0.0.1:8082")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64 // benchmarks are many people at once
	return &Client{
		base: strings.TrimSuffix(address, "/") + "/control/v1",
		http: &http.Client{Timeout: timeout, Transport: transport},
	}, nil
}

// Error is a refusal of the sandbox.
type Error struct {
	Status  int    // HTTP status
	Code    string // machine word, such as bot:username_taken; empty when something else answered
	Message string // words for people
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("the sandbox answered %d", e.Status)
	}
	return fmt.Sprintf("the sandbox answered %s: %s", e.Code, e.Message)
}

// do makes a call. A nil in sends no body, a nil out reads none.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("make request %s %s: %w", method, path, err)
	}
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("call the sandbox: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the sandbox's answer: %w", err)
	case len(text) > maxAnswer:
		return errors.New("the sandbox's answer is too large")
	case response.StatusCode >= http.StatusBadRequest:
		return refusal(response.StatusCode, text)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the sandbox's answer to %s %s: %w", method, path, err)
	}
	return nil
}

func refusal(status int, text []byte) *Error {
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &body) != nil {
		return &Error{Status: status}
	}
	return &Error{Status: status, Code: body.Error.Code, Message: body.Error.Message}
}
