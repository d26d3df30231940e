package dsl

import "github.com/expr-lang/expr/ast"

// facts are what is sure at a place of an expression: names and members that are not nil there.
type facts []string

func (f facts) has(path string) bool {
	for _, p := range f {
		if p == path {
			return true
		}
	}
	return false
}

func (f facts) with(more facts) facts {
	if len(more) == 0 {
		return f
	}
	return append(f[:len(f):len(f)], more...)
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
		if b := c.lookup(n.Value, r); b != nil && b.let != nil && b.state == done && b.checked.tree != nil {
			if p := c.path(b.checked.tree, b.rule); p != "" {
				return p
			}
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

// paths returns the path of a node and those of everything before its dots: a?.b is not nil only if a is not.
func (c *checker) paths(n ast.Node, r *ruleFacts) facts {
	var all facts
	for {
		if p := c.path(n, r); p != "" {
			all = append(all, p)
		}
		switch m := n.(type) {
		case *ast.ChainNode:
			n = m.Node
		case *ast.MemberNode:
			n = m.Node
		case *ast.IdentifierNode:
			if b := c.lookup(m.Value, r); b != nil && b.let != nil && b.state == done && b.checked.tree != nil {
				if c.path(b.checked.tree, b.rule) != "" && b.checked.tree != n {
					n, r = b.checked.tree, b.rule
					continue
				}
			}
			return all
		default:
			return all
		}
	}
}

// narrow returns what is sure once a condition came out as wanted. depth guards against definitions in a circle, which
// are reported elsewhere.
func (c *checker) narrow(n ast.Node, wanted bool, r *ruleFacts, seen []*binding) facts {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		b := c.lookup(n.Value, r)
		if b == nil || b.let == nil || b.state != done || b.checked.tree == nil {
			return nil
		}
		for _, s := range seen {
			if s == b {
				return nil
			}
		}
		return c.narrow(b.checked.tree, wanted, b.rule, append(seen, b))
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return c.narrow(n.Node, !wanted, r, seen)
		}
	case *ast.BinaryNode:
		return c.narrowBinary(n, wanted, r, seen)
	}
	return nil
}

func (c *checker) narrowBinary(n *ast.BinaryNode, wanted bool, r *ruleFacts, seen []*binding) facts {
	switch op := n.Operator; op {
	case "and", "&&", "or", "||":
		left, right := c.narrow(n.Left, wanted, r, seen), c.narrow(n.Right, wanted, r, seen)
		if (op == "and" || op == "&&") == wanted {
			return left.with(right)
		}
		return left.both(right)
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
