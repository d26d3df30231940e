// Package e2e holds stories that are run against the built program, as its users run it.
//
// TestMain finds the program in HERALD_BIN, or builds it. A test starts servers as child processes on free ports with a
// data folder of their own (process_test.go, installation_test.go) and finds their addresses in herald.json.
//
// Stories that people can follow are scripts: those in testdata/up are played once, those in testdata/intake once with
// polling and once with webhooks. Their commands, such as `bot`, `as anna write` and `waitfor`, are in script_test.go and
// command_test.go. They share one running `herald up`, each with bots and people of its own. Stories that break things
// (killed processes, a Temporal that stops, refused starts) are Go tests with servers of their own.
//
// What a story knows, a user can know: nothing here imports the packages behind the commands. Only the PostgreSQL and the
// Temporal that stand for somebody else's are started in the test's own process (outside_test.go).
package e2e
