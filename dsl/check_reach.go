package dsl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// reachable warns of rules that can never win, because an earlier one always matches first.
func (c *checker) reachable() {
	open := map[string]*ruleFacts{} // events for which an earlier rule always matches
	shadows := shadows{checker: c, budget: maxComparisons, by: map[int][]shadow{}, numbers: map[string]int{}}
	for _, r := range c.rules {
		if r.broken || len(r.On) == 0 {
			continue
		}
		if first := covered(r, open); first != nil {
			c.warnf(r.At, CodeUnreachable, "this rule is never tried: `%s` on line %d always matches first", clip(first.Name.Value), first.At.Line)
		} else if first := shadows.over(r); first != nil {
			c.warnf(r.At, CodeUnreachable, "this rule never wins: whenever it holds, `%s` on line %d has matched first", clip(first.Name.Value), first.At.Line)
		}
		if !r.unguarded() {
			continue
		}
		shadows.add(r)
		if r.always() {
			for _, on := range r.On {
				if open[on.Value] == nil {
					open[on.Value] = r
				}
			}
		}
	}
}

// covered returns the first of the rules that answer the events of a rule, if there is one for each of them.
func covered(r *ruleFacts, open map[string]*ruleFacts) *ruleFacts {
	var first *ruleFacts
	for _, on := range r.On {
		earlier := open[on.Value]
		if earlier == nil && strings.HasPrefix(on.Value, "/") {
			earlier = open[EventCommand]
		}
		if earlier == nil {
			return nil
		}
		if first == nil {
			first = earlier
		}
	}
	return first
}

// shadows knows the conditions of earlier rules, taken apart into alternatives of parts that must all hold. Texts are
// numbered, so that comparing them costs the same however long they are.
type shadows struct {
	*checker
	by      map[int][]shadow // by a part that the alternative has
	numbers map[string]int
	budget  int
}

// maxComparisons bounds the search for shadowed rules, in comparisons of numbers. What is not looked at is not warned of.
const maxComparisons = 10_000_000

// shadow is an alternative of an earlier rule.
type shadow struct {
	rule  *ruleFacts
	parts []conditionPart
}

// conditionPart is a part of a condition. Calls of has know their words, and comparisons with values know those, so that
// fewer of them can be told from more.
type conditionPart struct {
	key   int   // how it is written; of has without the words, of comparisons without the values
	words []int // in their order, each once
}

// implies tells whether the part b holds wherever a does.
func (s *shadows) implies(a, b conditionPart) bool {
	s.budget--
	if a.key != b.key || len(a.words) > len(b.words) {
		return false
	}
	at := 0
	for _, w := range a.words {
		for at < len(b.words) && b.words[at] < w {
			at++
		}
		if at == len(b.words) || b.words[at] != w {
			s.budget -= at
			return false
		}
	}
	s.budget -= at
	return true
}

func (s *shadows) number(text string) int {
	n, known := s.numbers[text]
	if !known {
		n = len(s.numbers)
		s.numbers[text] = n
	}
	return n
}

func (s *shadows) add(r *ruleFacts) {
	for _, parts := range s.alternatives(r.when.tree, r) {
		s.by[parts[0].key] = append(s.by[parts[0].key], shadow{r, parts})
	}
}

// over returns an earlier rule that holds wherever a rule does, for all its events.
func (s *shadows) over(r *ruleFacts) *ruleFacts {
	alternatives := s.alternatives(r.when.tree, r)
	var first *ruleFacts
	for _, parts := range alternatives {
		found := s.overAlternative(r, parts)
		if found == nil {
			return nil
		}
		if first == nil || found.At.Line > first.At.Line {
			first = found
		}
	}
	return first
}

func (s *shadows) overAlternative(r *ruleFacts, parts []conditionPart) *ruleFacts {
	for _, p := range parts {
		for _, earlier := range s.by[p.key] {
			if s.budget < 0 {
				return nil
			}
			implied := func(e conditionPart) bool {
				return slices.ContainsFunc(parts, func(p conditionPart) bool { return s.implies(p, e) })
			}
			if !slices.ContainsFunc(earlier.parts, func(e conditionPart) bool { return !implied(e) }) && coversEvents(earlier.rule, r) {
				return earlier.rule
			}
		}
	}
	return nil
}

func coversEvents(earlier, later *ruleFacts) bool {
	open := map[string]*ruleFacts{}
	for _, on := range earlier.On {
		open[on.Value] = earlier
	}
	return covered(later, open) != nil
}

// maxAlternatives bounds how far a condition is taken apart.
const maxAlternatives = 20

