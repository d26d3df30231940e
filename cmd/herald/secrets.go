package main

import (
	"context"
	"fmt"
	"os"

	"herald/internal/seal"
	"herald/internal/terminal"
)

// SecretsCmd is about the key of secrets at rest.
type SecretsCmd struct {
	List   SecretsListCmd   `cmd:"" default:"withargs" help:"List the keys in a key file, without their secrets."`
	Rotate SecretsRotateCmd `cmd:"" help:"Make another key seal. Running processes see it by themselves."`
	Stage  SecretsStageCmd  `cmd:"" help:"Add a key that only opens as yet, to bring to all machines before it seals."`
	Prune  SecretsPruneCmd  `cmd:"" help:"Drop the keys that seal no longer."`
}

// Help is shown by herald secrets --help.
func (SecretsCmd) Help() string {
	return `Bots' tokens and other secrets lie sealed in the database; their key lies in a file. To change the key while everything
runs:

    herald secrets rotate --key-file herald.key     a new key seals, the earlier ones go on to open
    herald secrets prune --key-file herald.key      once the metric herald_reseal_pending is 0

Running processes read the file again within seconds, and a worker seals everything anew. Where machines have copies of the
file, stage first and bring that file to all of them; then rotate it and bring it to all of them once more.`
}

// SecretFile names a key file.
type SecretFile struct {
	KeyFile string `required:"" type:"path" placeholder:"FILE" env:"HERALD_KEY_FILE" help:"File with the key, such as herald-data/herald.key."`
}

// SecretsListCmd lists the keys in a key file.
type SecretsListCmd struct{ SecretFile }

// Run lists them.
func (s *SecretsListCmd) Run(_ context.Context, c *console) error { return s.show(c) }

func (s *SecretFile) show(c *console) error {
	raw, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	keys, err := seal.Keys(raw)
	if err != nil {
		return fmt.Errorf("key file %s: %w", s.KeyFile, err)
	}
	table := terminal.NewTable("key", "use")
	for _, key := range keys {
		use := "opens"
		if key.Primary {
			use = "seals and opens"
		}
		table.Add(key.ID, use)
	}
	return c.writeTable(table, "No keys.")
}

func (s *SecretFile) change(c *console, fn func([]byte) ([]byte, error)) error {
	if err := seal.ChangeFile(s.KeyFile, fn); err != nil {
		return err
	}
	return s.show(c)
}

// SecretsRotateCmd makes another key seal.
type SecretsRotateCmd struct{ SecretFile }

// Run rotates.
func (s *SecretsRotateCmd) Run(_ context.Context, c *console) error { return s.change(c, seal.Rotate) }

// SecretsStageCmd adds a key that only opens.
type SecretsStageCmd struct{ SecretFile }

// Run stages.
func (s *SecretsStageCmd) Run(_ context.Context, c *console) error { return s.change(c, seal.Stage) }

// SecretsPruneCmd drops earlier keys.
type SecretsPruneCmd struct{ SecretFile }

// Help is shown by herald secrets prune --help.
func (SecretsPruneCmd) Help() string {
	return `What was sealed by a dropped key cannot be opened any more: look at the metric herald_reseal_pending first. It is 0
when everything is sealed by the key that seals now.`
}

// Run prunes.
func (s *SecretsPruneCmd) Run(_ context.Context, c *console) error { return s.change(c, seal.Prune) }
