package dsl

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// node finds the type of a part of an expression, reports what is wrong in it, and adds up its cost.
func (x *expressionChecker) node(n ast.Node, known facts) Type {
	x.spend(1)
	switch n := n.(type) {
	case *ast.NilNode:
		return nilType
	case *ast.BoolNode:
		return Type{Kind: KindBool, truth: truthOf(n.Value)}
	case *ast.IntegerNode:
		return Type{Kind: KindInt, Range: &span{n.Value, n.Value}}
	case *ast.FloatNode:
		return floatType
	case *ast.StringNode:
		return Type{Kind: KindString, Size: len(n.Value)}
	case *ast.IdentifierNode:
		return x.identifierNode(n, known)
	case *ast.PointerNode:
		return x.pointer(n)
	case *ast.UnaryNode:
		return x.unary(n, known)
	case *ast.BinaryNode:
		return x.binary(n, known)
	case *ast.ChainNode:
		return x.chain(n, known)
	case *ast.MemberNode:
		t, _ := x.member(n, known)
		return t
	case *ast.SliceNode:
		return x.slice(n, known)
	case *ast.ConditionalNode:
		return x.conditional(n, known)
	case *ast.ArrayNode:
		return x.array(n, known)
	case *ast.CallNode:
		if id, ok := n.Callee.(*ast.IdentifierNode); ok {
			return x.call(n, id.Value, n.Arguments, known)
		}
		x.errorf(x.operator(n), CodeUnknownName, "values have no functions of their own; write the function first, as in lower(text)")
	case *ast.BuiltinNode:
		return x.call(n, n.Name, n.Arguments, known)
	case *ast.VariableDeclaratorNode:
		x.errorf(x.operator(n), CodeBadExpression, "`let` cannot stand in an expression; put `%s` under `let:` of the rule", clip(n.Name))
	case *ast.SequenceNode:
		x.errorf(x.at(n), CodeBadExpression, "several expressions with ; between them are none; write one")
	case *ast.MapNode:
		x.errorf(x.at(n), CodeBadExpression, "{ } makes nothing in an expression")
	default:
		x.errorf(x.at(n), CodeBadExpression, "the language has no such expression")
	}
	x.incomplete = true
	return anything
}

func (x *expressionChecker) identifierNode(n *ast.IdentifierNode, known facts) Type {
	b := x.lookup(n.Value, x.rule)
	if b == nil {
		x.unknownName(n)
		return anything
	}
	b.used = true
	t := b.typ
	if b.let != nil {
		t = x.let(b, x.at(n)).typ
		x.lets = append(x.lets, b)
	}
	if t.MaybeNil && known.has(x.path(n, x.rule)) {
		t = t.present()
	}
	return t
}

func (x *expressionChecker) unknownName(n *ast.IdentifierNode) {
	what := "there is no `" + clip(n.Value) + "`"
	if _, is := x.functions[n.Value]; is {
		x.errorf(x.at(n), CodeUnknownName, "%s; the function is written %s(...)", what, n.Value)
		return
	}
	for _, f := range x.file.Fields {
		if f.Name.Value == n.Value {
			x.errorf(x.at(n), CodeUnknownName, "%s; the field of the person is user.fields.%s", what, n.Value)
			return
		}
	}
	if user := x.names["user"]; user != nil { // a file about something else sees no person
		if m, found := user.typ.Record.member(n.Value); found {
			x.errorf(x.at(n), CodeUnknownName, "%s; did you mean `user.%s`?", what, m.Name)
			return
		}
	}
	x.unknown(x.at(n), what, n.Value, x.visible(x.rule), "texts stand in quotes: \""+clip(n.Value)+"\"")
}

func (x *expressionChecker) pointer(n *ast.PointerNode) Type {
	switch {
	case len(x.elements) == 0:
		x.errorf(x.at(n), CodeBadExpression, "# stands for an element only inside of any, all, none, filter, map and count")
		return anything
	case n.Name == "index":
		return Type{Kind: KindInt, Range: &span{0, maxList}}
	case n.Name != "":
		x.errorf(x.at(n), CodeUnknownName, "there is no `#%s`; # is the element and #index its number", clip(n.Name))
		return anything
	}
	return x.elements[len(x.elements)-1]
}

// needs reports a value that may be nil where nil would fail.
func (x *expressionChecker) needs(n ast.Node, t Type) Type {
	if t.MaybeNil && t.Kind != kindUnknown {
		x.maybeNil(x.at(n), n, defaultFor(t))
	}
	return t.present()
}

