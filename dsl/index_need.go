package dsl

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// needs finds out what conditions need. Every answer is safe: an update without any key of a way makes the condition false
// or fail, never true.
type needs struct {
	expressions
	uses  map[fact]int
	reads map[string]eval // how subjects are read
	found map[needOf]need // of named expressions, and of words of lists
	made  *int            // keys, for the whole file
	depth int             // of named expressions in one another
}

// needOf is what a need is known of.
type needOf struct {
	tree    ast.Node // of a named expression
	asked   byte     // 't' that it holds, 'f' that it does not, 'p' that it is not nil
	subject string   // that is in a list
	list    string
}

// once finds a need, or remembers it: names of names of names would cost too much. A definition in a circle finds that
// nothing is known to be needed.
func (n *needs) once(of needOf, find func() need) need {
	if known, found := n.found[of]; found {
		return known
	}
	n.found[of] = need{}
	known := find()
	n.found[of] = known
	return known
}

// either is the need of two conditions one of which must hold.
func (n *needs) either(a, b need) need {
	if !a.known() || !b.known() {
		return need{}
	}
	x, y := a.ways[0], b.ways[0]
	if n.tooMany(len(x.keys) + len(y.keys)) {
		return need{}
	}
	return need{ways: []way{{keys: slices.Concat(x.keys, y.keys), weight: x.weight + y.weight}}}
}

// tooMany tells whether so many keys are more than are worth their while, for one way or for the whole file.
func (n *needs) tooMany(keys int) bool {
	*n.made += keys
	return keys > mostKeys || keys > usualKeys && *n.made > maxIndexKeys
}

// condition returns what is needed for a condition to hold, or not to hold.
func (n *needs) condition(node ast.Node, holds bool) need {
	switch node := node.(type) {
	case *ast.BoolNode:
		if node.Value != holds {
			return never()
		}
	case *ast.NilNode:
		if holds {
			return never()
		}
	case *ast.UnaryNode:
		if node.Operator == "not" || node.Operator == "!" {
			return n.condition(node.Node, !holds)
		}
	case *ast.BinaryNode:
		return n.binary(node, holds)
	case *ast.ConditionalNode:
		return n.either(
			both(n.condition(node.Cond, true), n.condition(node.Exp1, holds)),
			both(n.condition(node.Cond, false), n.condition(node.Exp2, holds)),
		)
	case *ast.IdentifierNode:
		if tree, inner, found := n.named(node.Value); found {
			asked := byte('f')
			if holds {
				asked = 't'
			}
			return n.once(needOf{tree: tree, asked: asked}, func() need { return inner.condition(tree, holds) })
		}
	case *ast.CallNode:
		if holds {
			return n.call(node)
		}
	case *ast.MemberNode:
		if subject, is := n.subject(node); is && holds {
			return anyOf(equalKey(subject, boolValue(true)))
		}
	}
	return need{}
}

// named returns the tree of a named expression, and who may look into it.
func (n *needs) named(name string) (ast.Node, *needs, bool) {
	inner := *n
	inner.depth++
	slot, found := n.lets[name]
	if !found {
		if slot, found = n.fileLets[name]; !found {
			return nil, nil, false
		}
		inner.expressions.lets = nil
	}
	if n.letTrees[slot] == nil {
		return nil, nil, false
	}
	return n.letTrees[slot], &inner, true
}

func (n *needs) binary(node *ast.BinaryNode, holds bool) need {
	switch node.Operator {
	case "and", "&&", "or", "||":
		left, right := n.condition(node.Left, holds), n.condition(node.Right, holds)
		if (node.Operator == "and" || node.Operator == "&&") == holds {
			return both(left, right)
		}
		return n.either(left, right)
	case "??":
		if holds {
			return n.either(n.condition(node.Left, true), n.condition(node.Right, true))
		}
	case "==", "!=":
		if (node.Operator == "==") == holds {
			return both(n.equal(node.Left, node.Right), n.equal(node.Right, node.Left))
		}
		if isNilNode(node.Right) {
			return n.present(node.Left)
		}
		if isNilNode(node.Left) {
			return n.present(node.Right)
		}
	case "<", ">", "<=", ">=":
		if holds {
			return both(n.present(node.Left), n.present(node.Right))
		}
	case "in":
		if holds {
			return n.in(node)
		}
	case "contains", "startsWith", "endsWith":
		if part, is := literal(node.Right); is && part.kind == isString && part.str != "" && holds {
			if subject, is := n.subject(node.Left); is {
				return anyOf(gramOf(subject, part.str, n.uses))
			}
			return n.present(node.Left)
		}
	case "matches":
		if pattern, is := literal(node.Right); is && pattern.kind == isString && holds {
			return n.pattern(node.Left, pattern.str)
		}
	}
	return need{}
}

