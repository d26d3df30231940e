package rules

import (
	"fmt"
	"strings"
)

// diffContext is how many unchanged lines stand around a change.
const diffContext = 3

// maxDiffCells bounds the work of one comparison. Files that differ in more are told as replaced as a whole.
const maxDiffCells = 4 << 20

// edit is one line of a comparison: ' ' in both, '-' only in the old one, '+' only in the new one.
type edit struct {
	kind rune
	line string
}

// Diff compares two texts line by line and returns a unified diff; empty if they are equal.
func Diff(oldName, before, newName, after string) string {
	if before == after {
		return ""
	}
	edits := compare(lines(before), lines(after))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", oldName, newName)
	for from := 0; from < len(edits); {
		begin, end := nextHunk(edits, from)
		if begin < 0 {
			break
		}
		writeHunk(&b, edits, begin, end)
		from = end
	}
	return b.String()
}

func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// compare finds the longest common lines, after what both begin and end with.
func compare(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, edit{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	edits := append(head, middle(a, b)...)
	for i := len(tail) - 1; i >= 0; i-- {
		edits = append(edits, tail[i])
	}
	return edits
}

func middle(a, b []string) (edits []edit) {
	if len(a)*len(b) > maxDiffCells {
		return append(all('-', a), all('+', b)...)
	}
	longest := make([][]int32, len(a)+1) // of the common lines from here on
	for i := range longest {
		longest[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			edits = append(edits, edit{' ', a[i]})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			edits = append(edits, edit{'-', a[i]})
			i++
		default:
			edits = append(edits, edit{'+', b[j]})
			j++
		}
	}
	return append(append(edits, all('-', a[i:])...), all('+', b[j:])...)
}

func all(kind rune, lines []string) []edit {
	edits := make([]edit, len(lines))
	for i, line := range lines {
		edits[i] = edit{kind, line}
	}
	return edits
}

// nextHunk finds the next run of changes with its context, from an edit on: begin is -1 if there is none.
func nextHunk(edits []edit, from int) (begin, end int) {
	first := from
	for first < len(edits) && edits[first].kind == ' ' {
		first++
	}
	if first == len(edits) {
		return -1, len(edits)
	}
	last := first
	for i := first; i < len(edits) && i-last <= 2*diffContext; i++ {
		if edits[i].kind != ' ' {
			last = i
		}
	}
	return max(first-diffContext, from), min(last+diffContext+1, len(edits))
}

func writeHunk(b *strings.Builder, edits []edit, begin, end int) {
	count := func(edits []edit, without rune) (n int) {
		for _, e := range edits {
			if e.kind != without {
				n++
			}
		}
		return n
	}
	span := func(without rune) string {
		start, length := count(edits[:begin], without), count(edits[begin:end], without)
		if length > 0 {
			start++
		}
		return fmt.Sprintf("%d,%d", start, length)
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span('+'), span('-'))
	for _, e := range edits[begin:end] {
		b.WriteRune(e.kind)
		b.WriteString(e.line)
		b.WriteByte('\n')
	}
}
