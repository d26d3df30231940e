package dsl

import (
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// call compiles a call of one of the language's own functions.
func (c *compiling) call(n *ast.CallNode) eval {
	callee, isName := n.Callee.(*ast.IdentifierNode)
	if !isName {
		c.refuse(n, CodeUnknownName, "only functions can be called")
	}
	f, found := c.functions[callee.Value]
	if !found || !f.Own {
		c.refuse(n, CodeUnknownName, "there is no function "+callee.Value)
	}
	c.countArguments(n, f, len(n.Arguments))
	at := c.at(n)
	first := c.node(n.Arguments[0])
	text := func(s *scope) string {
		v := first(s)
		switch v.kind {
		case isString:
			s.spend(1+len(v.str)/16, at)
			return v.str
		case isNil:
			return ""
		default:
			panic(fault{at: at, message: f.Name + " needs a text, not " + v.kindName()})
		}
	}
	switch f.Name {
	case "has":
		return c.has(n, text)
	case "like":
		phrase := likeWords(c.literalText(n.Arguments[1]))
		return func(s *scope) value { return boolValue(s.wordsOf(text(s)).like(phrase)) }
	case "find":
		re := c.pattern(n.Arguments[1])
		return func(s *scope) value {
			t := text(s)
			if place := re.FindStringIndex(t); place != nil {
				return stringValue(t[place[0]:place[1]])
			}
			return nilValue
		}
	case "capture":
		re := c.pattern(n.Arguments[1])
		return func(s *scope) value { return captured(re, text(s)) }
	case "lang_of":
		return func(s *scope) value { return stringValue(s.langOf(text(s))) }
	case "ago":
		return func(s *scope) value { return floatValue(s.now.Sub(timeOf(first(s), f, at)).Hours()) }
	case "format":
		layout := c.node(n.Arguments[1])
		return func(s *scope) value {
			t, l := timeOf(first(s), f, at), layout(s)
			if l.kind != isString {
				panic(fault{at: at, message: "the layout of format is a text"})
			}
			s.spend(len(l.str), at)
			return stringValue(cut(t.In(s.program.zone).Format(cut(l.str, maxLayout)), maxBuiltString))
		}
	case "link":
		return func(s *scope) value { return stringValue(s.link(text(s))) }
	default:
		c.refuse(n, CodeUnknownName, "there is no function "+f.Name)
		return nil
	}
}

// maxLayout bounds the layout of format in bytes.
const maxLayout = 256

func timeOf(v value, f Function, at spot) time.Time {
	if v.kind != isTime {
		panic(fault{at: at, message: f.Name + " needs a time, not " + v.kindName()})
	}
	return v.time()
}

func (c *compiling) countArguments(n ast.Node, f Function, count int) {
	least, most := f.Arity()
	if count < least || most >= 0 && count > most {
		c.refuse(n, CodeWrongType, fmt.Sprintf("this is called as %s", f.Signature()))
	}
}

func (c *compiling) has(n *ast.CallNode, text func(*scope) string) eval {
	groups := c.hasPhrases(n)
	if len(groups) == 1 && len(groups[0]) == 1 {
		only := groups[0][0]
		return func(s *scope) value { return boolValue(s.wordsOf(text(s)).has(only)) }
	}
	at, count := c.at(n), 0
	for _, phrases := range groups {
		count += len(phrases)
	}
	return func(s *scope) value {
		words := s.wordsOf(text(s))
		s.spend(count, at)
		for _, phrases := range groups {
			for _, phrase := range phrases {
				if words.has(phrase) {
					return boolValue(true)
				}
			}
		}
		return boolValue(false)
	}
}

// hasPhrases returns what has looks for: each phrase as its words, those of each argument in a group. Lists are named by many
// rules, which share the groups.
func (c *compiling) hasPhrases(n *ast.CallNode) [][][]string {
	groups := make([][][]string, len(n.Arguments)-1)
	for i, argument := range n.Arguments[1:] {
		list := ""
		if id, isName := argument.(*ast.IdentifierNode); isName {
			list = id.Value
			if shared, known := c.listPhrases[list]; known {
				groups[i] = shared
				continue
			}
		}
		words, known := c.argumentWords(argument)
		if !known {
			c.refuse(argument, CodeWrongType, "has needs words that are written out, or the name of a list")
		}
		for _, word := range words {
			groups[i] = append(groups[i], c.phrase(word))
		}
		if list != "" {
			c.listPhrases[list] = groups[i]
		}
	}
	return groups
}

// phrase returns the words of a text. Lists are named by many rules, so that each text is cut once.
func (c *compiling) phrase(text string) []string {
	words, known := c.phraseWords[text]
	if !known {
		words = wordsOf(text)
		c.phraseWords[text] = words
	}
	return words
}

func (c *compiling) literalText(n ast.Node) string {
	v, is := literal(n)
	if !is || v.kind != isString {
		c.refuse(n, CodeWrongType, "this must be a text that is written out")
	}
	return v.str
}

// pattern returns a regular expression, which is compiled once however many expressions have it.
func (c *compiling) pattern(n ast.Node) *regexp.Regexp {
	v, is := literal(n)
	if !is || v.kind != isString {
		c.refuse(n, CodeBadRegex, "a pattern must be written out")
	}
	if re, known := c.patterns[v.str]; known {
		return re
	}
	if len(v.str) > MaxPattern*utf8.UTFMax {
		c.refuse(n, CodeBadRegex, fmt.Sprintf("this pattern is longer than %d characters", MaxPattern))
	}
	re, err := regexp.Compile(v.str)
	if err != nil {
		c.refuse(n, CodeBadRegex, "this is no regular expression (RE2)")
	}
	c.patterns[v.str] = re
	return re
}

func captured(re *regexp.Regexp, text string) value {
	places := re.FindStringSubmatchIndex(text)
	if places == nil {
		return nilValue
	}
	groups := make(map[string]value)
	for i, name := range re.SubexpNames() {
		if name == "" {
			continue
		}
		if from, to := places[2*i], places[2*i+1]; from >= 0 {
			groups[name] = stringValue(text[from:to])
		} else if _, taken := groups[name]; !taken {
			groups[name] = nilValue
		}
	}
	return mapValue(groups)
}
