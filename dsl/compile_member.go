package dsl

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

func (c *compiling) member(n *ast.MemberNode) eval {
	if direct := c.directMember(n); direct != nil {
		return direct
	}
	base, at := c.node(n.Node), c.at(n)
	if name, isName := n.Property.(*ast.StringNode); isName {
		return func(s *scope) value { return s.member(base(s), name.Value, n.Optional, at) }
	}
	key := c.node(n.Property)
	return func(s *scope) value {
		b := base(s)
		switch b.kind {
		case isNil:
			if n.Optional {
				return value{kind: isSkipped}
			}
			panic(fault{at: at, message: "nil has no elements"})
		case isSkipped:
			return b
		}
		k := key(s)
		if k.kind == isString {
			return s.member(b, k.str, n.Optional, at)
		}
		if b.kind == isList && k.isNumber() {
			return item(b.list(), int(k.number()))
		}
		if b.kind == isString && k.isNumber() {
			runes := []rune(b.str)
			i := int(k.number())
			if i < 0 {
				i += len(runes)
			}
			if i < 0 || i >= len(runes) {
				return nilValue
			}
			return stringValue(string(runes[i]))
		}
		panic(fault{at: at, message: b.kindName() + " has no element " + k.literal(s.program.zone, maxShown)})
	}
}

// directMember reads user.lang and user.fields.order without making a user.
func (c *compiling) directMember(n *ast.MemberNode) eval {
	name, isName := n.Property.(*ast.StringNode)
	if !isName {
		return nil
	}
	if inner, nested := n.Node.(*ast.MemberNode); nested {
		if o := c.objectOf(inner.Node); o != nil && o.name == "user" {
			if p, ok := inner.Property.(*ast.StringNode); ok && p.Value == "fields" {
				return func(s *scope) value { return s.field(name.Value) }
			}
		}
		return nil
	}
	o := c.objectOf(n.Node)
	if o == nil {
		return nil
	}
	read, found := o.members[name.Value]
	if !found {
		c.refuse(n, CodeUnknownName, o.name+" has no field "+name.Value)
	}
	if o.absent == nil {
		return read
	}
	at := c.at(n)
	return func(s *scope) value {
		if !o.absent(s) {
			return read(s)
		}
		if n.Optional {
			return value{kind: isSkipped}
		}
		panic(fault{at: at, message: o.name + " is nil and has no " + name.Value})
	}
}

// objectOf returns the object that a node names, if it is not hidden by another name.
func (c *compiling) objectOf(n ast.Node) *entity {
	id, isName := n.(*ast.IdentifierNode)
	if !isName || c.isDefined(id.Value) {
		return nil
	}
	return c.objects[id.Value]
}

func (c *compiling) isDefined(name string) bool {
	if slices.ContainsFunc(c.locals, func(l local) bool { return l.name == name }) {
		return true
	}
	_, ofRule := c.lets[name]
	_, ofFile := c.fileLets[name]
	_, isList := c.lists[name]
	return ofRule || ofFile || isList
}

func (s *scope) member(b value, name string, optional bool, at spot) value {
	switch b.kind {
	case isMap:
		return b.ref.(map[string]value)[name]
	case isObject:
		o := b.ref.(*entity)
		if read, found := o.members[name]; found {
			return read(s)
		}
		return nilValue
	case isNil:
		if optional {
			return value{kind: isSkipped}
		}
		panic(fault{at: at, message: "nil has no " + name})
	case isSkipped:
		return b
	default:
		panic(fault{at: at, message: b.kindName() + " has no " + name})
	}
}

// item returns an element, counted from the end if negative, and nil where there is none.
func item(items []value, i int) value {
	if i < 0 {
		i += len(items)
	}
	if i < 0 || i >= len(items) {
		return nilValue
	}
	return items[i]
}

// slice cuts lists by elements and texts by characters.
func (c *compiling) slice(n *ast.SliceNode) eval {
	base, at := c.node(n.Node), c.at(n)
	from, to := always(nilValue), always(nilValue)
	if n.From != nil {
		from = c.node(n.From)
	}
	if n.To != nil {
		to = c.node(n.To)
	}
	return func(s *scope) value {
		b, lo, hi := base(s), from(s), to(s)
		switch b.kind {
		case isList:
			items := b.list()
			i, j := bounds(len(items), lo, hi)
			part := items[i:j]
			return listValue(&part)
		case isString:
			s.spend(len(b.str), at)
			runes := []rune(b.str)
			i, j := bounds(len(runes), lo, hi)
			return stringValue(string(runes[i:j]))
		case isSkipped:
			return b
		default:
			panic(fault{at: at, message: b.kindName() + " has no parts"})
		}
	}
}

func bounds(length int, from, to value) (i, j int) {
	j = length
	if from.isNumber() {
		i = int(from.number())
	}
	if to.isNumber() {
		j = int(to.number())
	}
	if i < 0 {
		i += length
	}
	if j < 0 {
		j += length
	}
	i, j = min(max(i, 0), length), min(max(j, 0), length)
	return min(i, j), j
}
