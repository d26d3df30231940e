package dsl

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

func (x *expressionChecker) binary(n *ast.BinaryNode, known facts) Type {
	if x.hastyNot(n, known) {
		return boolType
	}
	switch n.Operator {
	case "and", "&&":
		return x.both(n, true, known)
	case "or", "||":
		return x.both(n, false, known)
	case "??":
		left := x.node(n.Left, known)
		right := x.node(n.Right, known)
		t, ok := joinTypes(left.present(), right)
		if !ok {
			x.errorf(x.at(n.Right), CodeWrongType, "this is %s, and what stands before ?? is %s; both must be of one type", right.phrase(), left.phrase())
		}
		t.MaybeNil = right.MaybeNil && (left.MaybeNil || left.Kind == kindNil)
		return t
	case "==", "!=":
		return x.equality(n, known)
	case "<", "<=", ">", ">=":
		return x.order(n, known)
	case "in":
		return x.in(n, known)
	case "matches":
		return x.matches(n, known)
	}
	left := x.needs(n.Left, x.node(n.Left, known))
	right := x.needs(n.Right, x.node(n.Right, known))
	switch n.Operator {
	case "contains", "startsWith", "endsWith":
		for _, side := range []struct {
			n ast.Node
			t Type
		}{{n.Left, left}, {n.Right, right}} {
			if side.t.Kind == KindList && n.Operator == "contains" {
				x.errorf(x.at(side.n), CodeWrongType, "`contains` looks into texts, and this is %s; write value in list", side.t.phrase())
			} else if !side.t.is(KindString) {
				x.errorf(x.at(side.n), CodeWrongType, "`%s` wants texts on both sides, and this is %s", n.Operator, side.t.phrase())
			}
		}
		x.spendBytes(left.Size+right.Size, 16)
		return boolType
	case "..":
		return x.sequence(n, left, right)
	case "+", "-", "*", "/", "%", "**", "^":
		return x.arithmetic(n, left, right)
	}
	x.errorf(x.operator(n), CodeBadExpression, "`%s` is no operator of the language", n.Operator)
	return anything
}

// hastyNot reports `not a contains b`, in which `not` takes a alone.
func (x *expressionChecker) hastyNot(n *ast.BinaryNode, known facts) bool {
	u, is := n.Left.(*ast.UnaryNode)
	if !is || u.Operator != "not" && u.Operator != "!" {
		return false
	}
	switch n.Operator {
	case "and", "&&", "or", "||", "??":
		return false
	}
	if x.node(u.Node, known).is(KindBool) {
		return false
	}
	x.node(n.Right, known)
	x.errorf(x.operator(u), CodeWrongType, "`%s` takes only what follows it at once; write not (%s %s %s)",
		u.Operator, clip(u.Node.String()), n.Operator, clip(n.Right.String()))
	return true
}

// both is `and` or `or`: the right side is only looked at if the left one held, or did not.
func (x *expressionChecker) both(n *ast.BinaryNode, and bool, known facts) Type {
	left := x.condition(n.Left, known)
	right := x.condition(n.Right, known.with(x.narrow(n.Left, and, x.rule)))
	decided := truthOf(!and) // one side with this value decides
	t := boolType
	switch {
	case left.truth == decided || right.truth == decided:
		t.truth = decided
	case left.truth != depends && right.truth != depends:
		t.truth = truthOf(and)
	}
	return t
}