// defaultFor is a value to propose after ??.
func defaultFor(t Type) string {
	switch t.Kind {
	case KindInt, KindFloat:
		return "0"
	case KindBool:
		return "false"
	case KindTime:
		return "now"
	case KindList:
		return "[]"
	}
	return "''"
}

func (c *checker) maybeNil(at Position, n ast.Node, otherwise string) {
	if n == nil {
		return
	}
	if isNilNode(n) {
		c.errorf(at, CodeMaybeNil, "nil cannot stand here")
		return
	}
	if otherwise == "" {
		otherwise = "''"
	}
	source := clip(n.String())
	c.errorf(at, CodeMaybeNil, "`%s` may be nil here; write `%s ?? %s`, or ask for `%s != nil` first", source, source, otherwise, source)
}

// condition checks a part of an expression that must be true or false.
func (x *expressionChecker) condition(n ast.Node, known facts) Type {
	t := x.node(n, known)
	if !t.is(KindBool) {
		hint := ""
		switch t.Kind {
		case KindString:
			hint = "; compare it, as in " + clip(n.String()) + " != \"\""
		case KindInt, KindFloat:
			hint = "; compare it, as in " + clip(n.String()) + " > 0"
		case KindList:
			hint = "; compare its length, as in len(" + clip(n.String()) + ") > 0"
		}
		if t.MaybeNil {
			hint = "; ask for " + clip(n.String()) + " != nil"
		}
		x.errorf(x.at(n), CodeWrongType, "a condition is true or false, and this is %s%s", t.phrase(), hint)
		return boolType
	}
	if t.MaybeNil && t.Kind == KindBool {
		x.maybeNil(x.at(n), n, "false")
		t.MaybeNil = false
	}
	if literal, is := n.(*ast.BoolNode); is {
		x.constant(x.at(n), truthOf(literal.Value), fmt.Sprintf("`%t` decides nothing", literal.Value))
	}
	return t
}

// constant warns of a condition that is known before any update.
func (x *expressionChecker) constant(at Position, t truth, why string) {
	switch t {
	case holds:
		x.warnf(at, CodeAlwaysTrue, "this is always true: %s", why)
	case fails:
		x.warnf(at, CodeAlwaysFalse, "this is always false: %s", why)
	}
}

func (x *expressionChecker) unary(n *ast.UnaryNode, known facts) Type {
	if n.Operator == "not" || n.Operator == "!" {
		t := x.condition(n.Node, known)
		return Type{Kind: KindBool, truth: t.truth.not()}
	}
	t := x.needs(n.Node, x.node(n.Node, known))
	if !t.isNumber() {
		x.errorf(x.at(n.Node), CodeWrongType, "`%s` wants a number, and this is %s", n.Operator, t.phrase())
		return anything
	}
	if t.Range != nil && n.Operator == "-" {
		t.Range = &span{-t.Range.high, -t.Range.low}
	}
	return t
}

func (x *expressionChecker) conditional(n *ast.ConditionalNode, known facts) Type {
	x.condition(n.Cond, known)
	then := x.node(n.Exp1, known.with(x.narrow(n.Cond, true, x.rule)))
	otherwise := x.node(n.Exp2, known.with(x.narrow(n.Cond, false, x.rule)))
	t, ok := joinTypes(then, otherwise)
	if !ok {
		x.errorf(x.at(n.Exp2), CodeWrongType, "this is %s, and the value before the colon is %s; both must be of one type", otherwise.phrase(), then.phrase())
	}
	return t
}

func (x *expressionChecker) array(n *ast.ArrayNode, known facts) Type {
	elem, total := anything, 0
	for i, item := range n.Nodes {
		t := x.node(item, known)
		total += t.Size
		if r, is := item.(*ast.BinaryNode); is && r.Operator == ".." {
			x.errorf(x.at(item), CodeWrongType, "a..b is a list already; write it without [ ]")
			return listType(anything, len(n.Nodes))
		}
		if t.Kind == KindList || t.Kind == kindRecord || t.Kind == KindMap {
			x.errorf(x.at(item), CodeWrongType, "an element of a list is a text, a number, a time, true or false, not %s", t.phrase())
			return listType(anything, len(n.Nodes))
		}
		t.truth, t.Range = depends, nil
		if i == 0 {
			elem = t
			continue
		}
		joined, ok := joinTypes(elem, t)
		if !ok {
			x.errorf(x.at(item), CodeWrongType, "this is %s, and the elements before it are of type %s; a list has one type", t.phrase(), elem)
			return listType(anything, len(n.Nodes))
		}
		elem = joined
	}
	list := listType(elem, len(n.Nodes))
	list.Total = total
	return list
}

