package dsl

import (
	"errors"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// eval is a compiled expression. It reports what cannot go on by a fault.
type eval func(*scope) value

// expressions compiles the expressions that see the same names: those of the file, or those of one rule.
//
// expr's parser makes the trees; what they mean is compiled here, into functions that call one another. So the values
// of an update are read without reflection, named expressions are evaluated when they are asked for, the size of what is
// built is bounded, and an explanation can see the value of every part.
type expressions struct {
	*compiler
	lets map[string]int // by name, the place of the value in a scope
}

// compiling is one expression on its way.
type compiling struct {
	expressions
	source Scalar
	locals []local // that are visible
	depth  int     // of lists gone through around this place
}

type local struct {
	name string
	slot int
}

// refusal is the end of a compilation, thrown where it is found.
type refusal struct {
	at      spot
	code    Code
	message string
}

// compile turns a source into a function. The second result is its tree, for the index.
func (x expressions) compile(source Scalar) (compiled eval, tree ast.Node, ok bool) {
	tree, err := x.syntax.parse(source.Value)
	if err != nil {
		at := source.At
		var e *file.Error
		message := "this is no expression"
		if errors.As(err, &e) {
			at, message = source.Place(byteOffset(source.Value, e.From)), e.Message
		}
		x.errorf(at, CodeWrongType, "%s", message)
		return nil, nil, false
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			r, mine := thrown.(refusal)
			if !mine {
				panic(thrown)
			}
			x.errorf(r.at.position(), r.code, "%s", r.message)
			compiled, ok = nil, false
		}
	}()
	c := &compiling{expressions: x, source: source}
	return c.node(tree), tree, true
}

// byteOffset turns a number of characters into one of bytes.
func byteOffset(s string, characters int) int {
	for i := range s {
		if characters == 0 {
			return i
		}
		characters--
	}
	return len(s)
}

// spot is a place in an expression. Where that is in the file takes looking, so that only faults look.
type spot struct {
	source *Scalar
	offset int // in characters
}

func (s spot) position() Position {
	if s.source == nil {
		return Position{}
	}
	return s.source.Place(byteOffset(s.source.Value, s.offset))
}

func (c *compiling) at(n ast.Node) spot {
	return spot{source: &c.source, offset: n.Location().From}
}

func (c *compiling) refuse(n ast.Node, code Code, message string) {
	panic(refusal{at: c.at(n), code: code, message: message})
}

// node compiles one node. In a program that explains, each value is noted on its way.
func (c *compiling) node(n ast.Node) eval {
	if !c.explains || c.depth > 0 || isLiteral(n) {
		return c.bare(n)
	}
	number := len(c.parts)
	c.parts = append(c.parts, part{source: n.String(), at: spot{source: &c.source, offset: leftmost(n)}.position()})
	inner := c.bare(n)
	return func(s *scope) value {
		v := inner(s)
		if s.shown != nil {
			s.shown[number] = v
		}
		return v
	}
}

// leftmost returns where an expression begins; operators say where they are themselves.
func leftmost(n ast.Node) int {
	switch n := n.(type) {
	case *ast.BinaryNode:
		return leftmost(n.Left)
	case *ast.MemberNode:
		return leftmost(n.Node)
	case *ast.ChainNode:
		return leftmost(n.Node)
	case *ast.SliceNode:
		return leftmost(n.Node)
	case *ast.ConditionalNode:
		return leftmost(n.Cond)
	default:
		return n.Location().From
	}
}

func isLiteral(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.PredicateNode, *ast.PairNode:
		return true
	case *ast.ArrayNode:
		return !slices.ContainsFunc(n.Nodes, func(n ast.Node) bool { return !isLiteral(n) })
	default:
		return false
	}
}

func (c *compiling) bare(n ast.Node) eval {
	switch n := n.(type) {
	case *ast.NilNode:
		return always(nilValue)
	case *ast.IntegerNode:
		return always(intValue(int64(n.Value)))
	case *ast.FloatNode:
		return always(floatValue(n.Value))
	case *ast.BoolNode:
		return always(boolValue(n.Value))
	case *ast.StringNode:
		return always(stringValue(n.Value))
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ChainNode:
		return c.chain(n)
	case *ast.MemberNode:
		return c.member(n)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.VariableDeclaratorNode:
		return c.variable(n)
	case *ast.SequenceNode:
		return c.sequence(n)
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.MapNode:
		return c.mapping(n)
	default:
		c.refuse(n, CodeWrongType, "the language has no such expression")
		return nil
	}
}

func always(v value) eval { return func(*scope) value { return v } }

func (c *compiling) identifier(n *ast.IdentifierNode) eval {
	for i := len(c.locals) - 1; i >= 0; i-- {
		if c.locals[i].name == n.Value {
			slot := c.locals[i].slot
			return func(s *scope) value { return s.locals[slot] }
		}
	}
	if slot, found := c.lets[n.Value]; found {
		return c.let(slot)
	}
	if slot, found := c.fileLets[n.Value]; found {
		return c.let(slot)
	}
	if words, found := c.lists[n.Value]; found {
		return always(words)
	}
	if read, found := c.inputs[n.Value]; found {
		return read
	}
	if o, found := c.objects[n.Value]; found {
		return o.value
	}
	c.refuse(n, CodeUnknownName, "there is no "+n.Value)
	return nil
}

// let reads a named expression, which is evaluated the first time that somebody asks.
func (c *compiling) let(slot int) eval {
	compiled := c.letExpressions[slot]
	return func(s *scope) value {
		if l := &s.lets[slot]; l.known {
			return l.value
		} else if l.running {
			panic(fault{message: "this needs its own value"})
		}
		s.lets[slot].running = true
		v := (*compiled)(s)
		s.lets[slot] = lazy{value: v, known: true}
		return v
	}
}

