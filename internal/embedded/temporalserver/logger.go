//go:build !noembed

package temporalserver

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger passes Temporal's warnings and errors to slog. Temporal's information is about its own workings and very long.
type logger struct {
	out *slog.Logger
	// settled is true, for all copies, from the moment the server is ready until it is told to stop. Before and after,
	// the services warn of one another's absence; what matters then is what Start and Stop return.
	settled *atomic.Bool
	tags    []tag.Tag // of each record
}

var (
	_ log.Logger     = logger{}
	_ log.WithLogger = logger{}
)

// expected are the beginnings of warnings about what this package does on purpose.
var expected = []string{
	"HTTP API port has not been set",
}

func (l logger) write(level slog.Level, message string, tags []tag.Tag) {
	if !l.settled.Load() || slices.ContainsFunc(expected, func(start string) bool { return strings.HasPrefix(message, start) }) {
		level = slog.LevelDebug
	}
	if ctx := context.Background(); l.out.Enabled(ctx, level) {
		l.out.LogAttrs(ctx, level, message, attributes(slices.Concat(l.tags, tags))...)
	}
}

func attributes(tags []tag.Tag) []slog.Attr {
	list := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		list = append(list, slog.Any(t.Key(), t.Value()))
	}
	return list
}

func (l logger) Debug(string, ...tag.Tag)               {}
func (l logger) Info(string, ...tag.Tag)                {}
func (l logger) Warn(message string, tags ...tag.Tag)   { l.write(slog.LevelWarn, message, tags) }
func (l logger) Error(message string, tags ...tag.Tag)  { l.write(slog.LevelError, message, tags) }
func (l logger) DPanic(message string, tags ...tag.Tag) { l.write(slog.LevelError, message, tags) }
func (l logger) Panic(message string, tags ...tag.Tag)  { l.fail(message, tags) }
func (l logger) Fatal(message string, tags ...tag.Tag)  { l.fail(message, tags) }

// With returns a logger that adds the tags to each record. Temporal makes one for most of what it does and seldom writes to it, so
// nothing is made of the tags before.
func (l logger) With(tags ...tag.Tag) log.Logger {
	l.tags = slices.Concat(l.tags, tags)
	return l
}

// fatalError is what Temporal would have ended the process for.
type fatalError struct{ err error }

// fail panics where Temporal's own logger ends the process: Start turns the panic into an error; later there is no way
// to go on either.
func (l logger) fail(message string, tags []tag.Tag) {
	err := errors.New(message)
	for _, t := range tags {
		if cause, ok := t.Value().(string); ok && t.Key() == "error" {
			err = errors.New(message + ": " + cause)
		}
	}
	l.write(slog.LevelError, message, tags)
	panic(fatalError{err})
}
