package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"herald/client"
	"herald/internal/gateway"
	"herald/internal/installation"
)

// Remote names the installation that a command talks to. It is found by its data folder; an address and a key name one
// that runs elsewhere.
type Remote struct {
	Data       string         `group:"remote" default:"./herald-data" placeholder:"DIR" help:"Data folder of a running 'herald up' (default ./herald-data)."`
	APIURL     string         `group:"remote" name:"api-url" placeholder:"URL" help:"Address of an API that runs elsewhere, instead of --data."`
	APIKey     gateway.Secret `group:"remote" name:"api-key" placeholder:"KEY" help:"API key. Better kept in the environment or in a file."`
	APIKeyFile string         `group:"remote" name:"api-key-file" placeholder:"FILE" help:"File that holds the API key."`
}

// client returns a client of the installation.
func (r *Remote) client() (*client.Client, error) {
	found, err := r.find()
	if err != nil {
		return nil, err
	}
	return client.New(found.API, found.APIKey.Reveal())
}

// find returns the installation. One that is named by its address has nothing but that and the key.
func (r *Remote) find() (installation.Installation, error) {
	key, err := r.key()
	if err != nil {
		return installation.Installation{}, err
	}
	if r.APIURL != "" {
		if key == "" {
			return installation.Installation{}, errors.New("the API at --api-url needs a key: set HERALD_API_KEY, or HERALD_API_KEY_FILE to the file that holds it")
		}
		return installation.Installation{API: r.APIURL, APIKey: key}, nil
	}
	found, err := installation.Find(r.Data)
	if err == nil && key != "" {
		found.APIKey = key
	}
	return found, err
}

func (r *Remote) key() (gateway.Secret, error) {
	if r.APIKey != "" || r.APIKeyFile == "" {
		return r.APIKey, nil
	}
	return readSecret(r.APIKeyFile, os.Stdin)
}

// maxSecret bounds the file of a secret, in bytes.
const maxSecret = 64 << 10

// readSecret reads a secret from a file, or from standard input when the file is named "-".
func readSecret(path string, stdin io.Reader) (gateway.Secret, error) {
	reader := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("open the file of a secret: %w", err)
		}
		defer file.Close()
		reader = file
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("read the secret in %s: %w", path, err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || len(text) > maxSecret || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s holds no secret: one line with nothing else is wanted", path)
	}
	return gateway.Secret(secret), nil
}