// alternatives takes a condition apart. It gives none if the condition has names of its own rule, which mean nothing to
// others, or too many alternatives.
func (s *shadows) alternatives(n ast.Node, r *ruleFacts) [][]conditionPart {
	if n == nil || usesOwn(n, r) {
		return nil
	}
	all := s.takeApart(n)
	if len(all) > maxAlternatives {
		return nil
	}
	return all
}

func (s *shadows) takeApart(n ast.Node) [][]conditionPart {
	b, is := n.(*ast.BinaryNode)
	if !is {
		return [][]conditionPart{{s.part(n)}}
	}
	switch b.Operator {
	case "or", "||":
		return append(s.takeApart(b.Left), s.takeApart(b.Right)...)
	case "and", "&&":
		left, right := s.takeApart(b.Left), s.takeApart(b.Right)
		if len(left)*len(right) > maxAlternatives {
			return [][]conditionPart{{s.part(n)}}
		}
		var all [][]conditionPart
		for _, l := range left {
			for _, r := range right {
				all = append(all, slices.Concat(l, r))
			}
		}
		return all
	}
	return [][]conditionPart{{s.part(n)}}
}

func (s *shadows) part(n ast.Node) conditionPart {
	if text, words, is := s.hasCall(n); is {
		return s.partOf("has("+text.String()+")", words)
	}
	if what, values, is := s.oneOf(n); is {
		return s.partOf("one of("+what.String()+")", values)
	}
	return s.partOf(n.String(), nil)
}

func (s *shadows) partOf(key string, words []string) conditionPart {
	p := conditionPart{key: s.number(key), words: make([]int, len(words))}
	for i, w := range words {
		p.words[i] = s.number(w)
	}
	slices.Sort(p.words)
	p.words = slices.Compact(p.words)
	return p
}

// maxRange bounds the ranges of which every number is looked at.
const maxRange = 100

// oneOf takes apart what says that something is one of several values: a comparison, or in with a list or a range.
func (c *checker) oneOf(n ast.Node) (what ast.Node, values []string, ok bool) {
	b, is := n.(*ast.BinaryNode)
	switch {
	case !is:
		return nil, nil, false
	case b.Operator == "==" && isValue(b.Right):
		return b.Left, []string{b.Right.String()}, true
	case b.Operator == "==" && isValue(b.Left):
		return b.Right, []string{b.Left.String()}, true
	case b.Operator != "in":
		return nil, nil, false
	}
	switch list := b.Right.(type) {
	case *ast.ArrayNode:
		for _, item := range list.Nodes {
			if !isValue(item) {
				return nil, nil, false
			}
			values = append(values, item.String())
		}
	case *ast.BinaryNode:
		from, isFrom := list.Left.(*ast.IntegerNode)
		to, isTo := list.Right.(*ast.IntegerNode)
		if list.Operator != ".." || !isFrom || !isTo || to.Value-from.Value >= maxRange {
			return nil, nil, false
		}
		for i := from.Value; i <= to.Value; i++ {
			values = append(values, strconv.Itoa(i))
		}
	case *ast.IdentifierNode:
		named := c.names[list.Value]
		if named == nil || named.list == nil || len(named.list.Words) > maxRange {
			return nil, nil, false
		}
		for _, w := range named.list.Words {
			values = append(values, (&ast.StringNode{Value: w.Value}).String())
		}
	}
	return b.Left, values, len(values) > 0
}

func isValue(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode:
		return true
	default:
		return false
	}
}

// hasCall takes has(text, words...) apart.
func (c *checker) hasCall(n ast.Node) (text ast.Node, words []string, ok bool) {
	call, is := n.(*ast.CallNode)
	if !is || len(call.Arguments) < 2 {
		return nil, nil, false
	}
	if name, is := call.Callee.(*ast.IdentifierNode); !is || name.Value != "has" {
		return nil, nil, false
	}
	for _, arg := range call.Arguments[1:] {
		switch arg := arg.(type) {
		case *ast.StringNode:
			words = append(words, strings.ToLower(arg.Value))
		case *ast.IdentifierNode:
			b := c.names[arg.Value]
			if b == nil || b.list == nil || len(b.list.Words) > 100 {
				return nil, nil, false
			}
			for _, w := range b.list.Words {
				words = append(words, strings.ToLower(w.Value))
			}
		default:
			return nil, nil, false
		}
	}
	return call.Arguments[0], words, true
}

// usesOwn tells whether an expression has names that only its rule knows.
func usesOwn(n ast.Node, r *ruleFacts) bool {
	if len(r.names) == 0 {
		return false
	}
	finder := ownNames{rule: r}
	ast.Walk(&n, &finder)
	return finder.found
}

type ownNames struct {
	rule  *ruleFacts
	found bool
}

func (o *ownNames) Visit(n *ast.Node) {
	if id, is := (*n).(*ast.IdentifierNode); is && o.rule.names[id.Value] != nil {
		o.found = true
	}
}
