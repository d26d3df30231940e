package dsl

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// checked is what came out of checking an expression.
type checked struct {
	typ  Type
	tree ast.Node // nil if it could not be read
	cost int      // without that of the named expressions
	lets []*binding
}

// expressionChecker checks one expression.
type expressionChecker struct {
	*checker
	source   Scalar
	rule     *ruleFacts // whose names it sees; nil: only those of the file
	elements []Type     // of the lists that are gone through here, the innermost last
	cost     int
	lets     []*binding
}

// condition checks an expression that decides something.
func (c *checker) condition(source Scalar, r *ruleFacts) checked {
	return c.check(source, r, nil, true)
}

// expression checks an expression. known is what is sure where it stands.
func (c *checker) expression(source Scalar, r *ruleFacts, known facts) checked {
	return c.check(source, r, known, false)
}

func (c *checker) check(source Scalar, r *ruleFacts, known facts, condition bool) checked {
	if c.full {
		return checked{} // nothing more would be said
	}
	if n := utf8.RuneCountInString(source.Value); n > MaxExpression {
		c.errorf(source.At, CodeLimit, "the expression has %d characters; at most %d are taken", n, MaxExpression)
		c.incomplete = true
		return checked{}
	}
	x := &expressionChecker{checker: c, source: source.traced(), rule: r}
	tree, err := c.syntax.parse(source.Value)
	if err == nil {
		if n := countNodes(tree); n > MaxNodes {
			c.errorf(source.At, CodeLimit, "the expression has %d parts; at most %d are taken", n, MaxNodes)
			return checked{}
		}
		var typ Type
		if condition {
			typ = x.condition(tree, known)
		} else {
			typ = x.node(tree, known)
		}
		x.chargeExpression()
		return checked{typ: typ, tree: tree, cost: x.cost, lets: x.lets}
	}
	c.incomplete = true
	if !x.recover(known) {
		x.syntaxError(err)
	}
	return checked{}
}

// recover looks at the operands of `and` and `or` one by one after the whole could not be read, so that each of them
// reports its own mistakes. False if each can be read alone.
func (x *expressionChecker) recover(known facts) bool {
	tokens, err := lexer.Lex(file.NewSource(x.source.Value))
	if err != nil {
		return false
	}
	var parts []Scalar
	depth, start := 0, 0
	for _, t := range tokens {
		switch {
		case t.Kind == lexer.Bracket && strings.Contains("([{", t.Value):
			depth++
		case t.Kind == lexer.Bracket:
			depth--
		case t.Kind == lexer.Operator && depth == 0 && (t.Value == "and" || t.Value == "or" || t.Value == "&&" || t.Value == "||"):
			from, to := byteOffset(x.source.Value, t.From), byteOffset(x.source.Value, t.To)
			parts = append(parts, x.source.part(start, from))
			start = to
		}
	}
	if len(parts) == 0 {
		return false
	}
	parts = append(parts, x.source.part(start, len(x.source.Value)))
	failed := false
	for _, part := range parts {
		p := &expressionChecker{checker: x.checker, source: part.traced(), rule: x.rule}
		tree, err := x.syntax.parse(part.Value)
		if err != nil {
			p.syntaxError(err)
			failed = true
			continue
		}
		p.condition(tree, known)
	}
	return failed
}

