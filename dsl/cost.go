package dsl

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// expense is what one expression can cost.
type expense struct {
	at     Position
	cost   int
	source string
}

// add and mul stop at the largest number instead of beginning anew.
func add(a, b int) int {
	if a > math.MaxInt/4-b {
		return math.MaxInt / 4
	}
	return a + b
}

func mul(a, b int) int {
	if a > 0 && b > math.MaxInt/4/a {
		return math.MaxInt / 4
	}
	return a * b
}

func (x *expressionChecker) spend(cost int) { x.cost = add(x.cost, cost) }

// spendBytes charges for so many bytes that are looked at, a block of them at a time.
func (x *expressionChecker) spendBytes(bytes, block int) { x.spend((bytes + block - 1) / block) }

// built bounds what an expression builds.
func (x *expressionChecker) built(n ast.Node, t Type) Type {
	size := t.Size
	if t.Kind == KindList {
		size = listBytes(t)
	}
	if size > maxBuiltString {
		x.errorf(x.at(n), CodeCost, "this can build %s of text; at most %d KiB are taken", amount(size), maxBuiltString>>10)
		if t.Kind == KindString {
			t.Size = maxBuiltString
		} else {
			t.Total = maxBuiltString
		}
	}
	return t
}

func amount(bytes int) string {
	switch {
	case bytes >= 1<<40:
		return "more than a terabyte"
	case bytes >= 1<<20:
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// listBytes is the largest number of bytes of all strings of a list together.
func listBytes(t Type) int {
	if t.Elem == nil || t.Elem.Kind != KindString {
		return 0
	}
	all := mul(t.Size, t.Elem.Size)
	if t.Total > 0 {
		return min(all, t.Total)
	}
	return all
}

// chargeExpression notes what the expression costs, and refuses one that is too dear.
func (x *expressionChecker) chargeExpression() {
	x.spent = append(x.spent, expense{at: x.source.At, cost: x.cost, source: x.source.Value})
	if x.cost > MaxExpressionCost {
		x.dear = true
		x.errorf(x.source.At, CodeCost, "this expression can take %s steps for one update; at most %d are allowed",
			steps(x.cost), MaxExpressionCost)
	}
	if x.rule != nil {
		x.rule.spent = append(x.rule.spent, x.spent[len(x.spent)-1])
		x.rule.used = append(x.rule.used, x.lets...)
	}
}

func steps(cost int) string {
	if cost >= math.MaxInt/4 {
		return "countless"
	}
	return fmt.Sprint(cost)
}

// ruleCost adds up what a rule can cost: its own expressions, and once each named expression that they use.
func (c *checker) ruleCost(r *ruleFacts) {
	total := 0
	for _, e := range r.spent {
		total = add(total, e.cost)
	}
	seen := map[*binding]bool{}
	var visit func(all []*binding)
	visit = func(all []*binding) {
		for _, b := range all {
			if seen[b] {
				continue
			}
			seen[b] = true
			if b.rule == nil { // those of the rule are among its own expressions
				total = add(total, b.checked.cost)
			}
			visit(b.checked.lets)
		}
	}
	visit(r.used)
	if total > MaxRuleCost && !c.dear {
		c.dear = true
		c.errorf(r.At, CodeCost, "this rule can take %s steps for one update; at most %d are allowed. The dearest: %s",
			steps(total), MaxRuleCost, dearest(r.spent))
	}
}

// totalCost adds up all expressions of the file: in the worst case each is evaluated once for an update.
func (c *checker) totalCost() {
	total := mul(bytesOf(MaxText), c.functions["has"].Cost.PerByte) / 64 // the text is cut into words once
	for _, e := range c.spent {
		total = add(total, e.cost)
	}
	if total > MaxFileCost && !c.dear {
		c.errorf(Position{1, 1}, CodeCost, "the file can take %s steps for one update; at most %d are allowed. The dearest: %s",
			steps(total), MaxFileCost, dearest(c.spent))
	}
}

// dearest names the places that cost most.
func dearest(all []expense) string {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b expense) int { return b.cost - a.cost })
	var names []string
	for _, e := range all[:min(3, len(all))] {
		names = append(names, fmt.Sprintf("line %d (%s)", e.at.Line, steps(e.cost)))
	}
	return strings.Join(names, ", ")
}
