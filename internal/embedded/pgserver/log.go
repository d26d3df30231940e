package pgserver

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// logReader turns the server's standard error into log records and learns its state from them. It is an io.Writer.
type logReader struct {
	logger *slog.Logger
	// onReady runs once, when the server takes connections; onRecovery when it replays the log of a killed run.
	onReady, onRecovery func()

	mu      sync.Mutex
	partial []byte
	// complaints are the last FATAL and PANIC messages and the LOG messages before them.
	complaints []string
	fatal      string
}

const (
	longestLine    = 4 << 10
	keptComplaints = 8
)

func (r *logReader) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := data
	for {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if room := longestLine - len(r.partial); room > 0 {
			r.partial = append(r.partial, line[:min(room, len(line))]...)
		}
		if !found {
			return len(data), nil
		}
		r.line(string(r.partial))
		r.partial, rest = r.partial[:0], after
	}
}

// line reads one line such as `LOG:  database system is ready to accept connections`.
func (r *logReader) line(text string) {
	level, message, found := strings.Cut(text, ":")
	if !found {
		level, message = "LOG", text
	}
	message = strings.TrimSpace(message)
	switch level {
	case "FATAL", "PANIC":
		if routine(message) {
			r.logger.Debug(message)
			return
		}
		r.logger.Warn(message)
		r.fatal = message
	case "WARNING":
		r.logger.Warn(message)
	default:
		r.logger.Debug(message)
	}
	r.complaints = append(r.complaints, message)
	if extra := len(r.complaints) - keptComplaints; extra > 0 {
		r.complaints = r.complaints[extra:]
	}
	switch {
	case strings.HasPrefix(message, "database system is ready to accept connections"):
		r.onReady()
	case strings.Contains(message, "automatic recovery in progress"):
		r.onRecovery()
	}
}

// routine messages end a connection and tell of no fault.
func routine(message string) bool {
	for _, part := range []string{
		"terminating connection due to administrator command",
		"terminating connection due to unexpected postmaster exit",
		"terminating background worker",
		"the database system is",
	} {
		if strings.HasPrefix(message, part) {
			return true
		}
	}
	return false
}

// fault returns the best reason for a start that did not succeed, and everything said last.
func (r *logReader) fault() (reason, all string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all = strings.Join(r.complaints, "; ")
	if r.fatal != "" {
		return r.fatal, all
	}
	if len(r.complaints) > 0 {
		return r.complaints[len(r.complaints)-1], all
	}
	return "", ""
}
