package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"herald/dsl"
)

//go:embed page.tmpl
var source string

// page is the whole reference.
func page() (string, error) {
	// Rule files are full of {{ }}.
	t, err := template.New("page.tmpl").Delims("<%", "%>").Funcs(template.FuncMap{
		"keys": keys, "events": events, "effects": effects, "names": names, "values": values, "functions": functions, "expr": examples,
		"diagnostics": diagnostics, "limits": limits, "fieldTypes": func() string { return ticked(dsl.FieldTypes) }, "cost": costs,
	}).Parse(source)
	if err != nil {
		return "", fmt.Errorf("read the page: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", fmt.Errorf("write the page: %w", err)
	}
	return b.String(), nil
}

// table writes rows under a head.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	line(slices.Repeat([]string{"---"}, len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		line(row)
	}
	return strings.TrimRight(b.String(), "\n")
}

func ticked(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }

// keys are the keys of one kind of mapping.
func keys(name string) (string, error) {
	for _, m := range dsl.Mappings() {
		if strings.Trim(m.Name, "`") != name {
			continue
		}
		var rows [][]string
		for _, k := range m.Keys {
			doc := k.Doc
			if k.Required {
				doc += " (required)"
			}
			rows = append(rows, []string{"`" + k.Name + "`", doc})
		}
		return table([]string{"key", "what it is"}, rows), nil
	}
	return "", fmt.Errorf("there are no keys of %s", name)
}

func events() string {
	var rows [][]string
	for _, e := range dsl.EventInfos() {
		rows = append(rows, []string{"`" + e.Name + "`", e.Doc})
	}
	return table([]string{"event", "when it is raised"}, rows)
}

func effects() string {
	var rows [][]string
	for _, e := range dsl.EffectInfos() {
		muted := "left out"
		if e.Muted {
			muted = "happens"
		}
		rows = append(rows, []string{"`" + string(e.Kind) + "`", e.Doc, muted})
	}
	return table([]string{"effect", "what it does", "for a muted person"}, rows)
}

// eachName calls f for every name that expressions see, members under the full name.
func eachName(f func(name string, m dsl.Member)) {
	file, _ := dsl.CheckSource("names", []byte(exampleFile("nil")), environment())
	var visit func(before string, members []dsl.Member)
	visit = func(before string, members []dsl.Member) {
		for _, m := range members {
			f(before+m.Name, m)
			if m.Type.Record != nil {
				dot := "."
				if m.Type.MaybeNil {
					dot = "?."
				}
				visit(before+m.Name+dot, m.Type.Record.Members)
			}
		}
	}
	visit("", file.Names())
}

func names() string {
	var rows [][]string
	eachName(func(name string, m dsl.Member) {
		if strings.HasPrefix(name, "user.fields.") {
			return
		}
		kind := m.Type.String()
		if m.Type.Record != nil {
			kind = "its members"
		}
		if m.Type.MaybeNil {
			kind += ", or nil"
		}
		rows = append(rows, []string{"`" + name + "`", kind, m.Doc})
	})
	return table([]string{"name", "type", "what it is"}, rows)
}

// values shows what the names are for the message that the examples are about.
func values() (string, error) {
	var sources []string
	eachName(func(name string, m dsl.Member) {
		if m.Type.Record == nil {
			sources = append(sources, name)
		}
	})
	return evaluated(sources)
}

// examples shows what expressions come to, one to a line.
func examples(sources string) (string, error) {
	return evaluated(strings.Split(strings.Trim(sources, "\n"), "\n"))
}

func evaluated(sources []string) (string, error) {
	lines := make([]string, len(sources))
	for i, source := range sources {
		value, err := evaluate(source)
		if err != nil {
			return "", err
		}
		lines[i] = source + arrow + value
	}
	return block("expr", strings.Join(lines, "\n")), nil
}

func block(kind, text string) string {
	return "```" + kind + "\n" + strings.TrimRight(text, "\n") + "\n```"
}

// functions describes the language's own functions, or those of expr.
func functions(own bool) (string, error) {
	var b strings.Builder
	for _, f := range dsl.Functions() {
		if f.Own != own {
			continue
		}
		fmt.Fprintf(&b, "### %s\n\n`%s`\n\n%s%s\n\n", f.Name, f.Signature(), f.Doc, written(f))
		sources := make([]string, len(f.Examples))
		for i, e := range f.Examples {
			sources[i] = e.Source
		}
		lines, err := evaluated(sources)
		if err != nil {
			return "", err
		}
		b.WriteString(lines + "\n\n")
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

// written names the arguments that must be written out.
func written(f dsl.Function) string {
	var all []string
	for _, p := range f.Params {
		if p.Literal {
			all = append(all, "`"+p.Name+"`")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " " + strings.Join(all, " and ") + " must be written out, so that it is known before any update."
}

func costs() string {
	var rows [][]string
	for _, f := range dsl.Functions() {
		rows = append(rows, []string{"`" + f.Name + "`", fmt.Sprint(f.Cost.Call), fmt.Sprint(f.Cost.PerByte), fmt.Sprint(f.Cost.PerItem)})
	}
	return table([]string{"function", "a call", "for each 64 bytes of its texts", "for each element of its lists"}, rows)
}