// chain is a sequence of members of which one is asked for with ?. and so may be missing.
func (x *expressionChecker) chain(n *ast.ChainNode, known facts) Type {
	m, is := n.Node.(*ast.MemberNode)
	if !is {
		return x.node(n.Node, known)
	}
	x.spend(1)
	t, skipped := x.member(m, known)
	if skipped && !known.has(x.path(n, x.rule)) {
		t.MaybeNil = true
	}
	return t
}

// member is user.phone, list[0] or message.location?.latitude. skipped: what stands before a ?. may be nil.
func (x *expressionChecker) member(n *ast.MemberNode, known facts) (t Type, skipped bool) {
	var base Type
	switch inner := n.Node.(type) {
	case *ast.MemberNode:
		x.spend(1)
		base, skipped = x.member(inner, known)
	default:
		base = x.node(n.Node, known)
	}
	if base.MaybeNil && base.Kind != kindUnknown {
		if n.Optional {
			skipped = true
		} else {
			x.missingBase(n)
		}
		base = base.present()
	}
	name, isName := n.Property.(*ast.StringNode)
	switch {
	case base.Kind == kindUnknown:
		if !isName {
			x.node(n.Property, known)
		}
		return anything, skipped
	case base.Kind == kindRecord && isName:
		m, found := base.Record.member(name.Value)
		if !found {
			x.unknownMember(n, base, name.Value)
			return anything, skipped
		}
		if base.Record.Name == "user.fields" {
			if b := x.fields[name.Value]; b != nil {
				b.used = true
			}
		}
		t = m.Type
	case base.Kind == KindList && !isName:
		if i := x.needs(n.Property, x.node(n.Property, known)); !i.is(KindInt) {
			x.errorf(x.at(n.Property), CodeWrongType, "the number of an element is an int, not %s", i.phrase())
		}
		t = maybe(*base.Elem)
	case base.Kind == KindList:
		x.errorf(x.operator(n), CodeUnknownName, "a list has no member `%s`; any(list, ...) asks its elements", clip(name.Value))
		return anything, skipped
	case isName:
		x.errorf(x.operator(n), CodeUnknownName, "%s has no members, so no `%s`", base.phrase(), clip(name.Value))
		return anything, skipped
	default:
		x.node(n.Property, known)
		x.errorf(x.at(n.Property), CodeWrongType, "%s has no elements", base.phrase())
		return anything, skipped
	}
	if t.MaybeNil && known.has(x.path(n, x.rule)) {
		t = t.present()
	}
	return t, skipped
}

// missingBase reports a dot after something that may be nil.
func (x *expressionChecker) missingBase(n *ast.MemberNode) {
	base := clip(n.Node.String())
	if name, isName := n.Property.(*ast.StringNode); isName {
		x.errorf(x.at(n), CodeMaybeNil, "`%s` may be nil here; write `%s?.%s`, with ?? if a value is needed, or ask for `%s != nil` first",
			base, base, clip(name.Value), base)
		return
	}
	x.errorf(x.at(n), CodeMaybeNil, "`%s` may be nil here; ask for `%s != nil` first", base, base)
}

func (x *expressionChecker) unknownMember(n *ast.MemberNode, base Type, name string) {
	otherwise := "it has " + wordList(memberNames(base.Record.Members))
	switch {
	case base.Record.Name == "user.fields":
		otherwise = "declare it under `fields:`"
	case base.Record.Name == "user" && x.fields[name] != nil:
		x.errorf(x.operator(n), CodeUnknownName, "user has no field %s; did you mean `user.fields.%s`?", name, name)
		return
	case strings.HasPrefix(base.Record.Name, "capture"):
		otherwise = "the pattern has no group of that name"
	}
	x.unknown(x.operator(n), base.Record.Name+" has no field "+clip(name), name, memberNames(base.Record.Members), otherwise)
}

func (x *expressionChecker) slice(n *ast.SliceNode, known facts) Type {
	base := x.needs(n.Node, x.node(n.Node, known))
	for _, end := range []ast.Node{n.From, n.To} {
		if end == nil {
			continue
		}
		if t := x.needs(end, x.node(end, known)); !t.is(KindInt) {
			x.errorf(x.at(end), CodeWrongType, "the end of a part is an int, not %s", t.phrase())
		}
	}
	if !base.is(KindString) && base.Kind != KindList {
		x.errorf(x.at(n), CodeWrongType, "only texts and lists have parts, and this is %s", base.phrase())
		return anything
	}
	x.spendBytes(base.Size, 64)
	return base
}
