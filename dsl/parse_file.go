package dsl

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Version is the language version that files name with `herald: 1`.
const Version = 1

// FieldTypes are the types that fields of a person may have.
var FieldTypes = []string{"string", "int", "float", "bool", "time"}

// fileKeys are the keys of a rule file.
var fileKeys = object[File]{name: "a rule file", keys: []key[File]{
	{
		name: "herald", required: true, doc: "the version of the language, 1",
		shape: func() map[string]any { return map[string]any{"const": Version} },
		read: func(r *reader, n *yaml.Node, f *File) {
			if s := r.text(n, "`herald`"); s.Known && s.Value != "1" {
				r.errorf(s.At, CodeWrongType, "version `%s` of the language is not known here; write `herald: 1`", clip(s.Value))
			}
			f.Version = Version
		},
	},
	{
		name: "language", required: true, doc: "the language that the texts are written in, such as en", shape: languageShape,
		read: func(r *reader, n *yaml.Node, f *File) { f.Language = r.text(n, "`language`") },
	},
	{
		name: "timezone", doc: "where clock, weekday and date are told, such as Europe/Kyiv; UTC if left out", shape: textShape,
		read: func(r *reader, n *yaml.Node, f *File) { f.Timezone = r.text(n, "`timezone`") },
	},
	{
		name: "fields", doc: "what the file keeps about a person: name and type", shape: mapOf(choice(FieldTypes...), MaxFields),
		read: func(r *reader, n *yaml.Node, f *File) {
			r.named(n, "`fields`", MaxFields, func(name Scalar, value *yaml.Node) {
				f.Fields = append(f.Fields, Field{Name: name, Type: r.text(value, "the type of `"+clip(name.Value)+"`")})
			})
		},
	},
	{
		name: "lists", doc: "named lists of words, for has() and in", shape: mapOf(listOf(textShape, MaxWords), MaxLists),
		read: func(r *reader, n *yaml.Node, f *File) {
			r.named(n, "`lists`", MaxLists, func(name Scalar, value *yaml.Node) {
				l := List{Name: name}
				what := "the list `" + clip(name.Value) + "`"
				r.sequence(value, what, MaxWords, func(item *yaml.Node) {
					if s := r.text(item, "a word of "+what); s.Known {
						l.Words = append(l.Words, s)
					}
				})
				f.Lists = append(f.Lists, l)
			})
		},
	},
	{
		name: "let", doc: "named expressions, to use in others", shape: mapOf(textShape, MaxLets),
		read: func(r *reader, n *yaml.Node, f *File) { f.Lets = r.lets(n) },
	},
	{
		name: "phrases", doc: "named texts, each in one or several languages", shape: mapOf(textsShape, MaxPhrases),
		read: func(r *reader, n *yaml.Node, f *File) {
			r.named(n, "`phrases`", MaxPhrases, func(name Scalar, value *yaml.Node) {
				f.Phrases = append(f.Phrases, Phrase{Name: name, Text: r.texts(value, "the phrase `"+clip(name.Value)+"`")})
			})
		},
	},
	{
		name: "translate", doc: "what is translated, and into which language", shape: ref("translate"),
		read: func(r *reader, n *yaml.Node, f *File) {
			f.Translate.At = place(n)
			readObject(r, n, translateKeys, &f.Translate)
		},
	},
	{
		name: "rules", doc: "the rules, tried from the first on; the first that matches wins", shape: listOf(ref("rule"), MaxRules),
		read: func(r *reader, n *yaml.Node, f *File) {
			r.sequence(n, "`rules`", MaxRules, func(item *yaml.Node) {
				rule := Rule{At: place(item)}
				before := len(r.list)
				readObject(r, item, ruleKeys, &rule)
				rule.broken = len(r.list) > before
				f.Rules = append(f.Rules, rule)
			})
		},
	},
	{
		name: "tests", doc: "conversations that the file is held against", shape: listOf(ref("test"), MaxTests),
		read: func(r *reader, n *yaml.Node, f *File) {
			r.sequence(n, "`tests`", MaxTests, func(item *yaml.Node) {
				test := Test{At: place(item)}
				readObject(r, item, testKeys, &test)
				f.Tests = append(f.Tests, test)
			})
		},
	},
}}

