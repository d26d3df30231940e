//go:build !noembed

package temporalserver

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"
)

const (
	loopback = "127.0.0.1"

	mainStore       = "temporal"
	visibilityStore = "temporal_visibility"

	// historyShards bounds how much history work goes on at a time. It can never be changed for a database; four keep two
	// to eight processors busy and cost little when idle.
	historyShards = 4

	maxConns        = 20 // of each of the four services to the main store
	maxIdleConns    = 10
	maxConnLifetime = time.Hour

	clusterName = "active"
)

// services are the four parts of the server, in the order of their ports.
var services = []primitives.ServiceName{
	primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
}

// ports are where the services listen: one gRPC port and one unused membership port each.
type ports map[primitives.ServiceName]int

// choosePorts picks free loopback ports. They are found by listening once, so another program could take one before
// the server does; the start fails then and may be repeated.
func choosePorts(listen string) (ports, error) {
	chosen := ports{}
	for _, service := range services {
		address := net.JoinHostPort(loopback, "0")
		if service == primitives.FrontendService {
			address = listen
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("choose port of Temporal's %s: %w", service, err)
		}
		defer func() { _ = l.Close() }() // all stay taken until all are chosen
		chosen[service] = l.Addr().(*net.TCPAddr).Port
	}
	return chosen, nil
}

func (p ports) address(service primitives.ServiceName) string {
	return net.JoinHostPort(loopback, strconv.Itoa(p[service]))
}

func (p ports) hosts() map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, service := range services {
		hosts[service] = static.SingleLocalHost(p.address(service))
	}
	return hosts
}

// sqlConfig reaches one of the server's databases.
func sqlConfig(databaseURL, database string) (*config.SQL, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("read Temporal's database URL: it looks like postgres://user:password@host:port/database")
	}
	password, _ := u.User.Password()
	return &config.SQL{
		PluginName: postgresql.PluginNamePGX, DatabaseName: database,
		User: u.User.Username(), Password: password, ConnectAddr: u.Host, ConnectProtocol: "tcp",
		MaxConns: maxConns, MaxIdleConns: maxIdleConns, MaxConnLifetime: maxConnLifetime,
	}, nil
}

func serverConfig(o Options, p ports) (*config.Config, error) {
	mainSQL, err := sqlConfig(o.DatabaseURL, mainStore)
	if err != nil {
		return nil, err
	}
	visibilitySQL, err := sqlConfig(o.DatabaseURL, visibilityStore)
	if err != nil {
		return nil, err
	}
	c := &config.Config{
		Global: config.Global{Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}},
		Persistence: config.Persistence{
			DefaultStore: mainStore, VisibilityStore: visibilityStore, NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{mainStore: {SQL: mainSQL}, visibilityStore: {SQL: visibilitySQL}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: clusterName, CurrentClusterName: clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: p.address(primitives.FrontendService)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History: config.HistoryArchival{State: "disabled"}, Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: p.address(primitives.FrontendService)},
		Services:     map[string]config.Service{},
	}
	for _, service := range services {
		c.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: p[service], BindOnLocalHost: true}}
	}
	return c, nil
}

// dynamicConfig suits one box that runs one namespace: no limits meant for shared clusters, a namespace seen soon after
// it was made, and little work while nothing happens.
func dynamicConfig() dynamicconfig.Client {
	const noLimit = 100_000 // a second
	c := dynamicconfig.NewMemoryClient()
	c.OverrideSetting(dynamicconfig.EnableEagerWorkflowStart, true)
	c.OverrideSetting(dynamicconfig.NamespaceCacheRefreshInterval, time.Second)
	for _, setting := range []dynamicconfig.GenericSetting{
		dynamicconfig.FrontendRPS, dynamicconfig.FrontendMaxNamespaceRPSPerInstance, dynamicconfig.FrontendPersistenceMaxQPS,
		dynamicconfig.HistoryRPS, dynamicconfig.HistoryPersistenceMaxQPS, dynamicconfig.MatchingRPS, dynamicconfig.MatchingPersistenceMaxQPS,
	} {
		c.OverrideSetting(setting, noLimit)
	}
	return c
}
