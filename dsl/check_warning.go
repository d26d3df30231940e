package dsl

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// reachable warns of rules that can never be tried, because an earlier one always matches first.
func (c *checker) reachable() {
	for i, later := range c.rules {
		if later.broken || len(later.On) == 0 {
			continue
		}
		open := map[string]*ruleFacts{} // events for which an earlier rule always matches
		for _, earlier := range c.rules[:i] {
			if earlier.always() {
				for _, on := range earlier.On {
					if open[on.Value] == nil {
						open[on.Value] = earlier
					}
				}
			}
		}
		if first := covered(later, open); first != nil {
			c.warnf(later.At, CodeUnreachable, "this rule is never tried: `%s` on line %d always matches first", clip(first.Name.Value), first.At.Line)
			continue
		}
		for _, earlier := range c.rules[:i] {
			if earlier.unguarded() && c.coversEvents(earlier, later) && c.follows(later, earlier) {
				c.warnf(later.At, CodeUnreachable, "this rule never wins: whenever it holds, `%s` on line %d has matched first", clip(earlier.Name.Value), earlier.At.Line)
				break
			}
		}
	}
}

// covered returns the rule that always matches first, if for each event of a rule there is one.
func covered(r *ruleFacts, open map[string]*ruleFacts) *ruleFacts {
	var first *ruleFacts
	for _, on := range r.On {
		earlier := open[on.Value]
		if earlier == nil && strings.HasPrefix(on.Value, "/") {
			earlier = open[EventCommand]
		}
		if earlier == nil {
			return nil
		}
		if first == nil {
			first = earlier
		}
	}
	return first
}

func (c *checker) coversEvents(earlier, later *ruleFacts) bool {
	open := map[string]*ruleFacts{}
	for _, on := range earlier.On {
		open[on.Value] = earlier
	}
	return covered(later, open) != nil
}

// follows tells whether the condition of one rule can only hold where that of the other does.
func (c *checker) follows(later, earlier *ruleFacts) bool {
	a, b := later.when.tree, earlier.when.tree
	if a == nil || b == nil {
		return false
	}
	return c.implies(a, later, b, earlier, 0)
}

// implies tells whether b holds wherever a does, as far as that is easily seen.
func (c *checker) implies(a ast.Node, ra *ruleFacts, b ast.Node, rb *ruleFacts, depth int) bool {
	if depth > 8 {
		return false
	}
	if c.sameMeaning(a, ra, b, rb) || c.fewerWords(a, ra, b, rb) {
		return true
	}
	if n, is := b.(*ast.BinaryNode); is {
		switch n.Operator {
		case "or", "||":
			return c.implies(a, ra, n.Left, rb, depth+1) || c.implies(a, ra, n.Right, rb, depth+1)
		case "and", "&&":
			return c.implies(a, ra, n.Left, rb, depth+1) && c.implies(a, ra, n.Right, rb, depth+1)
		}
	}
	if n, is := a.(*ast.BinaryNode); is {
		switch n.Operator {
		case "and", "&&":
			return c.implies(n.Left, ra, b, rb, depth+1) || c.implies(n.Right, ra, b, rb, depth+1)
		case "or", "||":
			return c.implies(n.Left, ra, b, rb, depth+1) && c.implies(n.Right, ra, b, rb, depth+1)
		}
	}
	return false
}

// sameMeaning tells whether two expressions are written alike and use no name that only one of the rules has.
func (c *checker) sameMeaning(a ast.Node, ra *ruleFacts, b ast.Node, rb *ruleFacts) bool {
	return a.String() == b.String() && !usesOwn(a, ra) && !usesOwn(b, rb)
}

func usesOwn(n ast.Node, r *ruleFacts) bool {
	finder := ownNames{rule: r}
	ast.Walk(&n, &finder)
	return finder.found
}

type ownNames struct {
	rule  *ruleFacts
	found bool
}

func (o *ownNames) Visit(n *ast.Node) {
	if id, is := (*n).(*ast.IdentifierNode); is && o.rule != nil && o.rule.names[id.Value] != nil {
		o.found = true
	}
}

// fewerWords tells whether a is has(x, words) and b is has(x, more words).
func (c *checker) fewerWords(a ast.Node, ra *ruleFacts, b ast.Node, rb *ruleFacts) bool {
	textA, wordsA, okA := c.hasCall(a)
	textB, wordsB, okB := c.hasCall(b)
	if !okA || !okB || !c.sameMeaning(textA, ra, textB, rb) {
		return false
	}
	for _, w := range wordsA {
		if !slices.Contains(wordsB, w) {
			return false
		}
	}
	return true
}

func (c *checker) hasCall(n ast.Node) (text ast.Node, words []string, ok bool) {
	call, is := n.(*ast.CallNode)
	if !is || len(call.Arguments) < 2 {
		return nil, nil, false
	}
	if name, is := call.Callee.(*ast.IdentifierNode); !is || name.Value != "has" {
		return nil, nil, false
	}
	for _, arg := range call.Arguments[1:] {
		switch arg := arg.(type) {
		case *ast.StringNode:
			words = append(words, strings.ToLower(arg.Value))
		case *ast.IdentifierNode:
			b := c.names[arg.Value]
			if b == nil || b.list == nil {
				return nil, nil, false
			}
			for _, w := range b.list.Words {
				words = append(words, strings.ToLower(w.Value))
			}
		default:
			return nil, nil, false
		}
	}
	return call.Arguments[0], words, true
}

