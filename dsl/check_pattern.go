package dsl

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// Bounds of patterns. Go's engine takes time in proportion to text and pattern, never more, but a repetition such as
// {1000} makes a long pattern out of a short one.
const (
	maxPatternParts = 1_000  // steps of the compiled pattern, as far as they can be told before compiling
	maxPatternRunes = 50_000 // ranges of characters in it

	maxPatternsTogether = 400_000 // steps and ranges of all patterns of a file
)

// pattern is a regular expression that was looked at.
type pattern struct {
	compiled *regexp.Regexp
	problem  string
	limit    bool // the problem is its size
	parts    int
	runes    int
}

// matches is text matches "pattern".
func (x *expressionChecker) matches(n *ast.BinaryNode, known facts) Type {
	left := x.needs(n.Left, x.node(n.Left, known))
	if !left.is(KindString) {
		x.errorf(x.at(n.Left), CodeWrongType, "`matches` wants a text on its left, and this is %s", left.phrase())
	}
	s, literal := stringValueOf(n.Right)
	if !literal {
		x.errorf(x.at(n.Right), CodeBadRegex, "the pattern after `matches` is written out in quotes, so that it can be checked")
		return boolType
	}
	x.pattern(n.Right, s)
	x.spend(left.Size)
	return boolType
}

// pattern checks a regular expression and charges for running it over a text.
func (x *expressionChecker) pattern(n ast.Node, source string) {
	p := x.patterns[source]
	if p == nil && x.patternSize > maxPatternsTogether {
		x.errorf(x.at(n), CodeLimit, "the patterns of this file are too many, or too large, together")
		return
	}
	if p == nil {
		p = readPattern(source)
		x.patterns[source] = p
		x.patternSize += p.parts + p.runes + len(source)
	}
	switch {
	case p.limit:
		x.errorf(x.at(n), CodeLimit, "%s", p.problem)
	case p.problem != "":
		x.errorf(x.at(n), CodeBadRegex, "%s", p.problem)
	default:
		x.spend(mul(bytesOf(MaxText), p.parts) / 32)
	}
}

// readPattern reads a regular expression. Its size is found out before it is compiled.
func readPattern(source string) *pattern {
	if n := utf8.RuneCountInString(source); n > MaxPattern {
		return &pattern{limit: true, problem: "the pattern is longer than 256 characters"}
	}
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return &pattern{problem: patternProblem(err)}
	}
	parts, runes := patternSize(parsed)
	if parts > maxPatternParts || runes > maxPatternRunes {
		return &pattern{limit: true, problem: "the pattern is too large: its repetitions multiply", runes: len(source) * 16}
	}
	compiled, err := regexp.Compile(source)
	if err != nil {
		return &pattern{problem: patternProblem(err)}
	}
	return &pattern{compiled: compiled, parts: parts, runes: runes}
}

// patternSize estimates the steps of a compiled pattern and the ranges of characters in it.
func patternSize(re *syntax.Regexp) (parts, runes int) {
	parts, runes = 1, len(re.Rune)
	for _, sub := range re.Sub {
		p, r := patternSize(sub)
		parts, runes = add(parts, p), add(runes, r)
	}
	switch re.Op {
	case syntax.OpLiteral:
		parts += len(re.Rune)
	case syntax.OpRepeat:
		times := max(re.Min, re.Max, 1)
		parts, runes = mul(parts, times), mul(runes, times)
	}
	return parts, runes
}

// patternProblem says what is wrong with a pattern.
func patternProblem(err error) string {
	e, is := err.(*syntax.Error)
	if !is {
		return "this is no pattern"
	}
	what := map[syntax.ErrorCode]string{
		syntax.ErrInvalidCharClass:      "a class of characters in [ ] is wrong",
		syntax.ErrInvalidCharRange:      "a range of characters is the wrong way round or unknown",
		syntax.ErrInvalidEscape:         "there is no such escape",
		syntax.ErrInvalidNamedCapture:   "the name of a group is wrong; write (?P<name>...)",
		syntax.ErrInvalidPerlOp:         "(?...) of this kind does not exist; looking ahead and back is not possible",
		syntax.ErrInvalidRepeatOp:       "two repetitions follow one another",
		syntax.ErrInvalidRepeatSize:     "a repetition is too large, or its ends are the wrong way round",
		syntax.ErrMissingBracket:        "a ] is missing",
		syntax.ErrMissingParen:          "a ) is missing",
		syntax.ErrMissingRepeatArgument: "there is nothing to repeat before *, +, ? or {",
		syntax.ErrTrailingBackslash:     "a backslash stands at the end",
		syntax.ErrUnexpectedParen:       "a ) stands where nothing is open",
		syntax.ErrNestingDepth:          "its groups are nested too deep",
		syntax.ErrLarge:                 "it is too large",
		syntax.ErrInvalidUTF8:           "it is not valid text",
	}[e.Code]
	if what == "" {
		what = "this is no pattern"
	}
	if part := strings.TrimSpace(e.Expr); part != "" {
		return "the pattern is wrong at `" + clip(part) + "`: " + what
	}
	return "the pattern is wrong: " + what
}
