//go:build !noembed

package temporalserver

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"go.temporal.io/server/common/config"
	postgresplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
)

// databaseAddress is the PostgreSQL server, taken apart as Temporal wants it.
type databaseAddress struct {
	url        string
	parsed     *url.URL
	attributes map[string]string
}

func parseDatabaseURL(text string) (databaseAddress, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return databaseAddress{}, fmt.Errorf("parse database address: %w", err)
	}
	address := databaseAddress{url: text, parsed: parsed, attributes: map[string]string{}}
	for name, values := range parsed.Query() {
		// Settings of a pgx pool mean nothing to Temporal's driver, which would send them to the server.
		if !strings.HasPrefix(name, "pool_") {
			address.attributes[name] = values[len(values)-1]
		}
	}
	return address, nil
}

// of returns the address of another database on the same server.
func (a databaseAddress) of(database string) string {
	other := *a.parsed
	other.Path = "/" + database
	query := url.Values{}
	for name, value := range a.attributes {
		query.Set(name, value)
	}
	other.RawQuery = query.Encode()
	return other.String()
}

// pool bounds the connections of one service to one database. Four services have two pools each.
type pool struct {
	open int
	// lifetime lets connections that a burst opened go away again.
	lifetime time.Duration
}

func (a databaseAddress) sql(database string, p pool) *config.SQL {
	user := a.parsed.User
	password, _ := user.Password()
	host := a.parsed.Host
	if host != "" && a.parsed.Port() == "" {
		host = net.JoinHostPort(a.parsed.Hostname(), "5432")
	}
	return &config.SQL{
		PluginName: postgresplugin.PluginNamePGX,
		// Temporal escapes the password and nothing else.
		User:              url.PathEscape(user.Username()),
		Password:          password,
		ConnectAddr:       host,
		ConnectProtocol:   "tcp",
		DatabaseName:      database,
		ConnectAttributes: a.attributes,
		MaxConns:          p.open,
		MaxIdleConns:      p.open,
		MaxConnLifetime:   p.lifetime,
	}
}
