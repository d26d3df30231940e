//go:build !noembed

package temporalserver

import (
	"context"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

var (
	_ log.Logger     = logger{}
	_ log.WithLogger = logger{}
)

// logger hands the server's warnings on to slog as information (it warns of every hiccup that it mends by itself) and its
// errors as errors. What the server calls fatal is an error here: a part of a
// process does not end the process.
type logger struct{ to *slog.Logger }

func (logger) Debug(string, ...tag.Tag)                 {}
func (logger) Info(string, ...tag.Tag)                  {}
func (l logger) Warn(message string, tags ...tag.Tag)   { l.log(slog.LevelInfo, message, tags) }
func (l logger) Error(message string, tags ...tag.Tag)  { l.log(slog.LevelError, message, tags) }
func (l logger) DPanic(message string, tags ...tag.Tag) { l.log(slog.LevelError, message, tags) }
func (l logger) Fatal(message string, tags ...tag.Tag)  { l.log(slog.LevelError, message, tags) }

func (l logger) Panic(message string, tags ...tag.Tag) {
	l.log(slog.LevelError, message, tags)
	panic("temporalserver: " + message)
}

func (l logger) With(tags ...tag.Tag) log.Logger { return logger{to: l.to.With(attributes(tags)...)} }

func (l logger) log(level slog.Level, message string, tags []tag.Tag) {
	if ctx := context.Background(); l.to.Enabled(ctx, level) {
		l.to.Log(ctx, level, message, attributes(tags)...)
	}
}

func attributes(tags []tag.Tag) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = slog.Any(t.Key(), t.Value())
	}
	return out
}
