package dsl

import "go.yaml.in/yaml/v4"

// testKeys are the keys of a test.
var testKeys = object[Test]{name: "a test", keys: []key[Test]{
	{
		name: "name", required: true, doc: "what the test shows", shape: textShape,
		read: func(r *reader, n *yaml.Node, t *Test) { t.Name = r.text(n, "`name`") },
	},
	{
		name: "user", doc: "the person: names, lang, tags, fields; anything that expressions see of a user",
		shape: mapOf(func() map[string]any { return map[string]any{} }, MaxFields),
		read:  func(r *reader, n *yaml.Node, t *Test) { t.User = r.facts(n, "`user`") },
	},
	{
		name: "at", doc: "the time at which it begins, such as 2026-03-02T10:00:00+02:00", shape: textShape,
		read: func(r *reader, n *yaml.Node, t *Test) { t.Start = r.text(n, "`at`") },
	},
	{
		name: "steps", required: true, doc: "what happens and what must follow, in turns", shape: listOf(ref("step"), MaxSteps),
		read: func(r *reader, n *yaml.Node, t *Test) {
			r.sequence(n, "`steps`", MaxSteps, func(item *yaml.Node) {
				step := Step{At: place(item)}
				readObject(r, item, stepKeys, &step)
				t.Steps = append(t.Steps, step)
			})
		},
	},
}}

// stepKeys are the keys of a step of a test.
var stepKeys = object[Step]{name: "a step", keys: []key[Step]{
	{
		name: "user", doc: "what the person does: a text, or press with a button's data, or event with its name",
		shape: oneOf(textShape, ref("act")),
		read: func(r *reader, n *yaml.Node, s *Step) {
			if n.Kind == yaml.MappingNode && !looksLikeHole(n) {
				readObject(r, n, actKeys, s)
				return
			}
			s.Say = r.text(n, "`user`")
		},
	},
	{
		name: "sent", doc: "a message that you send the person otherwise, which is `last` from then on: its text, or keys",
		shape: oneOf(textShape, ref("sent")),
		read: func(r *reader, n *yaml.Node, s *Step) {
			s.Sent = &Sent{At: place(n)}
			if n.Kind == yaml.MappingNode && !looksLikeHole(n) {
				readObject(r, n, sentKeys, s.Sent)
				return
			}
			s.Sent.Text = r.text(n, "`sent`")
		},
	},
	{
		name: "wait", doc: "time that passes, such as 13h", shape: lengthShape,
		read: func(r *reader, n *yaml.Node, s *Step) { s.Wait = r.length(n, "`wait`") },
	},
	{
		name: "rule", doc: "the rule that matched, or none", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Step) { s.Rule = r.text(n, "`rule`") },
	},
	{
		name: "bot", doc: "the replies, in their order; * matches any run of characters", shape: oneOrListOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, s *Step) { s.Bot = r.texts1(n, "`bot`", MaxEffects) },
	},
	{
		name: "silent", doc: "true: there is no reply", shape: flagShape,
		read: func(r *reader, n *yaml.Node, s *Step) { s.Silent = r.flag(n, "`silent`") },
	},
	{
		name: "buttons", doc: "all buttons under the replies, in rows: what stands on them, or keys; [] for none",
		shape: listOf(oneOrListOf(ref("wanted_button"), MaxRowButtons), MaxRows),
		read: func(r *reader, n *yaml.Node, s *Step) {
			s.Buttons.At = place(n)
			r.sequence(n, "`buttons`", MaxRows, func(row *yaml.Node) {
				var buttons []WantedButton
				r.oneOrList(row, "a row of buttons", MaxRowButtons, func(item *yaml.Node) {
					buttons = append(buttons, r.wantedButton(item))
				})
				s.Buttons.All = append(s.Buttons.All, buttons)
			})
		},
	},
	{
		name: "notify", doc: "all messages to others, in their order: the text, or keys; [] for none",
		shape: oneOrListOf(oneOf(textShape, ref("wanted_notice")), MaxEffects),
		read: func(r *reader, n *yaml.Node, s *Step) {
			r.wanted(n, "`notify`", &s.Notify.At, func(item *yaml.Node) { s.Notify.All = append(s.Notify.All, r.wantedNotice(item)) })
		},
	},
	{
		name: "forward", doc: "all labels under which the message is forwarded, in their order; [] for none",
		shape: oneOrListOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, s *Step) {
			r.wanted(n, "`forward`", &s.Forward.At, func(item *yaml.Node) {
				if label := r.text(item, "`forward`"); label.Known {
					s.Forward.All = append(s.Forward.All, label)
				}
			})
		},
	},
	{
		name: "tags", doc: "tags that the person has then, among others", shape: oneOrListOf(textShape, MaxEffects),
		read: func(r *reader, n *yaml.Node, s *Step) { s.Tags = r.texts1(n, "`tags`", MaxEffects) },
	},
	{
		name: "fields", doc: "fields that the person has then, among others", shape: mapOf(textShape, MaxFields),
		read: func(r *reader, n *yaml.Node, s *Step) { s.Fields = r.assignments(n, "`fields`") },
	},
}}

