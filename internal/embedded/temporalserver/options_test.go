//go:build !noembed

package temporalserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/embedded/temporalserver"
)

func TestStartRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	const good = "postgres://herald:swordfish@127.0.0.1:1/postgres"
	for name, c := range map[string]struct {
		options temporalserver.Options
		want    string
	}{
		"no database":         {temporalserver.Options{}, "the database address is no postgres:// URL"},
		"another database":    {temporalserver.Options{DatabaseURL: "mysql://herald:swordfish@127.0.0.1/x"}, "the database address is no postgres:// URL"},
		"no URL at all":       {temporalserver.Options{DatabaseURL: "postgres://herald:swordfish@%zz/"}, "the database address is no postgres:// URL"},
		"too short to keep":   {temporalserver.Options{DatabaseURL: good, Retention: time.Minute}, "retention 1m0s is too short: at least one hour"},
		"a name to listen":    {temporalserver.Options{DatabaseURL: good, Listen: "herald.example:7233"}, `the Temporal address "herald.example:7233" needs an IP address and a port`},
		"no port to listen":   {temporalserver.Options{DatabaseURL: good, Listen: "127.0.0.1"}, `the Temporal address "127.0.0.1" is not host:port`},
		"a port out of range": {temporalserver.Options{DatabaseURL: good, Listen: "127.0.0.1:70000"}, `the Temporal address "127.0.0.1:70000" needs an IP address and a port`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := temporalserver.Start(t.Context(), c.options)
			require.EqualError(t, err, c.want)
			require.NotContains(t, err.Error(), "swordfish")
		})
	}
}
