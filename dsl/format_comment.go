package dsl

import (
	"sort"
	"strings"

	"go.yaml.in/yaml/v4"
)

// comment is one comment of a file.
type comment struct {
	text string
	line int
	gap  bool // an empty line stands above it
	at   int  // its offset
}

// note is what stands around an entry of a mapping or an element of a list.
type note struct {
	above  []comment
	beside string
	gap    bool // an empty line stands above, of the first comment if there are some
	apart  bool // an empty line stands between the comments and the entry
}

// notes are the comments of a file, by the nodes that they stay with: the keys of mappings and the elements of lists.
type notes struct {
	at     map[*yaml.Node]note
	inside map[*yaml.Node]bool // collections in brackets with comments inside
	first  []comment           // on top of the file, apart from its first entry
	last   []comment           // below everything
}

// anchorage is a node that comments can stay with.
type anchorage struct {
	node   *yaml.Node
	line   int
	offset int
}

// collectNotes finds all comments of a file: every # after a blank that is not part of a scalar.
func collectNotes(src *source, root *yaml.Node) *notes {
	n := &notes{at: map[*yaml.Node]note{}, inside: map[*yaml.Node]bool{}}
	w := &noteWalker{src: src}
	w.walk(root, false)
	sort.SliceStable(w.anchors, func(i, j int) bool { return w.anchors[i].offset < w.anchors[j].offset })
	comments := w.comments()

	// Collections in brackets that have comments inside are written over several lines, so that their entries can carry
	// them. Which these are is known first, for the entries of the others carry nothing.
	for _, c := range comments {
		for _, f := range w.flows {
			if c.at > f.start && c.at < f.end {
				n.inside[f.node] = true
			}
		}
	}
	var anchors []anchorage
	for _, a := range w.anchors {
		hidden := false
		for _, f := range w.flows {
			hidden = hidden || a.offset > f.start && a.offset < f.end && !n.inside[f.node]
		}
		if !hidden {
			anchors = append(anchors, a)
		}
	}

	used := map[int]bool{}
	for i, c := range comments {
		if !w.standsAlone(c) {
			n.beside(anchors, c)
			used[i] = true
		}
	}
	next := 0
	for _, a := range anchors {
		at := n.at[a.node]
		for ; next < len(comments) && comments[next].at < a.offset; next++ {
			if !used[next] {
				at.above = append(at.above, comments[next])
			}
		}
		blank := w.emptyAbove(a.line)
		if a.node == anchors[0].node {
			n.first, at.above = splitHead(at.above, blank)
		}
		if len(at.above) > 0 {
			at.gap, at.apart = at.above[0].gap, blank && at.above[len(at.above)-1].line < a.line
			at.above[0].gap = false
		} else {
			at.gap = blank
		}
		n.at[a.node] = at
	}
	for ; next < len(comments); next++ {
		if !used[next] {
			n.last = append(n.last, comments[next])
		}
	}
	return n
}

// splitHead divides the comments above the first entry of a file: those before an empty line are about the file.
func splitHead(above []comment, apart bool) (head, rest []comment) {
	if apart {
		return above, nil
	}
	for i := len(above) - 1; i > 0; i-- {
		if above[i].gap {
			return above[:i], above[i:]
		}
	}
	return nil, above
}

// beside puts a comment at the end of a line to the last entry that begins before it.
func (n *notes) beside(anchors []anchorage, c comment) {
	i := sort.Search(len(anchors), func(i int) bool { return anchors[i].offset > c.at }) - 1
	if i < 0 {
		n.last = append(n.last, c)
		return
	}
	at := n.at[anchors[i].node]
	if at.beside != "" { // several lines of one entry have comments
		at.above = append(at.above, c)
	} else {
		at.beside = c.text
	}
	n.at[anchors[i].node] = at
}

// noteWalker finds where scalars, entries and collections in brackets are.
type noteWalker struct {
	src     *source
	anchors []anchorage
	scalars [][2]int // offsets, in order
	flows   []flowRange
}

type flowRange struct {
	node       *yaml.Node
	start, end int
}

func (w *noteWalker) walk(n *yaml.Node, inFlow bool) int {
	start := w.src.offset(place(n))
	end := start
	switch n.Kind {
	case yaml.ScalarNode:
		end = w.scalar(n, start)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			w.anchors = append(w.anchors, anchorage{item, item.Line, w.src.offset(place(item))})
			end = max(end, w.walk(item, inFlow))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			w.anchors = append(w.anchors, anchorage{key, key.Line, w.src.offset(place(key))})
			end = max(end, w.walk(key, inFlow), w.walk(n.Content[i+1], inFlow))
		}
	}
	if n.Kind != yaml.ScalarNode && n.Style&yaml.FlowStyle != 0 {
		end = w.closing(n, end)
		w.flows = append(w.flows, flowRange{n, start, end})
	}
	return end
}

// closing finds the bracket that closes a collection whose last entry ends at an offset.
func (w *noteWalker) closing(n *yaml.Node, end int) int {
	bracket := byte(']')
	if n.Kind == yaml.MappingNode {
		bracket = '}'
	}
	if len(n.Content) == 0 {
		end++
	}
	for i := end; i < len(w.src.text); i++ {
		switch w.src.text[i] {
		case bracket:
			return i + 1
		case '#':
			for i < len(w.src.text) && w.src.text[i] != '\n' {
				i++
			}
		}
	}
	return end
}

func (w *noteWalker) scalar(n *yaml.Node, start int) int {
	if n.Tag == "!!null" && n.Value == "" {
		return start
	}
	s := Scalar{Value: n.Value, At: place(n), Known: true, src: w.src, style: n.Style}
	t := s.trace()
	end := t.at
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		end = w.closingQuote(n, end)
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		// Its head may have a comment; its lines have none.
		start = t.lineAfter(start)
		end = max(end, start)
	}
	w.scalars = append(w.scalars, [2]int{start, end})
	return end
}

// closingQuote finds the quote at the end, after line breaks that do not count.
func (w *noteWalker) closingQuote(n *yaml.Node, end int) int {
	quote := byte('"')
	if n.Style&yaml.SingleQuotedStyle != 0 {
		quote = '\''
	}
	for i := end; i < len(w.src.text); i++ {
		if w.src.text[i] == quote {
			return i + 1
		}
	}
	return end
}

// comments finds all comments outside of scalars.
func (w *noteWalker) comments() []comment {
	sort.Slice(w.scalars, func(i, j int) bool { return w.scalars[i][0] < w.scalars[j][0] })
	var all []comment
	text, next := w.src.text, 0
	for i := 0; i < len(text); i++ {
		for next < len(w.scalars) && w.scalars[next][1] <= i {
			next++
		}
		if next < len(w.scalars) && w.scalars[next][0] <= i {
			i = w.scalars[next][1] - 1
			continue
		}
		if text[i] != '#' || i > 0 && !strings.ContainsRune(" \t\n\r", rune(text[i-1])) {
			continue
		}
		end := i
		for end < len(text) && text[end] != '\n' {
			end++
		}
		line := w.src.position(i).Line
		all = append(all, comment{text: strings.TrimRight(text[i:end], " \t\r"), line: line, gap: w.emptyAbove(line), at: i})
		i = end
	}
	return all
}

func (w *noteWalker) standsAlone(c comment) bool {
	return strings.HasPrefix(strings.TrimLeft(w.src.line(c.line), " \t"), "#")
}

func (w *noteWalker) emptyAbove(line int) bool {
	return line > 1 && strings.TrimSpace(w.src.line(line-1)) == ""
}
