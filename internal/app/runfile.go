package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"herald/internal/accounts"
	"herald/internal/embedded"
	"herald/internal/gateway"
)

// RunFileName is the file in the data folder that tells other programs about a running Herald.
const RunFileName = "herald.json"

// RunFile is what stands in herald.json, mode 0600.
type RunFile struct {
	API      string `json:"api"`
	Public   string `json:"public"`
	Sandbox  string `json:"sandbox,omitempty"`
	Temporal string `json:"temporal"`
	APIKey   string `json:"api_key"`
	PID      int    `json:"pid"`
}

// WriteRunFile writes herald.json. The operator's key in an earlier one is kept as long as it is good.
func (a *App) WriteRunFile(ctx context.Context) error {
	path := filepath.Join(a.o.Data, RunFileName)
	secret, err := a.operatorKey(ctx, path)
	if err != nil {
		return err
	}
	file := RunFile{
		API: a.address.API, Public: a.address.Public, Sandbox: cmp.Or(a.address.Sandbox, a.o.SandboxURL), Temporal: a.address.Temporal,
		APIKey: secret.Reveal(), PID: os.Getpid(),
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", RunFileName, err)
	}
	if err := embedded.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", RunFileName, err)
	}
	return nil
}

func (a *App) operatorKey(ctx context.Context, path string) (gateway.Secret, error) {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read %s: %w", RunFileName, err)
	}
	var earlier RunFile
	if json.Unmarshal(raw, &earlier) == nil && earlier.APIKey != "" {
		secret := gateway.Secret(earlier.APIKey)
		key, err := a.accounts.Authenticate(ctx, secret)
		if err == nil && key.AccountID == a.operator.ID && allowsAll(key) {
			return secret, nil
		}
		if err != nil && !errors.Is(err, gateway.ErrUnauthorized) {
			return "", fmt.Errorf("check the operator's key: %w", err)
		}
	}
	return a.CreateOperatorKey(ctx, "herald.json")
}

// allowsAll tells whether the key has every scope. One from before a scope was thought of lacks it.
func allowsAll(key gateway.Key) bool {
	for _, scope := range gateway.Scopes() {
		if !key.Allows(scope) {
			return false
		}
	}
	return true
}

// CreateOperatorKey makes an API key of the operator with every scope.
func (a *App) CreateOperatorKey(ctx context.Context, name string) (gateway.Secret, error) {
	_, secret, err := a.accounts.CreateKey(ctx, a.operator.ID, accounts.NewKey{Name: name})
	return secret, err
}

// sandboxFolder is where the sandbox keeps its people.
func (a *App) sandboxFolder() string {
	if a.o.Data == "" {
		return ""
	}
	return filepath.Join(a.o.Data, "sandbox")
}
