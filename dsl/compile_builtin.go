package dsl

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// builtin compiles a call of one of the functions that are expr's own.
func (c *compiling) builtin(n *ast.BuiltinNode) eval {
	f, found := c.functions[n.Name]
	if !found || f.Own {
		c.refuse(n, CodeUnknownName, "there is no function "+n.Name)
	}
	c.countArguments(n, f, len(n.Arguments))
	at := c.at(n)
	if f.Params[0].Kind == KindList && len(f.Params) == 2 && (f.Params[1].Kind == KindTest || f.Params[1].Kind == KindBody) {
		return c.loop(n, at)
	}
	args := make([]eval, len(n.Arguments))
	for i, argument := range n.Arguments {
		args[i] = c.node(argument)
	}
	first := args[0]
	text := func(s *scope) string { return textArgument(s, first, f, at) }
	switch n.Name {
	case "lower":
		return func(s *scope) value { return stringValue(cut(strings.ToLower(text(s)), maxBuiltString)) }
	case "upper":
		return func(s *scope) value { return stringValue(cut(strings.ToUpper(text(s)), maxBuiltString)) }
	case "trim":
		if len(args) == 1 {
			return func(s *scope) value { return stringValue(strings.TrimSpace(text(s))) }
		}
		return func(s *scope) value { return stringValue(strings.Trim(text(s), textArgument(s, args[1], f, at))) }
	case "split":
		return split(args, f, at)
	case "join":
		return join(args, f, at)
	case "len":
		return func(s *scope) value { return length(s, first(s), at) }
	case "int":
		return func(s *scope) value { return toInt(first(s), at) }
	case "float":
		return func(s *scope) value { return toFloat(first(s), at) }
	case "string":
		return func(s *scope) value {
			v := first(s).text(s.program.zone)
			s.spend(1+len(v)/16, at)
			return stringValue(v)
		}
	case "min", "max":
		return extreme(args, f, at)
	case "round":
		return func(s *scope) value { return floatValue(math.Round(numberArgument(first(s), f, at).number())) }
	case "abs":
		return func(s *scope) value {
			v := numberArgument(first(s), f, at)
			switch {
			case v.kind == isInt && v.num < 0:
				return intValue(-v.num)
			case v.kind == isInt:
				return v
			default:
				return floatValue(math.Abs(v.float()))
			}
		}
	case "first":
		return func(s *scope) value { return item(listArgument(first(s), f, at), 0) }
	case "last":
		return func(s *scope) value { return item(listArgument(first(s), f, at), -1) }
	default:
		c.refuse(n, CodeUnknownName, "there is no function "+n.Name)
		return nil
	}
}

func textArgument(s *scope, arg eval, f Function, at spot) string {
	v := arg(s)
	if v.kind != isString {
		panic(fault{at: at, message: f.Name + " needs a text, not " + v.kindName()})
	}
	s.spend(1+len(v.str)/16, at)
	return v.str
}

func numberArgument(v value, f Function, at spot) value {
	if !v.isNumber() {
		panic(fault{at: at, message: f.Name + " needs a number, not " + v.kindName()})
	}
	return v
}

func listArgument(v value, f Function, at spot) []value {
	if v.kind != isList {
		panic(fault{at: at, message: f.Name + " needs a list, not " + v.kindName()})
	}
	return v.list()
}

// mostParts bounds the list that split makes; what is more stays in the last part.
const mostParts = 4096

func split(args []eval, f Function, at spot) eval {
	return func(s *scope) value {
		text, separator, most := textArgument(s, args[0], f, at), textArgument(s, args[1], f, at), -1
		if len(args) == 3 {
			most = int(numberArgument(args[2](s), f, at).number())
		}
		if most < 0 || most > mostParts {
			most = mostParts
		}
		parts := strings.SplitN(text, separator, most)
		s.spend(len(parts), at)
		return stringsValue(parts)
	}
}

func join(args []eval, f Function, at spot) eval {
	return func(s *scope) value {
		items, separator := listArgument(args[0](s), f, at), ""
		if len(args) == 2 {
			separator = textArgument(s, args[1], f, at)
		}
		var b strings.Builder
		for i, item := range items {
			if i > 0 {
				b.WriteString(separator)
			}
			b.WriteString(item.text(s.program.zone))
			if b.Len() > maxBuiltString {
				break
			}
		}
		s.spend(len(items)+b.Len()/16, at)
		return stringValue(cut(b.String(), maxBuiltString))
	}
}