// actKeys are the keys of what a person does in a test, other than writing.
var actKeys = object[Step]{name: "what a person does", keys: []key[Step]{
	{
		name: "press", doc: "the data of the button that is pressed", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Step) { s.Press = r.text(n, "`press`") },
	},
	{
		name: "event", doc: "another event that is raised", shape: ref("event"),
		read: func(r *reader, n *yaml.Node, s *Step) { s.Event = r.text(n, "`event`") },
	},
	{
		name: "phone", doc: "with event: phone, the number that is shared; that of the person, or +380501234567, if left out", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Step) { s.Phone = r.text(n, "`phone`") },
	},
}}

// sentKeys are the keys of a message that a test says was sent.
var sentKeys = object[Sent]{name: "what was sent", keys: []key[Sent]{
	{
		name: "text", required: true, doc: "what it said", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Sent) { s.Text = r.text(n, "`text`") },
	},
	{
		name: "rule", doc: "the rule that sent it, if one did", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Sent) { s.Rule = r.text(n, "`rule`") },
	},
	{
		name: "label", doc: "the label that it was sent with", shape: textShape,
		read: func(r *reader, n *yaml.Node, s *Sent) { s.Label = r.text(n, "`label`") },
	},
}}

// wantedButtonKeys are the keys of a button that a test expects.
var wantedButtonKeys = object[WantedButton]{name: "a button that is expected", keys: []key[WantedButton]{
	{
		name: "text", doc: "what stands on it", shape: textShape,
		read: func(r *reader, n *yaml.Node, b *WantedButton) { b.Text = r.text(n, "`text`") },
	},
	{
		name: "data", doc: "what `button` is when it is pressed", shape: textShape,
		read: func(r *reader, n *yaml.Node, b *WantedButton) { b.Data = r.text(n, "`data`") },
	},
	{
		name: "url", doc: "the address that it opens", shape: textShape,
		read: func(r *reader, n *yaml.Node, b *WantedButton) { b.URL = r.text(n, "`url`") },
	},
}}

// wantedNoticeKeys are the keys of a message to somebody else that a test expects.
var wantedNoticeKeys = object[WantedNotice]{name: "a message that is expected", keys: []key[WantedNotice]{
	{
		name: "to", doc: "who gets it: a phone, a @name or a #id", shape: textShape,
		read: func(r *reader, n *yaml.Node, notice *WantedNotice) { notice.To = r.text(n, "`to`") },
	},
	{
		name: "text", doc: "what it says", shape: textShape,
		read: func(r *reader, n *yaml.Node, notice *WantedNotice) { notice.Text = r.text(n, "`text`") },
	},
}}

func (r *reader) wantedButton(n *yaml.Node) WantedButton {
	b := WantedButton{At: place(n)}
	if n.Kind == yaml.MappingNode && !looksLikeHole(n) {
		readObject(r, n, wantedButtonKeys, &b)
		return b
	}
	b.Text = r.text(n, "a button")
	return b
}

func (r *reader) wantedNotice(n *yaml.Node) WantedNotice {
	notice := WantedNotice{At: place(n)}
	if n.Kind == yaml.MappingNode && !looksLikeHole(n) {
		readObject(r, n, wantedNoticeKeys, &notice)
		return notice
	}
	notice.Text = r.text(n, "`notify`")
	return notice
}

// wanted reads what a step expects of one kind: one, or a list, which may be empty.
func (r *reader) wanted(n *yaml.Node, what string, at *Position, each func(item *yaml.Node)) {
	*at = place(n)
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		return
	}
	r.oneOrList(n, what, MaxEffects, each)
}

// facts reads what is known about the person of a test: scalars, `tags` as a list and `fields` as a mapping. A list
// becomes one assignment for each entry, a field one whose name is fields.NAME.
func (r *reader) facts(n *yaml.Node, what string) []Assignment {
	var all []Assignment
	r.named(n, what, MaxFields, func(name Scalar, value *yaml.Node) {
		label := "`" + clip(name.Value) + "`"
		switch {
		case name.Value == "tags":
			r.oneOrList(value, label, MaxFields, func(item *yaml.Node) {
				if s := r.text(item, "a tag"); s.Known {
					all = append(all, Assignment{Field: name, Value: s})
				}
			})
		case name.Value == "fields":
			r.named(value, label, MaxFields, func(field Scalar, item *yaml.Node) {
				if s := r.text(item, "`"+clip(field.Value)+"`"); s.Known {
					field.Value = "fields." + field.Value
					all = append(all, Assignment{Field: field, Value: s})
				}
			})
		default:
			if s := r.text(value, label); s.Known {
				all = append(all, Assignment{Field: name, Value: s})
			}
		}
	})
	return all
}
