// Package installation finds a running Herald by its data folder, so that commands need no addresses.
//
// `herald up` writes herald.json into its data folder: where it listens, the operator's API key and its process id. The
// file outlives the process, so Find also looks whether the process is still there and answers.
package installation