// buttons warns of buttons that nothing answers.
func (c *checker) buttons() {
	seen := map[string]bool{}
	for _, r := range c.rules {
		for i := range r.Reply {
			for _, row := range r.Reply[i].Buttons {
				for j := range row {
					b := &row[j]
					data := c.buttonData(b)
					if b.URL.Known || !data.Known || data.Value == "" || seen[data.Value] || strings.Contains(data.Value, "{{") {
						continue
					}
					seen[data.Value] = true
					if !c.answered(data.Value) {
						c.warnf(data.At, CodeButtonWithoutRule, "no rule answers the button `%s`: none is `on: button` and holds for it", clip(data.Value))
					}
				}
			}
		}
	}
}

func (c *checker) answered(data string) bool {
	for _, r := range c.rules {
		for _, on := range r.On {
			if on.Value == EventButton && (!r.When.Known || c.withButton(r.when.tree, r, data, 0) != fails) {
				return true
			}
		}
	}
	return false
}

// withButton tells how a condition comes out for a pressed button, if that alone decides it.
func (c *checker) withButton(n ast.Node, r *ruleFacts, data string, depth int) truth {
	if depth > 50 {
		return depends
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		return truthOf(n.Value)
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return c.withButton(n.Node, r, data, depth+1).not()
		}
	case *ast.IdentifierNode:
		if b := c.lookup(n.Value, r); b != nil && b.let != nil && b.checked.tree != nil {
			return c.withButton(b.checked.tree, b.rule, data, depth+1)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			left, right := c.withButton(n.Left, r, data, depth+1), c.withButton(n.Right, r, data, depth+1)
			decided := truthOf(n.Operator == "or" || n.Operator == "||")
			switch {
			case left == decided || right == decided:
				return decided
			case left == decided.not() && right == decided.not():
				return decided.not()
			}
			return depends
		}
		return c.buttonComparison(n, data)
	}
	return depends
}

func (c *checker) buttonComparison(n *ast.BinaryNode, data string) truth {
	left, right := n.Left, n.Right
	if _, is := left.(*ast.StringNode); is && (n.Operator == "==" || n.Operator == "!=") {
		left, right = right, left
	}
	if id, is := left.(*ast.IdentifierNode); !is || id.Value != "button" {
		return depends
	}
	if s, is := stringValueOf(right); is {
		switch n.Operator {
		case "==":
			return truthOf(data == s)
		case "!=":
			return truthOf(data != s)
		case "startsWith":
			return truthOf(strings.HasPrefix(data, s))
		case "endsWith":
			return truthOf(strings.HasSuffix(data, s))
		case "contains":
			return truthOf(strings.Contains(data, s))
		case "matches":
			if p := c.patterns[s]; p != nil && p.compiled != nil {
				return truthOf(p.compiled.MatchString(data))
			}
		}
		return depends
	}
	if n.Operator != "in" {
		return depends
	}
	switch list := right.(type) {
	case *ast.ArrayNode:
		for _, item := range list.Nodes {
			s, literal := stringValueOf(item)
			if !literal {
				return depends
			}
			if s == data {
				return holds
			}
		}
		return fails
	case *ast.IdentifierNode:
		if b := c.names[list.Value]; b != nil && b.list != nil {
			return truthOf(slices.ContainsFunc(b.list.Words, func(w Scalar) bool { return w.Value == data }))
		}
	}
	return depends
}

// languages warns of texts that lack a language which others have.
func (c *checker) languages() {
	var all []string
	each := func(visit func(at Position, what string, texts Texts)) {
		for _, p := range c.file.Phrases {
			visit(p.Name.At, "the phrase `"+clip(p.Name.Value)+"`", p.Text)
		}
		for _, r := range c.rules {
			for _, reply := range r.Reply {
				visit(reply.At, "this reply", reply.Text)
			}
			if r.AskPhone != nil {
				visit(r.AskPhone.At, "this text", r.AskPhone.Text)
			}
		}
	}
	each(func(_ Position, _ string, texts Texts) {
		for _, t := range texts {
			if l, ok := language(t.Language.Value); ok && !slices.Contains(all, l) {
				all = append(all, l)
			}
		}
	})
	slices.Sort(all)
	each(func(at Position, what string, texts Texts) {
		var has []string
		for _, t := range texts {
			if l, ok := language(t.Language.Value); ok {
				has = append(has, l)
			}
		}
		if len(has) == 0 {
			return
		}
		var lacks []string
		for _, l := range all {
			general, _, _ := strings.Cut(l, "-")
			if !slices.Contains(has, l) && !slices.Contains(has, general) {
				lacks = append(lacks, l)
			}
		}
		if len(lacks) > 0 {
			c.warnf(at, CodeMissingLanguage, "%s is not written in %s, and other texts are", what, wordList(lacks))
		}
	})
}

// unused warns of what is defined and never used.
func (c *checker) unused() {
	if c.incomplete {
		return // an expression that could not be read may use it
	}
	warn := func(b *binding, what string) {
		if b != nil && !b.used {
			c.warnf(b.name.At, CodeUnused, "%s `%s` is never used", what, clip(b.name.Value))
		}
	}
	for _, f := range c.file.Fields {
		warn(c.fields[f.Name.Value], "the field")
	}
	for _, l := range c.file.Lists {
		warn(c.names[l.Name.Value], "the list")
	}
	for _, l := range c.file.Lets {
		warn(c.names[l.Name.Value], "the named expression")
	}
	for _, p := range c.file.Phrases {
		warn(c.phrases[p.Name.Value], "the phrase")
	}
	for _, r := range c.rules {
		for _, l := range r.Lets {
			warn(r.names[l.Name.Value], "the named expression")
		}
	}
}
