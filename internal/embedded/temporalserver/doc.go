// Package temporalserver runs the Temporal server inside this process, with PostgreSQL for its store.
//
// Start brings Temporal's schemas up to date in process, starts all four services on loopback ports, and returns when
// the namespace takes workflows. The build tag noembed leaves the server out of the program: Start then says so.
package temporalserver
