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
