package dsl

import (
	"sort"
	"unicode/utf8"
)

// source is the text of a rule file, and turns between byte offsets and positions. It never changes once it is made.
type source struct {
	text  string
	lines []int // byte offset at which each line starts

	// marks shorten the way through long lines: for each line of more than markEvery characters the byte offset of every
	// markEvery-th of them. Without them a file of one line would cost its length for each position in it.
	marks map[int][]int
}

// markEvery is the number of characters between two marks of a line.
const markEvery = 256

func newSource(text string) *source {
	s := &source{text: text, lines: []int{0}, marks: map[int][]int{}}
	column := 0
	for i, r := range text {
		if column > 0 && column%markEvery == 0 {
			line := len(s.lines)
			s.marks[line] = append(s.marks[line], i)
		}
		column++
		if r == '\n' {
			s.lines = append(s.lines, i+1)
			column = 0
		}
	}
	return s
}

// offset returns the byte offset of a position, bounded by the end of its line.
func (s *source) offset(at Position) int {
	if at.Line < 1 {
		return 0
	}
	if at.Line > len(s.lines) {
		return len(s.text)
	}
	i, column := s.lines[at.Line-1], 1
	if marks := s.marks[at.Line]; len(marks) > 0 {
		if n := min((at.Column-1)/markEvery, len(marks)); n > 0 {
			i, column = marks[n-1], n*markEvery+1
		}
	}
	for column < at.Column && i < len(s.text) && s.text[i] != '\n' {
		_, size := utf8.DecodeRuneInString(s.text[i:])
		i += size
		column++
	}
	return i
}

// position returns the line and column of a byte offset.
func (s *source) position(offset int) Position {
	offset = min(max(offset, 0), len(s.text))
	line := sort.SearchInts(s.lines, offset+1)
	from, column := s.lines[line-1], 1
	if marks := s.marks[line]; len(marks) > 0 {
		if n := sort.SearchInts(marks, offset+1); n > 0 {
			from, column = marks[n-1], n*markEvery+1
		}
	}
	return Position{Line: line, Column: column + utf8.RuneCountInString(s.text[from:offset])}
}

// line returns the text of a line without its end.
func (s *source) line(number int) string {
	if number < 1 || number > len(s.lines) {
		return ""
	}
	start, end := s.lines[number-1], len(s.text)
	if number < len(s.lines) {
		end = s.lines[number] - 1
	}
	for end > start && (s.text[end-1] == '\r' || s.text[end-1] == '\n') {
		end--
	}
	return s.text[start:end]
}
