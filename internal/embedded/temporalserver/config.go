//go:build !noembed

package temporalserver

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	// historyShards cannot change once the database exists. Each costs a few loops, and writes to one shard go one
	// after the other; four keep two to four cores busy.
	historyShards = 4

	clusterName = "active"
	loopback    = "127.0.0.1"
)

// services in the order of their ports.
var services = []primitives.ServiceName{
	primitives.FrontendService,
	primitives.HistoryService,
	primitives.MatchingService,
	primitives.WorkerService,
}

// layout says where each service listens.
type layout map[primitives.ServiceName]struct {
	ip   string
	port int
}

func (l layout) address(name primitives.ServiceName) string {
	place := l[name]
	return net.JoinHostPort(place.ip, strconv.Itoa(place.port))
}

// newLayout puts the frontend at the address asked for and everything else on free ports. The ports are held together
// until all are known, so that none is given twice; they are free again when Temporal takes them.
func newLayout(frontendIP string, frontendPort int) (layout, error) {
	l := layout{}
	for _, name := range services {
		ip, port := loopback, 0
		if name == primitives.FrontendService {
			ip, port = frontendIP, frontendPort
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("listen for Temporal's %s: %w", name, err)
		}
		defer listener.Close()
		l[name] = struct {
			ip   string
			port int
		}{ip, listener.Addr().(*net.TCPAddr).Port}
	}
	return l, nil
}

func (l layout) staticHosts() map[primitives.ServiceName]static.Hosts {
	hosts := make(map[primitives.ServiceName]static.Hosts, len(l))
	for name := range l {
		hosts[name] = static.SingleLocalHost(l.address(name))
	}
	return hosts
}

func serverConfig(l layout, address databaseAddress) *config.Config {
	const mainName, visibilityName = "main", "visibility"
	perService := make(map[string]config.Service, len(l))
	for name, place := range l {
		perService[string(name)] = config.Service{RPC: config.RPC{GRPCPort: place.port, BindOnIP: place.ip}}
	}
	frontend := l.address(primitives.FrontendService)
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 10 * time.Second, BroadcastAddress: loopback},
		},
		Persistence: config.Persistence{
			DefaultStore:     mainName,
			VisibilityStore:  visibilityName,
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				mainName:       {SQL: address.sql(mainStore.database, mainPool)},
				visibilityName: {SQL: address.sql(visibilityStore.database, visibilityPool)},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            perService,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{
			Archival: config.ArchivalNamespaceDefaults{
				History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
				Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
			},
		},
		PublicClient: config.PublicClient{HostPort: frontend},
	}
}

// Connections are opened when needed; after a minute each is replaced or, when there is nothing to do, not. So a busy
// server keeps what it uses, since opening one costs both sides milliseconds, and an idle one shrinks to a handful. At
// most four services times both pools are open together, and in practice only history's pool fills.
var (
	mainPool       = pool{open: 10, lifetime: time.Minute}
	visibilityPool = pool{open: 3, lifetime: time.Minute}
)
