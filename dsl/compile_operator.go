package dsl

import (
	"math"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func (c *compiling) unary(n *ast.UnaryNode) eval {
	if v, is := literal(n); is {
		return always(v)
	}
	inner, at := c.node(n.Node), c.at(n)
	switch n.Operator {
	case "not", "!":
		return func(s *scope) value { return boolValue(!s.holds(inner(s), at)) }
	case "-":
		return func(s *scope) value {
			switch v := inner(s); v.kind {
			case isInt:
				return intValue(-v.num)
			case isFloat:
				return floatValue(-v.float())
			default:
				panic(fault{at: at, message: "there is no minus of " + v.kindName()})
			}
		}
	case "+":
		return func(s *scope) value {
			v := inner(s)
			if !v.isNumber() {
				panic(fault{at: at, message: v.kindName() + " is no number"})
			}
			return v
		}
	default:
		c.refuse(n, CodeWrongType, "there is no operator "+n.Operator)
		return nil
	}
}

func (c *compiling) binary(n *ast.BinaryNode) eval {
	switch n.Operator {
	case "and", "&&":
		left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
		return func(s *scope) value { return boolValue(s.holds(left(s), at) && s.holds(right(s), at)) }
	case "or", "||":
		left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
		return func(s *scope) value { return boolValue(s.holds(left(s), at) || s.holds(right(s), at)) }
	case "??":
		left, right := c.node(n.Left), c.node(n.Right)
		return func(s *scope) value {
			if v := left(s); v.kind != isNil && v.kind != isSkipped {
				return v
			}
			return right(s)
		}
	case "==", "!=":
		return c.equality(n)
	case "<", ">", "<=", ">=":
		return c.order(n)
	case "in":
		return c.in(n)
	case "matches":
		re := c.pattern(n.Right)
		return c.textTest(n, func(text string) bool { return re.MatchString(text) })
	case "contains", "startsWith", "endsWith":
		return c.textPair(n)
	case "+", "-", "*", "/", "%", "**", "^":
		return c.arithmetic(n)
	case "..":
		return c.span(n)
	default:
		c.refuse(n, CodeWrongType, "there is no operator "+n.Operator)
		return nil
	}
}

func (c *compiling) equality(n *ast.BinaryNode) eval {
	wanted := n.Operator == "=="
	left := c.node(n.Left)
	if v, isLiteral := literal(n.Right); isLiteral {
		if v.kind == isString {
			want := v.str
			return func(s *scope) value {
				got := left(s)
				return boolValue((got.kind == isString && got.str == want) == wanted)
			}
		}
		return func(s *scope) value { return boolValue(left(s).equal(v) == wanted) }
	}
	right := c.node(n.Right)
	return func(s *scope) value { return boolValue(left(s).equal(right(s)) == wanted) }
}

func (c *compiling) order(n *ast.BinaryNode) eval {
	left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
	compare := func(s *scope) int {
		a, b := left(s), right(s)
		order, ok := a.compare(b)
		if !ok {
			panic(fault{at: at, message: a.kindName() + " and " + b.kindName() + " have no order"})
		}
		return order
	}
	switch n.Operator {
	case "<":
		return func(s *scope) value { return boolValue(compare(s) < 0) }
	case ">":
		return func(s *scope) value { return boolValue(compare(s) == 1) }
	case "<=":
		return func(s *scope) value { return boolValue(compare(s) <= 0) }
	default:
		return func(s *scope) value {
			order := compare(s)
			return boolValue(order == 0 || order == 1)
		}
	}
}

// in looks for elements of lists, keys of maps, and numbers between two others.
func (c *compiling) in(n *ast.BinaryNode) eval {
	left, at := c.node(n.Left), c.at(n)
	if span, isSpan := n.Right.(*ast.BinaryNode); isSpan && span.Operator == ".." {
		from, to := c.node(span.Left), c.node(span.Right)
		return func(s *scope) value {
			v, lo, hi := left(s), from(s), to(s)
			if !lo.isNumber() || !hi.isNumber() {
				panic(fault{at: at, message: "the ends of a range are numbers"})
			}
			return boolValue(v.isNumber() && v.number() == math.Trunc(v.number()) &&
				v.number() >= math.Trunc(lo.number()) && v.number() <= math.Trunc(hi.number()))
		}
	}
	right := c.node(n.Right)
	return func(s *scope) value {
		v, where := left(s), right(s)
		switch where.kind {
		case isList:
			items := where.list()
			s.spend(len(items)/16, at)
			for i := range items {
				if items[i].equal(v) {
					return boolValue(true)
				}
			}
			return boolValue(false)
		case isMap:
			_, found := where.ref.(map[string]value)[v.str]
			return boolValue(found && v.kind == isString)
		case isNil:
			return boolValue(false)
		default:
			panic(fault{at: at, message: "nothing is in " + where.kindName()})
		}
	}
}

// textTest tries one text. What is nil passes no test.
func (c *compiling) textTest(n *ast.BinaryNode, test func(string) bool) eval {
	left, at := c.node(n.Left), c.at(n)
	return func(s *scope) value {
		v := left(s)
		switch v.kind {
		case isString:
			s.spend(len(v.str)/16, at)
			return boolValue(test(v.str))
		case isNil:
			return boolValue(false)
		default:
			panic(fault{at: at, message: v.kindName() + " is no text"})
		}
	}
}

func (c *compiling) textPair(n *ast.BinaryNode) eval {
	test := strings.Contains
	switch n.Operator {
	case "startsWith":
		test = strings.HasPrefix
	case "endsWith":
		test = strings.HasSuffix
	}
	if v, isLiteral := literal(n.Right); isLiteral && v.kind == isString {
		return c.textTest(n, func(text string) bool { return test(text, v.str) })
	}
	left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
	return func(s *scope) value {
		a, b := left(s), right(s)
		switch {
		case a.kind == isNil || b.kind == isNil:
			return boolValue(false)
		case a.kind != isString || b.kind != isString:
			panic(fault{at: at, message: "only texts have parts to look for"})
		}
		s.spend(len(a.str)/16, at)
		return boolValue(test(a.str, b.str))
	}
}

func (c *compiling) arithmetic(n *ast.BinaryNode) eval {
	left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
	wrong := func(a, b value) fault {
		return fault{at: at, message: a.kindName() + " " + n.Operator + " " + b.kindName() + " is not defined"}
	}
	numbers := func(whole func(a, b int64) int64, broken func(a, b float64) float64) eval {
		return func(s *scope) value {
			a, b := left(s), right(s)
			switch {
			case a.kind == isInt && b.kind == isInt && whole != nil:
				return intValue(whole(a.num, b.num))
			case a.isNumber() && b.isNumber():
				return floatValue(broken(a.number(), b.number()))
			default:
				panic(wrong(a, b))
			}
		}
	}
	switch n.Operator {
	case "+":
		return func(s *scope) value {
			a, b := left(s), right(s)
			switch {
			case a.kind == isString && b.kind == isString:
				s.spend((len(a.str)+len(b.str))/16, at)
				return stringValue(cut(a.str+b.str, maxBuiltString))
			case a.kind == isInt && b.kind == isInt:
				return intValue(a.num + b.num)
			case a.isNumber() && b.isNumber():
				return floatValue(a.number() + b.number())
			default:
				panic(wrong(a, b))
			}
		}
	case "-":
		return numbers(func(a, b int64) int64 { return a - b }, func(a, b float64) float64 { return a - b })
	case "*":
		return numbers(func(a, b int64) int64 { return a * b }, func(a, b float64) float64 { return a * b })
	case "/":
		return numbers(nil, func(a, b float64) float64 { return a / b })
	case "%":
		return func(s *scope) value {
			a, b := left(s), right(s)
			if a.kind != isInt || b.kind != isInt {
				panic(wrong(a, b))
			}
			if b.num == 0 {
				panic(fault{at: at, message: "there is no remainder of a division by 0"})
			}
			return intValue(a.num % b.num)
		}
	default:
		return numbers(nil, math.Pow)
	}
}

func (c *compiling) span(n *ast.BinaryNode) eval {
	left, right, at := c.node(n.Left), c.node(n.Right), c.at(n)
	return func(s *scope) value {
		a, b := left(s), right(s)
		if !a.isNumber() || !b.isNumber() {
			panic(fault{at: at, message: "the ends of a range are numbers"})
		}
		from, to := int64(a.number()), int64(b.number())
		if to < from {
			return listValue(&[]value{})
		}
		if to-from >= maxList || to-from < 0 {
			panic(fault{at: at, message: "this range is too long"})
		}
		s.spend(int(to-from), at)
		items := make([]value, 0, to-from+1)
		for i := from; i <= to; i++ {
			items = append(items, intValue(i))
		}
		return listValue(&items)
	}
}
