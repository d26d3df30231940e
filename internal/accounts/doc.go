// Package accounts is who may use the installation: accounts and their API keys.
package accounts
