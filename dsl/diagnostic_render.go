package dsl

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// excerptWidth is the number of characters of a line that a diagnostic shows.
const excerptWidth = 160

// excerpt returns the line of a position, or of a long one the part around it, and the column at which that begins.
func (s *source) excerpt(at Position) (string, int) {
	line := s.line(at.Line)
	if len(line) <= excerptWidth {
		return line, 1
	}
	from := max(at.Column-excerptWidth/2, 1)
	start := s.offset(Position{at.Line, from})
	end := s.offset(Position{at.Line, from + excerptWidth})
	return strings.TrimRight(s.text[start:end], "\r\n"), from
}

// String is the diagnostic as people read it: file:line:column: severity code: message, then the line and a caret under
// the place.
func (d Diagnostic) String() string {
	head := fmt.Sprintf("%s:%d:%d: %s %s: %s\n", d.File, d.Line, d.Column, d.Severity, d.Code, d.Message)
	if strings.TrimSpace(d.Source) == "" {
		return head
	}
	var caret strings.Builder
	column := max(d.SourceColumn, 1)
	for _, r := range d.Source {
		if column >= d.Column {
			break
		}
		column++
		switch {
		case r == '\t':
			caret.WriteByte('\t')
		default:
			caret.WriteString(strings.Repeat(" ", cells(r)))
		}
	}
	return head + "  " + d.Source + "\n  " + caret.String() + "^\n"
}

// cells is how many places of a terminal a character takes.
func cells(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the characters that terminals draw over two places: the ideographs and syllables of East Asia, and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x2e80, 0x303e, 1},
		{0x3041, 0xa4cf, 1},
		{0xa960, 0xa97c, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff00, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f680, 0x1f6ff, 1}, {0x1f900, 0x1faff, 1}, {0x20000, 0x3fffd, 1}},
}

// Text writes all diagnostics for people.
func (ds Diagnostics) Text() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String())
	}
	return b.String()
}

// JSON writes all diagnostics as a list for machines, an empty one if there are none.
func (ds Diagnostics) JSON() string {
	if len(ds) == 0 {
		return "[]\n"
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	// Strings and numbers can always be written.
	_ = encoder.Encode(ds)
	return b.String()
}

// GitHub writes all diagnostics as workflow commands, which GitHub shows at the lines of a change.
func (ds Diagnostics) GitHub() string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,title=%s::%s\n",
			d.Severity, githubProperty.Replace(d.File), d.Line, d.Column, d.Code, githubData.Replace(d.Message))
	}
	return b.String()
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Summary counts the diagnostics in words: 2 errors, 1 warning.
func (ds Diagnostics) Summary() string {
	errors := 0
	for _, d := range ds {
		if d.Severity == Error {
			errors++
		}
	}
	return counted(errors, "error") + ", " + counted(len(ds)-errors, "warning")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