// syntaxError says in the words of the language what expr's parser found.
func (x *expressionChecker) syntaxError(err error) {
	var e *file.Error
	if !errors.As(err, &e) {
		x.errorf(x.source.At, CodeBadExpression, "this is no expression")
		return
	}
	source := x.source.Value
	offset := byteOffset(source, e.From)
	message := e.Message
	_, token, _ := strings.Cut(message, "unexpected token ")
	word := token
	if i, j := strings.Index(token, `("`), strings.LastIndex(token, `")`); i >= 0 && j > i {
		word = token[i+2 : j]
	}
	switch {
	case strings.TrimSpace(source) == "":
		message = "the expression is empty"
	case strings.HasPrefix(token, "EOF"), strings.Contains(message, "unexpected end of expression"):
		offset, message = len(source), "the expression ends too early"
		if x.source.beforeComment() {
			message += ": YAML takes a # after a space for a comment; put the expression into quotes"
		}
	case token != "" && strings.HasPrefix(strings.TrimSpace(source), "if "):
		message = "there is no `if`; write condition ? value : other value"
	case token != "" && word == "=":
		message = "`=` sets nothing here; write == to compare"
	case token != "" && word == "let":
		message = "`let` cannot stand in an expression; put the named expression under `let:` of the rule"
	case token != "" && (strings.EqualFold(word, "and") || strings.EqualFold(word, "or") || strings.EqualFold(word, "not") || strings.EqualFold(word, "in")):
		message = "`" + word + "` is not expected here; operators are written small: `" + strings.ToLower(word) + "`"
	case token != "" && word == "#":
		if x.missingFunctionBefore(e.From) {
			return
		}
		message = "# stands for an element only inside of any, all, none, filter, map and count"
	case token != "":
		message = "`" + clip(word) + "` is not expected here"
	case strings.Contains(message, "unrecognized character") && strings.ContainsAny(around(source, offset), "“”„«»‘’"):
		message = "this is no straight quote; write \" or '"
	case strings.Contains(message, "unrecognized character"):
		message = "this character cannot stand in an expression"
	case strings.Contains(message, "not terminated"):
		message = "the quote that opens here is not closed"
	case strings.Contains(message, "coalesce expressions"):
		message = "put ?? and what belongs to it into parentheses: (a ?? b) and c"
	case strings.Contains(message, "maximum allowed nodes"):
		x.errorf(x.source.At, CodeLimit, "the expression has too many parts; at most %d are taken", MaxNodes)
		return
	case strings.Contains(message, "expected name"):
		message = "a name is missing after the dot"
	case strings.Contains(message, "wrap predicate"):
		message = "one condition without ; is all that can stand here"
	case strings.Contains(message, "arguments"):
		message = "an argument is missing here"
	case strings.Contains(message, "literal"), strings.Contains(message, "bad number"):
		message = "this is no number"
	case strings.Contains(message, "escape"):
		message = `this is no escape; write \\ for a backslash`
	case strings.Contains(message, "unclosed"), strings.Contains(message, "unexpected"):
		message = "a bracket is missing, or one too many"
	default:
		message = "this is no expression"
	}
	x.errorf(x.source.Place(offset), CodeBadExpression, "%s", message)
}

// missingFunctionBefore reports the function that # stands in, if that does not exist: then the # is not what is wrong.
func (x *expressionChecker) missingFunctionBefore(character int) bool {
	tokens, err := lexer.Lex(file.NewSource(x.source.Value))
	if err != nil {
		return false
	}
	found := false
	for i, t := range tokens {
		if t.From >= character || i+1 == len(tokens) {
			break
		}
		if _, exists := x.functions[t.Value]; t.Kind == lexer.Identifier && tokens[i+1].Value == "(" && !exists {
			x.noFunction(x.source.Place(byteOffset(x.source.Value, t.From)), t.Value)
			found = true
		}
	}
	return found
}

// around returns a few bytes about an offset.
func around(s string, offset int) string { return s[max(offset-4, 0):min(offset+4, len(s))] }

// at returns where a node begins.
func (x *expressionChecker) at(n ast.Node) Position {
	return x.source.Place(byteOffset(x.source.Value, firstRune(n)))
}

// operator returns where the operator, the name of a member or the like of a node stands.
func (x *expressionChecker) operator(n ast.Node) Position {
	return x.source.Place(byteOffset(x.source.Value, n.Location().From))
}

// firstRune is the number of the first character of a node: expr keeps that of its operator.
func firstRune(n ast.Node) int {
	from := n.Location().From
	switch n := n.(type) {
	case *ast.BinaryNode:
		return min(from, firstRune(n.Left))
	case *ast.MemberNode:
		return min(from, firstRune(n.Node))
	case *ast.ChainNode:
		return firstRune(n.Node)
	case *ast.SliceNode:
		return min(from, firstRune(n.Node))
	case *ast.ConditionalNode:
		return firstRune(n.Cond)
	case *ast.CallNode:
		return min(from, firstRune(n.Callee))
	case *ast.UnaryNode:
		// `a not in b` stands as not (a in b), at the operator.
		if n.Operator == "not" {
			return min(from, firstRune(n.Node))
		}
	}
	return from
}

// countNodes counts the parts of an expression.
func countNodes(n ast.Node) int {
	counter := nodeCounter(0)
	ast.Walk(&n, &counter)
	return int(counter)
}

type nodeCounter int

func (c *nodeCounter) Visit(*ast.Node) { *c++ }