func (c *compiling) chain(n *ast.ChainNode) eval {
	inner := c.node(n.Node)
	return func(s *scope) value {
		if v := inner(s); v.kind != isSkipped {
			return v
		}
		return nilValue
	}
}

func (c *compiling) pointer(n *ast.PointerNode) eval {
	if c.depth == 0 {
		c.refuse(n, CodeUnknownName, "# stands for an element only inside of any, all, none, filter, map and count")
	}
	switch n.Name {
	case "":
		return func(s *scope) value { return s.items[len(s.items)-1].value }
	case "index":
		return func(s *scope) value { return intValue(int64(s.items[len(s.items)-1].index)) }
	default:
		c.refuse(n, CodeUnknownName, "there is no #"+n.Name)
		return nil
	}
}

func (c *compiling) conditional(n *ast.ConditionalNode) eval {
	test, then, otherwise, at := c.node(n.Cond), c.node(n.Exp1), c.node(n.Exp2), c.at(n)
	return func(s *scope) value {
		if s.holds(test(s), at) {
			return then(s)
		}
		return otherwise(s)
	}
}

func (c *compiling) variable(n *ast.VariableDeclaratorNode) eval {
	assigned := c.node(n.Value)
	slot := c.nextLocal
	c.nextLocal++
	c.mostLocals = max(c.mostLocals, c.nextLocal)
	c.locals = append(c.locals, local{name: n.Name, slot: slot})
	rest := c.node(n.Expr)
	c.locals = c.locals[:len(c.locals)-1]
	return func(s *scope) value {
		s.locals[slot] = assigned(s)
		return rest(s)
	}
}

func (c *compiling) sequence(n *ast.SequenceNode) eval {
	steps := make([]eval, len(n.Nodes))
	for i, step := range n.Nodes {
		steps[i] = c.node(step)
	}
	return func(s *scope) value {
		var v value
		for _, step := range steps {
			v = step(s)
		}
		return v
	}
}

func (c *compiling) array(n *ast.ArrayNode) eval {
	if words, literal := literalItems(n); literal {
		return always(listValue(&words))
	}
	parts, at := make([]eval, len(n.Nodes)), c.at(n)
	for i, part := range n.Nodes {
		parts[i] = c.node(part)
	}
	return func(s *scope) value {
		s.spend(len(parts), at)
		items := make([]value, len(parts))
		for i, part := range parts {
			items[i] = part(s)
		}
		return listValue(&items)
	}
}

// literalItems returns the elements of a list that is written out.
func literalItems(n *ast.ArrayNode) ([]value, bool) {
	items := make([]value, len(n.Nodes))
	for i, node := range n.Nodes {
		v, literal := literal(node)
		if !literal {
			return nil, false
		}
		items[i] = v
	}
	return items, true
}

// literal returns the value of a node that is written out.
func literal(n ast.Node) (value, bool) {
	switch n := n.(type) {
	case *ast.NilNode:
		return nilValue, true
	case *ast.IntegerNode:
		return intValue(int64(n.Value)), true
	case *ast.FloatNode:
		return floatValue(n.Value), true
	case *ast.BoolNode:
		return boolValue(n.Value), true
	case *ast.StringNode:
		return stringValue(n.Value), true
	case *ast.UnaryNode:
		v, is := literal(n.Node)
		if !is || n.Operator != "-" {
			return nilValue, false
		}
		switch v.kind {
		case isInt:
			return intValue(-v.num), true
		case isFloat:
			return floatValue(-v.float()), true
		}
	case *ast.ArrayNode:
		if items, is := literalItems(n); is {
			return listValue(&items), true
		}
	}
	return nilValue, false
}

func (c *compiling) mapping(n *ast.MapNode) eval {
	type pair struct{ key, value eval }
	pairs, at := make([]pair, len(n.Pairs)), c.at(n)
	for i, node := range n.Pairs {
		p := node.(*ast.PairNode)
		pairs[i] = pair{key: c.node(p.Key), value: c.node(p.Value)}
	}
	return func(s *scope) value {
		s.spend(len(pairs), at)
		m := make(map[string]value, len(pairs))
		for _, p := range pairs {
			key := p.key(s)
			if key.kind != isString {
				panic(fault{at: at, message: "the key of a map is a string, not " + key.kindName()})
			}
			m[key.str] = p.value(s)
		}
		return mapValue(m)
	}
}

// holds turns the value of a condition into a decision. What is nil does not hold.
func (s *scope) holds(v value, at spot) bool {
	switch v.kind {
	case isBool:
		return v.num != 0
	case isNil, isSkipped:
		return false
	default:
		panic(fault{at: at, message: "a condition is true or false, not " + v.kindName()})
	}
}

// argumentWords returns the words that a name or a literal stands for as an argument of has.
func (c *compiling) argumentWords(n ast.Node) ([]string, bool) {
	if id, isName := n.(*ast.IdentifierNode); isName {
		if words, isList := c.lists[id.Value]; isList {
			return textsOf(words)
		}
		return nil, false
	}
	v, isLiteral := literal(n)
	if !isLiteral {
		return nil, false
	}
	if v.kind == isList {
		return textsOf(v)
	}
	return []string{v.str}, v.kind == isString && strings.TrimSpace(v.str) != ""
}

func textsOf(v value) ([]string, bool) {
	texts := make([]string, 0, len(v.list()))
	for _, item := range v.list() {
		if item.kind != isString {
			return nil, false
		}
		texts = append(texts, item.str)
	}
	return texts, true
}