func (x *expressionChecker) equality(n *ast.BinaryNode, known facts) Type {
	left, right := x.node(n.Left, known), x.node(n.Right, known)
	t := boolType
	if isNilNode(n.Left) || isNilNode(n.Right) {
		side, typ := n.Left, left
		if isNilNode(n.Left) {
			side, typ = n.Right, right
		}
		if typ.Kind != kindUnknown && !typ.MaybeNil {
			t.truth = truthOf(n.Operator == "!=")
			x.constant(x.at(n), t.truth, fmt.Sprintf("`%s` is not nil here", clip(side.String())))
		}
		return t
	}
	if _, ok := joinTypes(left, right); !ok {
		hint := ""
		if (left.isNumber() && right.Kind == KindString) || (right.isNumber() && left.Kind == KindString) {
			hint = "; write string(...) or int(...)"
		}
		if left.Kind == KindList && right.is(left.Elem.Kind) {
			hint = "; write " + clip(n.Right.String()) + " in " + clip(n.Left.String())
		}
		x.errorf(x.operator(n), CodeWrongType, "%s is never equal to %s%s", left.phrase(), right.phrase(), hint)
		return t
	}
	for _, side := range []Type{left, right} {
		if side.Kind == KindList || side.Kind == kindRecord || side.Kind == KindMap {
			x.errorf(x.operator(n), CodeWrongType, "`%s` compares single values, and one side is %s", n.Operator, side.phrase())
			return t
		}
	}
	x.spendBytes(min(left.Size, right.Size), 64)
	x.badLanguage(n.Left, n.Right)
	x.badLanguage(n.Right, n.Left)
	a, aKnown := stringValueOf(n.Left)
	b, bKnown := stringValueOf(n.Right)
	switch {
	case aKnown && bKnown:
		t.truth = truthOf((a == b) == (n.Operator == "=="))
		x.constant(x.at(n), t.truth, "both sides are written out")
	case left.Range != nil && right.Range != nil:
		t.truth = compareSpans(n.Operator, *left.Range, *right.Range)
		x.constant(x.at(n), t.truth, rangeReason(n, left, right))
	case n.Operator == "==" && aKnown != bKnown:
		t.truth = x.impossible(n, a+b)
	}
	return t
}

// badLanguage reports a language that is compared with what is none, such as ua.
func (x *expressionChecker) badLanguage(side, other ast.Node) {
	value, literal := stringValueOf(other)
	if !literal || value == "" {
		return
	}
	path := x.path(side, x.rule)
	call, isCall := side.(*ast.CallNode)
	if isCall {
		if name, is := call.Callee.(*ast.IdentifierNode); is {
			path = name.Value
		}
	}
	if path != "user.lang" && path != "message.lang" && path != "lang_of" {
		return
	}
	if problem := languageProblem(value); problem != "" {
		x.errorf(x.at(other), CodeBadLanguage, "%s", problem)
	}
}

// impossible warns of comparisons with what a name never is.
func (x *expressionChecker) impossible(n *ast.BinaryNode, value string) truth {
	id, is := n.Left.(*ast.IdentifierNode)
	if !is {
		id, is = n.Right.(*ast.IdentifierNode)
	}
	if !is {
		return depends
	}
	b := x.lookup(id.Value, x.rule)
	if b == nil || b.what != "a name of the language" {
		return depends
	}
	switch id.Value {
	case "event":
		for _, e := range Events {
			if e == value {
				return depends
			}
		}
		if commandForm.MatchString(value) {
			return depends
		}
		x.unknownAs(CodeUnknownEvent, x.at(n), "there is no event `"+clip(value)+"`", value, Events, "")
		return depends
	case "command":
		if len(value) > 0 && value[0] == '/' {
			x.constant(x.at(n), fails, "`command` has no slash")
			return fails
		}
	case "clock":
		if !clockForm.MatchString(value) {
			x.constant(x.at(n), fails, "`clock` looks like \"09:30\"")
			return fails
		}
	case "date":
		if !dateForm.MatchString(value) {
			x.constant(x.at(n), fails, "`date` looks like \"2006-01-02\"")
			return fails
		}
	}
	return depends
}

func stringValueOf(n ast.Node) (string, bool) {
	s, is := n.(*ast.StringNode)
	if !is {
		return "", false
	}
	return s.Value, true
}

func (x *expressionChecker) order(n *ast.BinaryNode, known facts) Type {
	left := x.needs(n.Left, x.node(n.Left, known))
	right := x.needs(n.Right, x.node(n.Right, known))
	t := boolType
	ordered := func(t Type) bool { return t.isNumber() || t.is(KindString) || t.is(KindTime) }
	_, alike := joinTypes(left, right)
	switch {
	case !ordered(left) || !ordered(right):
		side := left
		if ordered(left) {
			side = right
		}
		x.errorf(x.operator(n), CodeWrongType, "`%s` compares numbers, texts or times, and one side is %s", n.Operator, side.phrase())
	case !alike:
		x.errorf(x.operator(n), CodeWrongType, "%s cannot be compared with %s", left.phrase(), right.phrase())
	case left.Range != nil && right.Range != nil:
		t.truth = compareSpans(n.Operator, *left.Range, *right.Range)
		x.constant(x.at(n), t.truth, rangeReason(n, left, right))
	default:
		x.spendBytes(min(left.Size, right.Size), 64)
		x.badClock(n)
	}
	return t
}

