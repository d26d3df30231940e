package dsl

import "go.yaml.in/yaml/v4"

// ruleKeys are the keys of a rule, in the order in which they are read, and in which effects happen.
var ruleKeys = object[Rule]{name: "a rule", keys: []key[Rule]{
	{
		name: "name", required: true, doc: "the name by which verdicts, tests and guards know the rule", shape: textShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Name = r.text(n, "`name`") },
	},
	{
		name: "on", required: true, doc: "the events that the rule is about, such as message or /start",
		shape: oneOrListOf(ref("event"), MaxEvents),
		read:  func(r *reader, n *yaml.Node, rule *Rule) { rule.On = r.texts1(n, "`on`", MaxEvents) },
	},
	{
		name: "let", doc: "named expressions of this rule", shape: mapOf(textShape, MaxLets),
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Lets = r.lets(n) },
	},
	{
		name: "when", doc: "the condition; always if left out", shape: textShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.When = r.text(n, "`when`") },
	},
	{
		name: "once", doc: "true: at most once per person", shape: flagShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) {
			rule.Once, rule.onceAt = r.flag(n, "`once`"), place(n)
		},
	},
	{
		name: "every", doc: "at most once per person in this time, such as 12h", shape: lengthShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Every = r.length(n, "`every`") },
	},
	{
		name: "continue", doc: "true: the rules below are tried as well", shape: flagShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Continue = r.flag(n, "`continue`") },
	},
	{
		name: "set", doc: "fields of the person and the expressions that give their values", shape: mapOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Set = r.assignments(n, "`set`") },
	},
	{
		name: "tag", doc: "tags that the person gets", shape: oneOrListOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Tag = r.texts1(n, "`tag`", MaxEffects) },
	},
	{
		name: "untag", doc: "tags that the person loses", shape: oneOrListOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Untag = r.texts1(n, "`untag`", MaxEffects) },
	},
	{
		name: "reply", doc: "what the person gets: a text, a phrase, or a list of them", shape: oneOrListOf(ref("reply"), MaxEffects),
		read: func(r *reader, n *yaml.Node, rule *Rule) {
			r.oneOrList(n, "`reply`", MaxEffects, func(item *yaml.Node) {
				rule.Reply = append(rule.Reply, r.reply(item, "`reply`", replyKeys))
			})
		},
	},
	{
		name: "ask_phone", doc: "a text that asks the person to share the phone, with the button for it", shape: ref("ask"),
		read: func(r *reader, n *yaml.Node, rule *Rule) {
			reply := r.reply(n, "`ask_phone`", askKeys)
			rule.AskPhone = &reply
		},
	},
	{
		name: "notify", doc: "a message to somebody else", shape: oneOrListOf(ref("notice"), MaxEffects),
		read: func(r *reader, n *yaml.Node, rule *Rule) {
			r.oneOrList(n, "`notify`", MaxEffects, func(item *yaml.Node) {
				notice := Notice{At: place(item)}
				readObject(r, item, noticeKeys, &notice)
				rule.Notify = append(rule.Notify, notice)
			})
		},
	},
	{
		name: "forward", doc: "hands the message to your handler, with this label", shape: textShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Forward = r.text(n, "`forward`") },
	},
	{
		name: "mute", doc: "no automatic replies to this person for so long", shape: lengthShape,
		read: func(r *reader, n *yaml.Node, rule *Rule) { rule.Mute = r.length(n, "`mute`") },
	},
}}

func (r *reader) assignments(n *yaml.Node, what string) []Assignment {
	var all []Assignment
	r.named(n, what, MaxEffects, func(name Scalar, value *yaml.Node) {
		all = append(all, Assignment{Field: name, Value: r.text(value, "`"+clip(name.Value)+"`")})
	})
	return all
}