// translateKeys are the keys of `translate`.
var translateKeys = object[Translation]{name: "`translate`", keys: []key[Translation]{
	{
		name: "replies", doc: "the language of replies that are not written in the person's; the first entry that holds counts",
		shape: listOf(ref("target"), MaxTargets),
		read:  func(r *reader, n *yaml.Node, t *Translation) { t.Replies = r.targets(n, "`replies`") },
	},
	{
		name: "incoming", doc: "the language into which what people write is translated", shape: listOf(ref("target"), MaxTargets),
		read: func(r *reader, n *yaml.Node, t *Translation) { t.Incoming = r.targets(n, "`incoming`") },
	},
	{
		name: "keep", doc: "names and terms that are never translated", shape: oneOrListOf(textShape, MaxKeep),
		read: func(r *reader, n *yaml.Node, t *Translation) { t.Keep = r.texts1(n, "`keep`", MaxKeep) },
	},
}}

// targetKeys are the keys of an entry of `translate`.
var targetKeys = object[Target]{name: "a target of translation", keys: []key[Target]{
	{
		name: "when", doc: "a condition; always if left out", shape: textShape,
		read: func(r *reader, n *yaml.Node, t *Target) { t.When = r.text(n, "`when`") },
	},
	{
		name: "to", required: true, doc: "a language such as uk, or user.lang", shape: textShape,
		read: func(r *reader, n *yaml.Node, t *Target) { t.To = r.text(n, "`to`") },
	},
}}

func (r *reader) targets(n *yaml.Node, what string) []Target {
	var targets []Target
	r.oneOrList(n, what, MaxTargets, func(item *yaml.Node) {
		t := Target{At: place(item)}
		readObject(r, item, targetKeys, &t)
		targets = append(targets, t)
	})
	return targets
}

// lets reads named expressions.
func (r *reader) lets(n *yaml.Node) []Let {
	var lets []Let
	r.named(n, "`let`", MaxLets, func(name Scalar, value *yaml.Node) {
		lets = append(lets, Let{Name: name, Value: r.text(value, "`"+clip(name.Value)+"`")})
	})
	return lets
}

// texts1 reads a text or a list of texts.
func (r *reader) texts1(n *yaml.Node, what string, limit int) []Scalar {
	var all []Scalar
	r.oneOrList(n, what, limit, func(item *yaml.Node) {
		if s := r.text(item, what); s.Known {
			all = append(all, s)
		}
	})
	return all
}

func textsShape() map[string]any {
	byLanguage := map[string]any{
		"type": "object", "patternProperties": map[string]any{languagePattern: textShape()}, "additionalProperties": false,
		"minProperties": 1, "maxProperties": MaxLanguages,
	}
	return oneOf(textShape, func() map[string]any { return byLanguage })()
}

// texts reads a text, or one text by language.
func (r *reader) texts(n *yaml.Node, what string) Texts {
	if n.Kind != yaml.MappingNode || looksLikeHole(n) {
		if s := r.text(n, what); s.Known {
			return Texts{{Text: s}}
		}
		return nil
	}
	if len(n.Content) == 0 {
		r.errorf(place(n), CodeWrongType, "%s has no language", what)
	}
	var texts Texts
	r.named(n, what, MaxLanguages, func(name Scalar, value *yaml.Node) {
		texts = append(texts, Text{Language: name, Text: r.text(value, what+" in "+clip(name.Value))})
	})
	return texts
}

// looksLikeHole tells whether YAML took a text that begins with {{ for a mapping.
func looksLikeHole(n *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode
}

// isLanguage tells whether the keys of a mapping look like languages, so that a text may stand here by language.
func looksLikeLanguages(n *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if _, ok := language(n.Content[i].Value); !ok || strings.Contains(n.Content[i].Value, "_") {
			return false
		}
	}
	return len(n.Content) > 0
}
