package dsl

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

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

// maxAnswerSteps bounds the search for rules that answer buttons. What is not looked at is not warned of.
const maxAnswerSteps = 2_000_000

func (c *checker) answered(data string) bool {
	p := pressed{checker: c, data: data, lets: map[*binding]truth{}}
	for _, r := range c.rules {
		for _, on := range r.On {
			if on.Value == EventButton && (!r.When.Known || p.condition(r.when.tree, r) != fails) {
				return true
			}
		}
	}
	return false
}

// pressed is what is known while a button with this data is pressed.
type pressed struct {
	*checker
	data string
	lets map[*binding]truth // of named expressions
}

// condition tells how a condition comes out for the button, if that alone decides it.
func (p *pressed) condition(n ast.Node, r *ruleFacts) truth {
	if p.answerSteps++; p.answerSteps > maxAnswerSteps {
		return depends
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		return truthOf(n.Value)
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return p.condition(n.Node, r).not()
		}
	case *ast.IdentifierNode:
		b := p.checkedLet(n.Value, r)
		if b == nil {
			return depends
		}
		known, found := p.lets[b]
		if !found {
			p.lets[b] = depends // a definition in a circle is reported elsewhere
			known = p.condition(b.checked.tree, b.rule)
			p.lets[b] = known
		}
		return known
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			left, right := p.condition(n.Left, r), p.condition(n.Right, r)
			decided := truthOf(n.Operator == "or" || n.Operator == "||")
			switch {
			case left == decided || right == decided:
				return decided
			case left == decided.not() && right == decided.not():
				return decided.not()
			}
			return depends
		}
		return p.comparison(n)
	}
	return depends
}

func (p *pressed) comparison(n *ast.BinaryNode) truth {
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
			return truthOf(p.data == s)
		case "!=":
			return truthOf(p.data != s)
		case "startsWith":
			return truthOf(strings.HasPrefix(p.data, s))
		case "endsWith":
			return truthOf(strings.HasSuffix(p.data, s))
		case "contains":
			return truthOf(strings.Contains(p.data, s))
		case "matches":
			if pattern := p.patterns[s]; pattern != nil && pattern.compiled != nil {
				p.answerSteps += len(s)
				return truthOf(pattern.compiled.MatchString(p.data))
			}
		}
		return depends
	}
	if n.Operator != "in" {
		return depends
	}
	switch list := right.(type) {
	case *ast.ArrayNode:
		p.answerSteps += len(list.Nodes)
		for _, item := range list.Nodes {
			s, literal := stringValueOf(item)
			if !literal {
				return depends
			}
			if s == p.data {
				return holds
			}
		}
		return fails
	case *ast.IdentifierNode:
		if b := p.names[list.Value]; b != nil && b.list != nil {
			p.answerSteps += len(b.list.Words)
			return truthOf(slices.ContainsFunc(b.list.Words, func(w Scalar) bool { return w.Value == p.data }))
		}
	}
	return depends
}

// languages warns of texts that lack a language which others have.
func (c *checker) languages() {
	known := map[string]bool{}
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
			if l, ok := language(t.Language.Value); ok {
				known[l] = true
			}
		}
	})
	if len(known) > MaxLanguages {
		return // no text can be written in all of them
	}
	all := slices.Sorted(maps.Keys(known))
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
	for i := range c.file.Lists {
		if b := c.names[c.file.Lists[i].Name.Value]; b != nil && b.list == &c.file.Lists[i] {
			warn(b, "the list")
		}
	}
	for i := range c.file.Lets {
		if b := c.names[c.file.Lets[i].Name.Value]; b != nil && b.let == &c.file.Lets[i] {
			warn(b, "the named expression")
		}
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