// askKeys are the keys of a reply that brings its own button.
var askKeys = object[Reply]{name: "`ask_phone`", keys: []key[Reply]{
	{
		name: "text", doc: "the text, or one by language", shape: textsShape,
		read: func(r *reader, n *yaml.Node, reply *Reply) { reply.Text = r.texts(n, "`text`") },
	},
	{
		name: "phrase", doc: "the name of a phrase, instead of a text", shape: textShape,
		read: func(r *reader, n *yaml.Node, reply *Reply) { reply.Phrase = r.text(n, "`phrase`") },
	},
}}

// replyKeys are the keys of a reply.
var replyKeys = object[Reply]{name: "`reply`", keys: append(append([]key[Reply]{}, askKeys.keys...), key[Reply]{
	name: "buttons", doc: "rows of buttons under the reply: words, or keys with text, data and url",
	shape: listOf(oneOrListOf(ref("button"), MaxRowButtons), MaxRows),
	read: func(r *reader, n *yaml.Node, reply *Reply) {
		r.sequence(n, "`buttons`", MaxRows, func(row *yaml.Node) {
			var buttons []Button
			r.oneOrList(row, "a row of buttons", MaxRowButtons, func(item *yaml.Node) {
				buttons = append(buttons, r.button(item))
			})
			reply.Buttons = append(reply.Buttons, buttons)
		})
	},
})}

// reply reads a text, a text by language, or a mapping with text or phrase.
func (r *reader) reply(n *yaml.Node, what string, keys object[Reply]) Reply {
	reply := Reply{At: place(n)}
	if n.Kind != yaml.MappingNode || looksLikeHole(n) || looksLikeLanguages(n) {
		reply.Text = r.texts(n, what)
		return reply
	}
	before := len(r.list)
	readObject(r, n, keys, &reply)
	switch {
	case len(r.list) > before:
	case reply.Phrase.Known && len(reply.Text) > 0:
		r.errorf(reply.Phrase.At, CodeWrongType, "%s has both `text` and `phrase`; one of them is enough", what)
	case !reply.Phrase.Known && len(reply.Text) == 0:
		r.errorf(reply.At, CodeMissingKey, "%s needs `text` or `phrase`", what)
	}
	return reply
}

// buttonKeys are the keys of a button.
var buttonKeys = object[Button]{name: "a button", keys: []key[Button]{
	{
		name: "text", required: true, doc: "what stands on it, or that by language", shape: textsShape,
		read: func(r *reader, n *yaml.Node, b *Button) { b.Text = r.texts(n, "`text`") },
	},
	{
		name: "data", doc: "what `button` is in the rule that answers it; the text if left out", shape: textShape,
		read: func(r *reader, n *yaml.Node, b *Button) { b.Data = r.text(n, "`data`") },
	},
	{
		name: "url", doc: "an address that it opens instead", shape: textShape,
		read: func(r *reader, n *yaml.Node, b *Button) { b.URL = r.text(n, "`url`") },
	},
}}

func (r *reader) button(n *yaml.Node) Button {
	b := Button{At: place(n)}
	if n.Kind == yaml.MappingNode && !looksLikeHole(n) {
		readObject(r, n, buttonKeys, &b)
		if b.Data.Known && b.URL.Known {
			r.errorf(b.Data.At, CodeWrongType, "a button either comes back as `data` or opens its `url`, not both")
		}
		return b
	}
	b.Text = r.texts(n, "a button")
	return b
}

// noticeKeys are the keys of `notify`.
var noticeKeys = object[Notice]{name: "`notify`", keys: []key[Notice]{
	{
		name: "to", required: true, doc: "who gets it: a phone, a @name or a #id", shape: textShape,
		read: func(r *reader, n *yaml.Node, notice *Notice) { notice.To = r.text(n, "`to`") },
	},
	{
		name: "text", required: true, doc: "the text, or one by language", shape: textsShape,
		read: func(r *reader, n *yaml.Node, notice *Notice) { notice.Text = r.texts(n, "`text`") },
	},
}}
