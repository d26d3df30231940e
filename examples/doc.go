// Package examples is five bots to copy from. Each folder has a rule file with its own tests, and a README whose
// conversation a test of this package plays against a whole Herald and a sandbox.
package examples