func length(s *scope, v value, at spot) value {
	switch v.kind {
	case isString:
		s.spend(len(v.str)/16, at)
		return intValue(int64(utf8.RuneCountInString(v.str)))
	case isList:
		return intValue(int64(len(v.list())))
	case isMap:
		return intValue(int64(len(v.ref.(map[string]value))))
	default:
		panic(fault{at: at, message: v.kindName() + " has no length"})
	}
}

func toInt(v value, at spot) value {
	switch v.kind {
	case isInt:
		return v
	case isFloat:
		return intValue(nearestInt(v.float()))
	case isString:
		n, err := strconv.ParseInt(strings.TrimSpace(v.str), 10, 64)
		if err != nil {
			return nilValue
		}
		return intValue(n)
	case isNil:
		return nilValue
	default:
		panic(fault{at: at, message: v.kindName() + " is no number"})
	}
}

// nearestInt cuts the fraction off. What is too large becomes the largest number, and what is none, such as 0 / 0, becomes 0:
// int of a number is never nil, which the checker relies on.
func nearestInt(f float64) int64 {
	switch {
	case f >= 1<<63:
		return math.MaxInt64
	case f <= -1<<63:
		return math.MinInt64
	case math.IsNaN(f):
		return 0
	}
	return int64(f)
}

func toFloat(v value, at spot) value {
	switch v.kind {
	case isInt, isFloat:
		return floatValue(v.number())
	case isString:
		f, err := strconv.ParseFloat(strings.TrimSpace(v.str), 64)
		if err != nil {
			return nilValue
		}
		return floatValue(f)
	case isNil:
		return nilValue
	default:
		panic(fault{at: at, message: v.kindName() + " is no number"})
	}
}

// extreme compiles min and max.
func extreme(args []eval, f Function, at spot) eval {
	sign := -1
	if f.Name == "max" {
		sign = 1
	}
	return func(s *scope) value {
		best := numberArgument(args[0](s), f, at)
		for _, arg := range args[1:] {
			v := numberArgument(arg(s), f, at)
			if order, _ := v.compare(best); order == sign {
				best = v
			}
		}
		return best
	}
}

// loop compiles the functions that go through a list.
func (c *compiling) loop(n *ast.BuiltinNode, at spot) eval {
	f := c.functions[n.Name]
	list := c.node(n.Arguments[0])
	body := func(s *scope) value { return s.items[len(s.items)-1].value }
	if len(n.Arguments) == 2 {
		predicate, is := n.Arguments[1].(*ast.PredicateNode)
		if !is {
			c.refuse(n, CodeWrongType, "this is called as "+f.Signature())
		}
		c.depth++
		body = c.node(predicate.Node)
		c.depth--
	}
	// each calls visit with what body makes of every element, until that returns false.
	each := func(s *scope, visit func(item, result value) bool) {
		items := listArgument(list(s), f, at)
		s.items = append(s.items, element{})
		place := len(s.items) - 1
		for i, item := range items {
			s.spend(1, at)
			s.items[place] = element{value: item, index: i}
			if !visit(item, body(s)) {
				break
			}
		}
		s.items = s.items[:place]
	}
	// quantify looks for an element whose test comes out as wanted.
	quantify := func(wanted, found bool) eval {
		return func(s *scope) value {
			out := !found
			each(s, func(_, result value) bool {
				if s.holds(result, at) == wanted {
					out = found
				}
				return out != found
			})
			return boolValue(out)
		}
	}
	switch n.Name {
	case "any":
		return quantify(true, true)
	case "all":
		return quantify(false, false)
	case "none":
		return quantify(true, false)
	case "count":
		return func(s *scope) value {
			count := int64(0)
			each(s, func(_, result value) bool {
				if s.holds(result, at) {
					count++
				}
				return true
			})
			return intValue(count)
		}
	case "filter":
		return func(s *scope) value {
			kept := []value{}
			each(s, func(item, result value) bool {
				if s.holds(result, at) {
					kept = append(kept, item)
				}
				return true
			})
			return listValue(&kept)
		}
	default: // map
		return func(s *scope) value {
			made := []value{}
			each(s, func(_, result value) bool {
				made = append(made, result)
				return true
			})
			return listValue(&made)
		}
	}
}
