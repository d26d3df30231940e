// Package crowd makes databases with a bot and as many people as somebody wants to measure with.
//
// Start starts a PostgreSQL as `herald up` does (server.go). Base makes a database in it, with the store over it, and Fill
// copies people into it, past the triggers that would tell of each, but sealed and indexed as the store seals them
// (fill.go). What is timed are the store's own statements, in sessions that see what the store's sessions see (look.go).
package crowd
