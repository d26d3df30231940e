package dsl

import (
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