// equal returns what is needed for an expression to be what another one is.
func (n *needs) equal(node, other ast.Node) need {
	v, is := literal(other)
	if !is || v.kind == isNil {
		return need{}
	}
	if v.kind == isBool {
		if n.isCondition(node) {
			return n.condition(node, v.truth())
		}
	}
	if subject, is := n.subject(node); is && (v.kind == isString || v.kind == isBool || v.isNumber()) {
		return anyOf(equalKey(subject, v))
	}
	return n.present(node)
}

// isCondition tells whether an expression is true or false and nothing else.
func (n *needs) isCondition(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return node.Operator == "not" || node.Operator == "!"
	case *ast.BinaryNode:
		switch node.Operator {
		case "and", "&&", "or", "||", "==", "!=", "<", ">", "<=", ">=", "in", "contains", "startsWith", "endsWith", "matches":
			return true
		}
	case *ast.CallNode:
		callee, isName := node.Callee.(*ast.IdentifierNode)
		return isName && n.functions[callee.Value].Result == KindBool
	case *ast.IdentifierNode:
		tree, inner, found := n.named(node.Value)
		return found && inner.depth < MaxLets && inner.isCondition(tree) // deeper ones go in a circle
	}
	return false
}

// in returns what is needed for an expression to be in a list.
func (n *needs) in(node *ast.BinaryNode) need {
	if m, is := node.Right.(*ast.MemberNode); is {
		if subject, is := n.subject(m); is && subject == "user.tags" {
			if tag, is := literal(node.Left); is && tag.kind == isString {
				return anyOf(fact{kind: keyTag, text: tag.str})
			}
		}
	}
	subject, is := n.subject(node.Left)
	if id, isName := node.Right.(*ast.IdentifierNode); is && isName {
		return n.once(needOf{subject: subject, list: id.Value}, func() need { return n.inItems(node, subject, is) })
	}
	return n.inItems(node, subject, is)
}

// inItems is in for a list that is known before any update.
func (n *needs) inItems(node *ast.BinaryNode, subject string, is bool) need {
	items, known := n.items(node.Right)
	if !known {
		return need{}
	}
	if !is || len(items) > mostKeys {
		for _, item := range items {
			if item.kind == isNil {
				return need{}
			}
		}
		return n.present(node.Left)
	}
	keys := make([]fact, 0, len(items))
	for _, item := range items {
		if item.kind != isString && item.kind != isBool && !item.isNumber() {
			return need{}
		}
		keys = append(keys, equalKey(subject, item))
	}
	return anyOf(keys...)
}

// items returns the elements of a list that is known before any update.
func (n *needs) items(node ast.Node) ([]value, bool) {
	if v, is := literal(node); is && v.kind == isList {
		return v.list(), true
	}
	if id, is := node.(*ast.IdentifierNode); is && !n.isLet(id.Value) {
		if words, found := n.lists[id.Value]; found {
			return words.list(), true
		}
	}
	return nil, false
}

func (n *needs) isLet(name string) bool {
	_, ofRule := n.lets[name]
	_, ofFile := n.fileLets[name]
	return ofRule || ofFile
}

// present returns what is needed for an expression not to be nil.
func (n *needs) present(node ast.Node) need {
	switch node := node.(type) {
	case *ast.NilNode:
		return never()
	case *ast.ChainNode:
		return n.present(node.Node)
	case *ast.MemberNode:
		return n.present(node.Node)
	case *ast.IdentifierNode:
		if tree, inner, found := n.named(node.Value); found {
			return n.once(needOf{tree: tree, asked: 'p'}, func() need { return inner.present(tree) })
		}
	case *ast.BinaryNode:
		if node.Operator == "??" {
			return n.either(n.present(node.Left), n.present(node.Right))
		}
	case *ast.ConditionalNode:
		return n.either(
			both(n.condition(node.Cond, true), n.present(node.Exp1)),
			both(n.condition(node.Cond, false), n.present(node.Exp2)),
		)
	case *ast.BuiltinNode:
		switch node.Name {
		case "int", "float", "lower", "upper", "trim":
			return n.present(node.Arguments[0])
		}
	case *ast.CallNode:
		callee, isName := node.Callee.(*ast.IdentifierNode)
		if isName && (callee.Value == "find" || callee.Value == "capture") && len(node.Arguments) == 2 {
			if pattern, is := literal(node.Arguments[1]); is && pattern.kind == isString {
				return n.pattern(node.Arguments[0], pattern.str)
			}
		}
	}
	return need{}
}

// call returns what is needed for has and like to hold.
func (n *needs) call(node *ast.CallNode) need {
	callee, isName := node.Callee.(*ast.IdentifierNode)
	if !isName || len(node.Arguments) < 2 {
		return need{}
	}
	if subject, is := n.subject(node.Arguments[0]); !is || subject != "text" {
		return need{}
	}
	c := &compiling{expressions: n.expressions}
	switch callee.Value {
	case "has":
		if id, isName := node.Arguments[1].(*ast.IdentifierNode); isName && len(node.Arguments) == 2 {
			return n.once(needOf{subject: "has", list: id.Value}, func() need { return n.wordKeys(c.hasPhrases(node)) })
		}
		return n.wordKeys(c.hasPhrases(node))
	case "like":
		best := likeWord{}
		for _, w := range likeWords(c.literalText(node.Arguments[1])) {
			if len(w.runes) > len(best.runes) {
				best = w
			}
		}
		if len(best.runes) > 0 {
			return anyOf(likeKeys(best)...)
		}
		return never()
	}
	return need{}
}