// badClock warns of a comparison of clock or date with a text of another form, which compares letters without sense.
func (x *expressionChecker) badClock(n *ast.BinaryNode) {
	for _, sides := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		id, isName := sides[0].(*ast.IdentifierNode)
		value, isText := stringValueOf(sides[1])
		if !isName || !isText {
			continue
		}
		if id.Value == "clock" && !clockForm.MatchString(value) {
			x.errorf(x.at(sides[1]), CodeWrongType, "`clock` looks like \"09:30\": five characters, also before ten in the morning")
		}
		if id.Value == "date" && !dateForm.MatchString(value) {
			x.errorf(x.at(sides[1]), CodeWrongType, "`date` looks like \"2006-01-02\"")
		}
	}
}

func rangeReason(n *ast.BinaryNode, left, right Type) string {
	side, r := n.Left, *left.Range
	if r.low == r.high {
		side, r = n.Right, *right.Range
	}
	if r.low == r.high {
		return "both sides are written out"
	}
	if r.high > maxBuiltString*bytesOf(1) {
		return fmt.Sprintf("`%s` is at least %d", clip(side.String()), r.low)
	}
	return fmt.Sprintf("`%s` is between %d and %d", clip(side.String()), r.low, r.high)
}

// compareSpans tells how a comparison of numbers comes out whose ranges are known.
func compareSpans(op string, a, b span) truth {
	switch op {
	case "<":
		switch {
		case a.high < b.low:
			return holds
		case a.low >= b.high:
			return fails
		}
	case "<=":
		return compareSpans(">", a, b).not()
	case ">":
		return compareSpans("<", b, a)
	case ">=":
		return compareSpans("<", a, b).not()
	case "==":
		switch {
		case a.high < b.low || b.high < a.low:
			return fails
		case a.low == a.high && a == b:
			return holds
		}
	case "!=":
		return compareSpans("==", a, b).not()
	}
	return depends
}

func (x *expressionChecker) in(n *ast.BinaryNode, known facts) Type {
	left := x.node(n.Left, known)
	t := boolType
	if r, is := n.Right.(*ast.BinaryNode); is && r.Operator == ".." {
		x.needs(n.Left, left)
		from := x.needs(r.Left, x.node(r.Left, known))
		to := x.needs(r.Right, x.node(r.Right, known))
		for _, side := range []struct {
			n ast.Node
			t Type
		}{{n.Left, left}, {r.Left, from}, {r.Right, to}} {
			if !side.t.isNumber() {
				x.errorf(x.at(side.n), CodeWrongType, "`in a..b` wants numbers, and this is %s", side.t.phrase())
				return t
			}
		}
		if left.Range != nil && from.Range != nil && to.Range != nil {
			above := compareSpans(">=", *left.Range, *from.Range)
			below := compareSpans("<=", *left.Range, *to.Range)
			switch {
			case above == fails || below == fails:
				t.truth = fails
			case above == holds && below == holds:
				t.truth = holds
			}
			x.constant(x.at(n), t.truth, rangeReason(&ast.BinaryNode{Left: n.Left, Right: r.Left}, left, from))
		}
		return t
	}
	right := x.needs(n.Right, x.node(n.Right, known))
	switch right.Kind {
	case kindUnknown:
	case KindList:
		if list, is := n.Right.(*ast.ArrayNode); is {
			for _, item := range list.Nodes {
				x.badLanguage(n.Left, item)
			}
		}
		if _, ok := joinTypes(left, *right.Elem); !ok && right.Elem.Kind != kindUnknown {
			x.errorf(x.at(n.Left), CodeWrongType, "this is %s, and the list has elements of type %s", left.phrase(), right.Elem)
		}
		x.spend(mul(right.Size, 1+left.Size/64))
		if right.Size == 0 {
			t.truth = fails
			x.constant(x.at(n), fails, "the list is empty")
		}
	case KindString:
		x.errorf(x.operator(n), CodeWrongType, "`in` looks for an element of a list; for a part of a text write text contains part")
	default:
		x.errorf(x.at(n.Right), CodeWrongType, "`in` wants a list on its right, and this is %s", right.phrase())
	}
	return t
}

