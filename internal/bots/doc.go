// Package bots is the bots of an account and the people connected to them: adding a bot by its token, the link by which
// people find it, and reading the subscriber base that the inbox keeps true.
package bots