// wordKeys is what is needed for one of several phrases to be found.
func (n *needs) wordKeys(groups [][][]string) need {
	count := 0
	for _, phrases := range groups {
		count += len(phrases)
	}
	if n.tooMany(count) {
		return need{}
	}
	keys := make([]fact, 0, count)
	for _, phrases := range groups {
		for _, phrase := range phrases {
			if len(phrase) > 0 { // what is no word is never found
				keys = append(keys, fact{kind: keyWord, text: longest(phrase)})
			}
		}
	}
	return anyOf(keys...)
}

// subject returns the name under which the value of an expression is looked up, if it may be: it reads the update, cannot
// fail and needs no other value.
func (n *needs) subject(node ast.Node) (string, bool) {
	name := ""
	switch node := node.(type) {
	case *ast.IdentifierNode:
		if _, isInput := n.inputs[node.Value]; !isInput || node.Value == "now" || n.isLet(node.Value) {
			return "", false
		}
		name = node.Value
	case *ast.MemberNode:
		property, isName := node.Property.(*ast.StringNode)
		if !isName {
			return "", false
		}
		base, isName := node.Node.(*ast.IdentifierNode)
		if inner, nested := node.Node.(*ast.MemberNode); nested {
			p, is := inner.Property.(*ast.StringNode)
			if base, isName = inner.Node.(*ast.IdentifierNode); !is || p.Value != "fields" || !isName || base.Value != "user" {
				return "", false
			}
			name = "user.fields." + property.Value
		} else if isName {
			name = base.Value + "." + property.Value
		}
		if !isName || n.isLet(base.Value) {
			return "", false
		}
		if o, found := n.objects[base.Value]; !found || o.absent != nil {
			return "", false
		}
	case *ast.BuiltinNode:
		if node.Name != "lower" || len(node.Arguments) != 1 {
			return "", false
		}
		inner, is := n.subject(node.Arguments[0])
		if !is || (inner != "text" && inner != "button" && inner != "args" && inner != "command") {
			return "", false
		}
		name = "lower(" + inner + ")"
	default:
		return "", false
	}
	if _, known := n.reads[name]; !known {
		c := &compiling{expressions: expressions{compiler: n.compiler}}
		explains := n.explains
		n.explains = false
		n.reads[name] = c.node(node)
		n.explains = explains
	}
	return name, true
}

// foldedText is the subject of patterns that ignore case: the text with one letter for all that differ by case.
const foldedText = "fold(text)"

// pattern returns what is needed for a regular expression to match.
func (n *needs) pattern(node ast.Node, pattern string) need {
	subject, is := n.subject(node)
	if !is {
		return n.present(node)
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return need{}
	}
	return n.regex(subject, re)
}

func (n *needs) regex(subject string, re *syntax.Regexp) need {
	switch re.Op {
	case syntax.OpNoMatch:
		return never()
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r == utf8.RuneError { // matches what is no text as well
				return need{}
			}
		}
		if re.Flags&syntax.FoldCase == 0 {
			return anyOf(gramOf(subject, string(re.Rune), n.uses))
		}
		if subject != "text" {
			return need{}
		}
		folded := make([]rune, len(re.Rune))
		for i, r := range re.Rune {
			folded[i] = foldOrbit(r)
		}
		n.reads[foldedText] = func(s *scope) value { return stringValue(s.foldedText()) }
		return anyOf(gramOf(foldedText, string(folded), n.uses))
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] < '0' || re.Rune[i+1] > '9' {
				return need{}
			}
		}
		if subject == "text" && len(re.Rune) > 0 {
			return anyOf(fact{kind: keyDigit})
		}
	case syntax.OpCapture, syntax.OpPlus:
		return n.regex(subject, re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return n.regex(subject, re.Sub[0])
		}
	case syntax.OpConcat:
		all := need{}
		for _, sub := range re.Sub {
			all = both(all, n.regex(subject, sub))
		}
		return all
	case syntax.OpAlternate:
		any := n.regex(subject, re.Sub[0])
		for _, sub := range re.Sub[1:] {
			any = n.either(any, n.regex(subject, sub))
		}
		return any
	}
	return need{}
}

// foldOrbit returns the smallest of the characters that differ only by case.
func foldOrbit(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - ('a' - 'A')
	case 'а' <= r && r <= 'я':
		return r - ('а' - 'А')
	case r < utf8.RuneSelf, 'А' <= r && r <= 'Я':
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
