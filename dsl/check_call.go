package dsl

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

var (
	clockForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
	dateForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// missingFunctions are functions of expr that people may know and that the language does without, and what to do instead.
var missingFunctions = map[string]string{
	"now": "the time is `now`, without parentheses", "date": "the day is `date`, without parentheses",
	"one": "write count(list, condition) == 1", "replace": "",
	"hasPrefix": "write text startsWith part", "hasSuffix": "write text endsWith part", "indexOf": "write text contains part",
	"keys": "", "values": "", "get": "", "type": "",
}

// unboundedFunctions are functions of expr whose costs nothing would bound.
var unboundedFunctions = []string{
	"reduce", "sum", "repeat", "groupBy", "sortBy", "sort", "concat", "flatten", "uniq", "toJSON", "fromJSON", "duration",
	"findIndex", "findLast", "findLastIndex", "mean", "median", "toPairs", "fromPairs", "toBase64", "fromBase64",
}

// call checks a call of a function.
func (x *expressionChecker) call(n ast.Node, name string, args []ast.Node, known facts) Type {
	f, found := x.functions[name]
	if !found {
		x.unknownFunction(n, name)
		for _, arg := range args {
			if _, isBody := arg.(*ast.PredicateNode); !isBody {
				x.node(arg, known)
			}
		}
		return anything
	}
	if least, most := f.Arity(); len(args) < least || most >= 0 && len(args) > most {
		x.errorf(x.at(n), CodeWrongType, "%s has %d arguments here; it is %s", name, len(args), f.Signature())
		return x.result(f, nil)
	}
	x.spend(f.Cost.Call)
	types := make([]Type, len(args))
	for i, arg := range args {
		p := f.Params[min(i, len(f.Params)-1)]
		var list Type
		if len(types) > 0 {
			list = types[0]
		}
		types[i] = x.argument(f, p, arg, list, known)
		switch types[i].Kind {
		case KindString:
			if x.isCutOnce(f, arg) {
				break
			}
			x.spendBytes(mul(types[i].Size, f.Cost.PerByte), 64)
		case KindList:
			x.spend(mul(types[i].Size, f.Cost.PerItem))
			x.spendBytes(mul(listBytes(types[i]), f.Cost.PerByte), 64)
		}
	}
	return x.special(n, f, args, types)
}

// isCutOnce tells whether an argument of has is the text of the update, which is cut into words once for all rules.
func (x *expressionChecker) isCutOnce(f Function, arg ast.Node) bool {
	id, is := arg.(*ast.IdentifierNode)
	return is && f.Name == "has" && id.Value == "text"
}

func (x *expressionChecker) unknownFunction(n ast.Node, name string) { x.noFunction(x.at(n), name) }

func (x *expressionChecker) noFunction(at Position, name string) {
	what := "there is no function `" + clip(name) + "`"
	if slices.Contains(unboundedFunctions, name) {
		x.errorf(at, CodeCost, "%s: nothing bounds what it costs and builds", what)
		return
	}
	if hint, known := missingFunctions[name]; known {
		if hint != "" {
			what += "; " + hint
		}
		x.errorf(at, CodeUnknownName, "%s", what)
		return
	}
	names := make([]string, 0, len(x.functions))
	for _, f := range Functions() {
		names = append(names, f.Name)
	}
	x.unknown(at, what, name, names, "there are "+wordList(names))
}

// argument checks one argument of a call. list is the type of the first one.
func (x *expressionChecker) argument(f Function, p Param, arg ast.Node, list Type, known facts) Type {
	if body, is := arg.(*ast.PredicateNode); is {
		return x.body(p, body, list, known)
	}
	if p.Kind == KindRegex {
		x.spend(1)
		s, literal := stringValueOf(arg)
		if !literal {
			x.errorf(x.at(arg), CodeBadRegex, "the pattern of %s is written out in quotes, so that it can be checked", f.Name)
			return anything
		}
		x.pattern(arg, s)
		return anything
	}
	if p.Literal {
		return x.literalArgument(f, p, arg, known)
	}
	t := x.node(arg, known)
	if p.Kind == KindAny {
		if f.Name == "string" {
			return t
		}
		return x.needs(arg, t)
	}
	t = x.needs(arg, t)
	fits := t.is(p.Kind) || p.Kind == KindFloat && t.isNumber() || p.Kind == KindNumber && t.isNumber() ||
		p.Kind == KindTest && t.is(KindBool) || p.Kind == KindBody
	if !fits {
		hint := ""
		switch {
		case p.Kind == KindString && t.isNumber():
			hint = "; write string(" + clip(arg.String()) + ")"
		case p.Kind == KindNumber && t.Kind == KindString, p.Kind == KindInt && t.Kind == KindString:
			hint = "; write int(" + clip(arg.String()) + ") ?? 0"
		}
		x.errorf(x.at(arg), CodeWrongType, "%s wants %s as `%s`, and this is %s%s", f.Name, Type{Kind: p.Kind}.phrase(), p.Name, t.phrase(), hint)
		return anything
	}
	return t
}

// literalArgument is a word or phrase that must be known before any update, or the name of a list.
func (x *expressionChecker) literalArgument(f Function, p Param, arg ast.Node, known facts) Type {
	x.spend(1)
	switch n := arg.(type) {
	case *ast.StringNode:
		if strings.TrimSpace(n.Value) == "" {
			x.errorf(x.at(arg), CodeWrongType, "a word of %s is empty", f.Name)
		}
		return Type{Kind: KindString, Size: len(n.Value)}
	case *ast.IdentifierNode:
		if b := x.lookup(n.Value, x.rule); b != nil && b.list != nil && p.Repeated {
			b.used = true
			return b.typ
		} else if b == nil {
			x.unknownName(n)
			return anything
		}
	case *ast.ArrayNode:
		if t := x.array(n, known); p.Repeated && t.Elem.is(KindString) {
			for _, item := range n.Nodes {
				if _, literal := stringValueOf(item); !literal {
					x.errorf(x.at(item), CodeWrongType, "the words of %s are written out in quotes", f.Name)
				}
			}
			return t
		}
	default:
		if t := x.node(arg, known); t.Kind == kindUnknown {
			return t
		}
	}
	names := "written out in quotes"
	if p.Repeated {
		names += ", or the name of a list"
	}
	x.errorf(x.at(arg), CodeWrongType, "a %s of %s is %s", p.Name, f.Name, names)
	return anything
}

// body checks what stands after the list in any, all, none, filter, map and count: once for each element.
func (x *expressionChecker) body(p Param, body *ast.PredicateNode, list Type, known facts) Type {
	elem := anything
	if list.Elem != nil {
		elem = *list.Elem
	}
	t, cost := x.bodyOf(p, body, elem, known)
	all, total := mul(cost, list.Size), 0
	if longest := elem.Size; elem.Kind == KindString && list.Total > 0 && longest > 0 && len(x.elements) < maxExactDepth {
		// Few elements can be long, since all of them together are bounded: what the body costs and builds grows at least in
		// proportion to its element, so it is most for as many of the longest as there can be, and empty ones beside.
		muted := x.mute
		x.mute = true
		elem.Size = 0
		empty, least := x.bodyOf(p, body, elem, known)
		x.mute = muted
		long := (list.Total + longest - 1) / longest
		all = min(all, add(mul(cost, long), mul(least+countNodes(body.Node), list.Size)))
		total = add(mul(t.Size, long), mul(empty.Size, list.Size))
	}
	x.spend(all)
	t.truth = depends
	// What the body is must not be counted as an argument again.
	return Type{Kind: kindNil, Elem: &t, Total: total}
}

// maxExactDepth is how deep in one another lists are gone through with the closer bound, which looks at bodies twice.
const maxExactDepth = 3

// bodyOf checks a body for one element, and returns what it makes and costs.
func (x *expressionChecker) bodyOf(p Param, body *ast.PredicateNode, elem Type, known facts) (Type, int) {
	before := x.cost
	x.cost = 0
	x.elements = append(x.elements, elem)
	var t Type
	if p.Kind == KindTest {
		t = x.condition(body.Node, known)
	} else {
		t = x.node(body.Node, known)
		if t.Kind == KindList || t.Kind == kindRecord || t.Kind == KindMap {
			x.errorf(x.at(body.Node), CodeWrongType, "map makes a text, a number, a time, true or false of each element, not %s", t.phrase())
			t = anything
		}
	}
	x.elements = x.elements[:len(x.elements)-1]
	cost := x.cost + 1
	x.cost = before
	return t, cost
}

// special finds the type of the result where it depends on the arguments.
func (x *expressionChecker) special(n ast.Node, f Function, args []ast.Node, types []Type) Type {
	arg := func(i int) Type {
		if i < len(types) {
			return types[i]
		}
		return anything
	}
	switch f.Name {
	case "lower", "upper":
		return x.built(n, Type{Kind: KindString, Size: mul(arg(0).Size, 2)}) // some letters grow
	case "trim":
		return Type{Kind: KindString, Size: arg(0).Size}
	case "split":
		list := listType(Type{Kind: KindString, Size: arg(0).Size}, arg(0).Size+1)
		list.Total = arg(0).Size
		if most := arg(2).Range; most != nil && most.low == most.high && most.low > 0 {
			list.Size = min(list.Size, most.low)
		}
		return list
	case "join":
		if e := arg(0).Elem; e != nil && !e.is(KindString) {
			x.errorf(x.at(args[0]), CodeWrongType, "join wants a list of strings, and this is a %s; write map(list, string(#))", arg(0))
		} else if e != nil && e.MaybeNil {
			x.errorf(x.at(args[0]), CodeMaybeNil, "elements of this list may be nil; write map(list, # ?? '')")
		}
		return x.built(n, Type{Kind: KindString, Size: add(listBytes(arg(0)), mul(arg(0).Size, arg(1).Size))})
	case "string":
		if k := arg(0).Kind; k == kindRecord || k == KindMap {
			x.errorf(x.at(args[0]), CodeWrongType, "%s is no single value; name one of its members", arg(0).phrase())
		}
		size := 64
		if arg(0).Kind == KindString {
			size = arg(0).Size
		} else if arg(0).Kind == KindList {
			size = add(listBytes(arg(0)), mul(arg(0).Size, 64))
		}
		return x.built(n, Type{Kind: KindString, Size: size})
	case "len":
		if k := arg(0).Kind; k != KindString && k != KindList && k != KindMap && k != kindUnknown {
			x.errorf(x.at(args[0]), CodeWrongType, "len counts the characters of a text or the elements of a list, and this is %s", arg(0).phrase())
		}
		return Type{Kind: KindInt, Range: &span{0, max(arg(0).Size, 0)}}
	case "int", "float":
		t := intType
		if f.Name == "float" {
			t = floatType
		}
		t.MaybeNil = !arg(0).isNumber()
		if k := arg(0); !k.isNumber() && !k.is(KindString) {
			x.errorf(x.at(args[0]), CodeWrongType, "%s makes a number of a text or a number, and this is %s", f.Name, k.phrase())
		}
		return t
	case "min", "max", "abs":
		t := types[0]
		for _, other := range types[1:] {
			t, _ = joinTypes(t, other)
		}
		t.Range = nil
		return t
	case "first", "last":
		if e := arg(0).Elem; e != nil {
			return maybe(*e)
		}
		return anything
	case "filter":
		return arg(0)
	case "map":
		elem := anything
		if e := arg(1).Elem; e != nil {
			elem = *e
		}
		list := listType(elem, arg(0).Size)
		list.Total = arg(1).Total
		return x.built(n, list)
	case "count":
		if e := arg(0).Elem; len(args) == 1 && e != nil && !e.is(KindBool) {
			x.errorf(x.at(n), CodeWrongType, "count needs a condition, as in count(list, # != \"\"); len counts all")
		}
		return Type{Kind: KindInt, Range: &span{0, max(arg(0).Size, 0)}}
	case "capture":
		return x.captured(args)
	case "format":
		return x.built(n, Type{Kind: KindString, Size: add(mul(arg(1).Size, 10), 64)})
	case "link":
		x.linkAddress(args[0])
		return x.built(n, Type{Kind: KindString, Size: add(mul(arg(0).Size, 3), 16)})
	case "find":
		return maybe(Type{Kind: KindString, Size: arg(0).Size})
	case "lang_of":
		return stringType(MaxTag)
	}
	return x.result(f, types)
}

// result is the type that the registry gives for a function.
func (x *expressionChecker) result(f Function, _ []Type) Type {
	t := Type{Kind: f.Result, MaybeNil: f.MaybeNil}
	switch f.Result {
	case KindAny, KindMap, KindNumber:
		return anything
	case KindString:
		t.Size = bytesOf(MaxText)
	case KindList:
		t = listType(anything, maxList)
	}
	return t
}

// captured is the map of the named groups of a pattern.
func (x *expressionChecker) captured(args []ast.Node) Type {
	s, literal := stringValueOf(args[1])
	if !literal {
		return anything
	}
	p := x.patterns[s]
	if p == nil || p.compiled == nil {
		return anything
	}
	r := &Record{Name: "capture(...)"}
	for _, name := range p.compiled.SubexpNames() {
		if name != "" {
			r.Members = append(r.Members, Member{Name: name, Type: maybe(stringType(MaxText))})
		}
	}
	if len(r.Members) == 0 {
		x.errorf(x.at(args[1]), CodeBadRegex, "capture gives the named groups of a pattern, and this has none; write (?P<name>...), or use find")
		return anything
	}
	return maybe(Type{Kind: kindRecord, Record: r})
}

func (x *expressionChecker) linkAddress(arg ast.Node) {
	if s, literal := stringValueOf(arg); literal && !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		x.errorf(x.at(arg), CodeWrongType, "link wants an address from https:// on")
	}
}
