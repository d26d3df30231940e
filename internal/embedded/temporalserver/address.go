//go:build !noembed

package temporalserver

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/server/common/config"
	postgresplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
)

// databaseAddress is the PostgreSQL server, taken apart as Temporal wants it.
type databaseAddress struct {
	parsed *url.URL
	// resolved holds what the URL leaves to PGPASSWORD and its like.
	resolved   *pgconn.Config
	attributes map[string]string
}

func parseDatabaseURL(text string) (databaseAddress, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return databaseAddress{}, fmt.Errorf("parse database address: %w", err)
	}
	resolved, err := pgconn.ParseConfig(text)
	if err != nil {
		return databaseAddress{}, fmt.Errorf("parse database address: %w", err) // pgx hides the password.
	}
	address := databaseAddress{parsed: parsed, resolved: resolved, attributes: map[string]string{}}
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
	attributes := maps.Clone(a.attributes)
	host := net.JoinHostPort(a.resolved.Host, strconv.Itoa(int(a.resolved.Port)))
	if strings.HasPrefix(a.resolved.Host, "/") { // a unix socket
		attributes["host"], attributes["port"] = a.resolved.Host, strconv.Itoa(int(a.resolved.Port))
		host = ""
	}
	return &config.SQL{
		PluginName: postgresplugin.PluginNamePGX,
		// Temporal escapes the password and nothing else.
		User:              url.PathEscape(a.resolved.User),
		Password:          a.resolved.Password,
		ConnectAddr:       host,
		ConnectProtocol:   "tcp",
		DatabaseName:      database,
		ConnectAttributes: attributes,
		MaxConns:          p.open,
		MaxIdleConns:      p.open,
		MaxConnLifetime:   p.lifetime,
	}
}
