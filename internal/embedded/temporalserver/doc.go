// Package temporalserver runs a Temporal server inside this process.
//
// [Start] makes and updates the two databases in the PostgreSQL it is given, registers the namespace, starts Temporal's
// four services on loopback ports and returns when a workflow can be started. [Server.Stop] stops them; Start with the
// same options goes on where the last run stopped, also after a kill: everything that Temporal knows is in PostgreSQL.
//
// # How the start stays short
//
// The schema's statements run in one transaction for each database, so that they cost one disk flush and not hundreds,
// and a start that was killed leaves no half schema. The namespace is written to the database before the server starts,
// so that its caches know it from the beginning. Readiness is asked of the server itself, shard by shard, instead of
// waiting for a fixed time.
//
// # What is tuned
//
// Few history shards, few connections, one partition for each task queue and small caches: Temporal's defaults are for
// a cluster of large machines. Rate limits are out of the way: on one machine the machine is the limit. dynamic.go holds
// each setting with its reason.
//
// # Who can reach it
//
// The services listen on 127.0.0.1 without authentication. Whoever may run programs on this machine may therefore start
// workflows; their inputs and results hold ids only. Use a Temporal of your own where that is too much.
//
// The build tag noembed leaves the server out, for a small image that uses an outside Temporal: [Start] then returns
// [ErrNotEmbedded].
package temporalserver
