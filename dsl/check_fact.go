package dsl

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// facts are what is sure at a place of an expression: names and members that are not nil there, in their order.
type facts []string

func (f facts) has(path string) bool {
	_, found := slices.BinarySearch(f, path)
	return found
}

func (f facts) with(more facts) facts {
	switch {
	case f.all(more):
		return f
	case len(f) == 0:
		return more
	}
	joined := slices.Concat(f, more)
	slices.Sort(joined)
	return slices.Compact(joined)
}

// all tells whether all others are among the facts.
func (f facts) all(others facts) bool {
	at := 0
	for _, p := range others {
		for at < len(f) && f[at] < p {
			at++
		}
		if at == len(f) || f[at] != p {
			return false
		}
	}
	return true
}

func (f facts) both(g facts) facts {
	var common facts
	for _, p := range f {
		if g.has(p) {
			common = append(common, p)
		}
	}
	return common
}

// path names what a node reads, such as user.phone, if it is a name or a member of one. A named expression that is only
// another name for something has the path of that.
func (c *checker) path(n ast.Node, r *ruleFacts) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if b := c.checkedLet(n.Value, r); b != nil && c.alias(b) != "" {
			return b.alias
		}
		return n.Value
	case *ast.ChainNode:
		return c.path(n.Node, r)
	case *ast.MemberNode:
		name, isName := n.Property.(*ast.StringNode)
		if base := c.path(n.Node, r); isName && base != "" {
			return base + "." + name.Value
		}
	}
	return ""
}

// checkedLet finds a named expression that was checked and has no fault.
func (c *checker) checkedLet(name string, r *ruleFacts) *binding {
	if b := c.lookup(name, r); b != nil && b.let != nil && b.state == done && b.checked.tree != nil {
		return b
	}
	return nil
}

// alias is the path of a named expression that is only another name for something, with aliasPaths; empty if it is not.
// It is found once: names of names of names would cost too much. So are the facts of narrow. A definition in a circle, which
// is reported elsewhere, finds what is empty yet.
func (c *checker) alias(b *binding) string {
	if !b.followed {
		b.followed = true
		if b.alias = c.path(b.checked.tree, b.rule); b.alias != "" {
			b.aliasPaths = c.paths(b.checked.tree, b.rule)
		}
	}
	return b.alias
}

// paths returns the path of a node and those of everything before its dots: a?.b is not nil only if a is not.
func (c *checker) paths(n ast.Node, r *ruleFacts) facts {
	switch n := n.(type) {
	case *ast.ChainNode:
		return c.paths(n.Node, r)
	case *ast.MemberNode:
		before := c.paths(n.Node, r)
		if p := c.path(n, r); p != "" {
			return before.with(facts{p})
		}
		return before
	case *ast.IdentifierNode:
		if b := c.checkedLet(n.Value, r); b != nil && c.alias(b) != "" {
			return b.aliasPaths
		}
		return facts{n.Value}
	}
	return nil
}

// narrowed is a part of a condition that came out in a certain way. Each part of a long one asks for all before it.
type narrowed struct {
	node   *ast.BinaryNode
	wanted bool
}

// narrow returns what is sure once a condition came out as wanted.
func (c *checker) narrow(n ast.Node, wanted bool, r *ruleFacts) facts {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		b := c.checkedLet(n.Value, r)
		if b == nil {
			return nil
		}
		sure := &b.sureIf[0]
		if wanted {
			sure = &b.sureIf[1]
		}
		if !sure.known {
			sure.known = true
			sure.facts = c.narrow(b.checked.tree, wanted, b.rule)
		}
		return sure.facts
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return c.narrow(n.Node, !wanted, r)
		}
	case *ast.BinaryNode:
		return c.narrowBinary(n, wanted, r)
	}
	return nil
}

func (c *checker) narrowBinary(n *ast.BinaryNode, wanted bool, r *ruleFacts) facts {
	switch op := n.Operator; op {
	case "and", "&&", "or", "||":
		key := narrowed{n, wanted}
		sure, known := c.narrowed[key]
		if !known {
			if left, right := c.narrow(n.Left, wanted, r), c.narrow(n.Right, wanted, r); (op == "and" || op == "&&") == wanted {
				sure = left.with(right)
			} else {
				sure = left.both(right)
			}
			c.narrowed[key] = sure
		}
		return sure
	case "==", "!=":
		if (op == "==") == wanted { // they are equal
			var f facts
			if !canBeNil(n.Right) {
				f = f.with(c.presentIf(n.Left, n.Right, false, r))
			}
			if !canBeNil(n.Left) {
				f = f.with(c.presentIf(n.Right, n.Left, false, r))
			}
			return f
		}
		if isNilNode(n.Right) {
			return c.paths(n.Left, r)
		}
		if isNilNode(n.Left) {
			return c.paths(n.Right, r)
		}
		return c.presentIf(n.Left, n.Right, true, r).with(c.presentIf(n.Right, n.Left, true, r))
	case "in":
		if wanted {
			return c.paths(n.Left, r)
		}
	}
	return nil
}

// presentIf returns what is sure about one side of a comparison with something that is not nil. differs: they are not
// equal, which says something only of `a ?? b` that is not b.
func (c *checker) presentIf(side, other ast.Node, differs bool, r *ruleFacts) facts {
	coalesce, is := side.(*ast.BinaryNode)
	if !is || coalesce.Operator != "??" {
		if differs {
			return nil
		}
		return c.paths(side, r)
	}
	a, isA := coalesce.Right.(*ast.StringNode)
	b, isB := other.(*ast.StringNode)
	if isA && isB && (a.Value == b.Value) == differs {
		return c.paths(coalesce.Left, r)
	}
	return nil
}

func isNilNode(n ast.Node) bool {
	_, is := n.(*ast.NilNode)
	return is
}

// canBeNil tells whether a node is anything but a value that is written out.
func canBeNil(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return false
	}
	return true
}