// sequence is 1..5, whose ends must be known before any update: nothing else bounds it.
func (x *expressionChecker) sequence(n *ast.BinaryNode, left, right Type) Type {
	list := listType(intType, maxList)
	switch {
	case !left.is(KindInt) || !right.is(KindInt):
		side, t := n.Left, left
		if left.is(KindInt) {
			side, t = n.Right, right
		}
		x.errorf(x.at(side), CodeWrongType, "the ends of a..b are ints, and this is %s", t.phrase())
	case left.Range == nil || right.Range == nil || !small(left.Range) || !small(right.Range):
		x.errorf(x.operator(n), CodeCost, "nothing bounds this list; write both ends of a..b as numbers")
	default:
		elem := Type{Kind: KindInt, Range: &span{left.Range.low, max(right.Range.high, left.Range.low)}}
		size := max(right.Range.high-left.Range.low+1, 0)
		if size > maxList {
			x.errorf(x.operator(n), CodeCost, "this list can have %d elements; at most %d are taken", size, maxList)
			size = maxList
		}
		list = listType(elem, size)
		x.spend(size)
	}
	return list
}

func (x *expressionChecker) arithmetic(n *ast.BinaryNode, left, right Type) Type {
	op := n.Operator
	switch {
	case left.Kind == kindUnknown || right.Kind == kindUnknown:
		return anything
	case op == "+" && left.Kind == KindString && right.Kind == KindString:
		t := Type{Kind: KindString, Size: add(left.Size, right.Size)}
		x.spendBytes(t.Size, 64)
		return x.built(n, t)
	case op == "+" && (left.Kind == KindString || right.Kind == KindString):
		side, t := n.Right, right
		if right.Kind == KindString {
			side, t = n.Left, left
		}
		x.errorf(x.at(side), CodeWrongType, "`+` joins two texts or adds two numbers, and this is %s; write string(%s)", t.phrase(), clip(side.String()))
		return Type{Kind: KindString}
	case left.Kind == KindTime || right.Kind == KindTime:
		x.errorf(x.operator(n), CodeWrongType, "times are not calculated with; ago(time) gives the hours since then")
		return anything
	case !left.isNumber() || !right.isNumber():
		side, t := n.Left, left
		if left.isNumber() {
			side, t = n.Right, right
		}
		x.errorf(x.at(side), CodeWrongType, "`%s` wants numbers, and this is %s", op, t.phrase())
		return anything
	case op == "%":
		if left.Kind != KindInt || right.Kind != KindInt {
			x.errorf(x.operator(n), CodeWrongType, "%% is for ints; write int(...)")
		} else if right.Range == nil || right.Range.low <= 0 && right.Range.high >= 0 {
			x.errorf(x.at(n.Right), CodeWrongType, "what stands after %% could be 0; write a number")
		}
		return intType
	case op == "/", op == "**", op == "^":
		return floatType
	case left.Kind == KindFloat || right.Kind == KindFloat:
		return floatType
	}
	t := intType
	if a, b := left.Range, right.Range; a != nil && b != nil && small(a) && small(b) {
		switch op {
		case "+":
			t.Range = &span{a.low + b.low, a.high + b.high}
		case "-":
			t.Range = &span{a.low - b.high, a.high - b.low}
		case "*":
			p := []int{a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high}
			t.Range = &span{min(p[0], p[1], p[2], p[3]), max(p[0], p[1], p[2], p[3])}
		}
	}
	return t
}

// small tells whether a range can be calculated with without overflow.
func small(s *span) bool { return s.low > -1<<30 && s.high < 1<<30 }
