package dsl

import "fmt"

// report collects the findings of one run about one file.
type report struct {
	file string
	src  *source
	list Diagnostics
	seen map[finding]bool
	full bool // nothing more is taken
	mute bool // something is looked at once more, and says nothing new

	guesses int // see nearest
}

// finding is what makes two diagnostics the same.
type finding struct {
	at      Position
	code    Code
	message string
}

func newReport(file string, src *source) *report {
	return &report{file: file, src: src, seen: map[finding]bool{}}
}

func (r *report) errorf(at Position, code Code, format string, args ...any) {
	if !r.full {
		r.add(at, Error, code, fmt.Sprintf(format, args...))
	}
}

func (r *report) warnf(at Position, code Code, format string, args ...any) {
	if !r.full {
		r.add(at, Warning, code, fmt.Sprintf(format, args...))
	}
}

// add takes a finding, unless it was made already or there are too many.
func (r *report) add(at Position, severity Severity, code Code, message string) {
	if at.Line < 1 {
		at = Position{Line: 1, Column: 1}
	}
	f := finding{at, code, message}
	if r.seen[f] || r.full || r.mute {
		return
	}
	if len(r.list) >= maxDiagnostics {
		r.full = true
		severity, code, message = Error, CodeLimit, fmt.Sprintf("there are more than %d findings; the rest is left out", maxDiagnostics)
	}
	r.seen[f] = true
	line, from := r.src.excerpt(at)
	r.list = append(r.list, Diagnostic{
		File: r.file, Position: at, Severity: severity, Code: code, Message: message, Source: line, SourceColumn: from,
	})
}
