package dsl

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// index finds the rules that an update may be about by what their conditions need. A rule that it does not find cannot
// hold; one that it finds is tried like any other. So the cost of an update depends on how many rules share its words, tags
// and values, and hardly on how many there are.
type index struct {
	events   [16][]int32 // by the bit of the event: rules of which nothing better is known
	commands map[string][]int32
	words    map[string][]int32
	like     [3]map[string][]int32 // by errors
	tags     map[string][]int32
	digit    []int32
	subjects []subject
	rules    int
}

// subject is a value of the update that rules are found by.
type subject struct {
	name  string
	read  eval
	equal map[equalTo][]int32
	grams [len(gramSizes)]*gramTable
}

// equalTo is the value that a subject must have.
type equalTo struct {
	text   string
	number int64
}

// gramTable finds runs of so many bytes. Most places of a text are not in the filter, and nothing more is done about them.
type gramTable struct {
	size   int
	filter [1 << 10]uint64
	rules  map[uint64][]int32
}

func gramHash(gram uint64) uint64 { return gram * 0x9E3779B97F4A7C15 >> 48 }

// gramAt packs bytes into a number.
func gramAt(text string, i, size int) uint64 {
	switch size {
	case 8:
		return binary.LittleEndian.Uint64([]byte(text[i : i+8]))
	case 4:
		return uint64(binary.LittleEndian.Uint32([]byte(text[i : i+4])))
	case 2:
		return uint64(text[i]) | uint64(text[i+1])<<8
	default:
		return uint64(text[i])
	}
}

// indexBuilder collects what the rules need.
type indexBuilder struct {
	compiler *compiler
	uses     map[fact]int
	reads    map[string]eval
	found    map[needOf]need
	rules    []rivals
	keys     int // of all rules
	made     int // before the best are chosen
}

// rivals are the needs of one rule, one of which the index will use.
type rivals struct{ ways []way }

// maxIndexKeys bounds what an index is made of, with usualKeys more for each rule. Rules beyond it are found by their events:
// they cost more, and no more than was proven.
const (
	maxIndexKeys = 200_000
	usualKeys    = 50
)

func newIndexBuilder(c *compiler) *indexBuilder {
	return &indexBuilder{compiler: c, uses: map[fact]int{}, reads: map[string]eval{}, found: map[needOf]need{}}
}

func (b *indexBuilder) needOf(x expressions, tree ast.Node) need {
	n := &needs{expressions: x, uses: b.uses, reads: b.reads, found: b.found, made: &b.made}
	return n.condition(tree, true)
}

// add takes the next rule.
func (b *indexBuilder) add(r *rule, condition need) {
	var raised []fact
	for bit, name := range eventNames() {
		if r.on.named&(1<<bit) != 0 {
			raised = append(raised, fact{kind: keyEvent, text: name})
		}
	}
	for _, command := range r.on.commands {
		raised = append(raised, fact{kind: keyCommand, text: command})
	}
	ways := slices.Concat(condition.ways, anyOf(raised...).ways)
	for _, w := range condition.ways {
		b.keys += len(w.keys)
	}
	if b.keys > maxIndexKeys+usualKeys*len(b.rules) {
		ways = ways[len(ways)-1:]
	}
	for _, w := range ways {
		for _, k := range w.keys {
			b.uses[k]++
		}
	}
	b.rules = append(b.rules, rivals{ways: ways})
}

// build makes the index. Only now it is known how many rules ask for the same.
func (b *indexBuilder) build() *index {
	x := &index{
		commands: map[string][]int32{}, words: map[string][]int32{}, tags: map[string][]int32{}, rules: len(b.rules),
	}
	subjects := map[string]int{}
	for i, r := range b.rules {
		best, weight := r.ways[0], r.ways[0].weightAmong(b.uses)
		for _, w := range r.ways[1:] {
			if other := w.weightAmong(b.uses); other < weight {
				best, weight = w, other
			}
		}
		for _, k := range best.keys {
			x.put(int32(i), k, subjects, b.reads)
		}
	}
	return x
}

func (x *index) put(rule int32, k fact, subjects map[string]int, reads map[string]eval) {
	switch k.kind {
	case keyEvent:
		bit := slices.Index(eventNames(), k.text)
		x.events[bit] = insert(x.events[bit], rule)
	case keyCommand:
		x.commands[k.text] = insert(x.commands[k.text], rule)
	case keyWord:
		x.words[k.text] = insert(x.words[k.text], rule)
	case keyLike:
		if x.like[k.number] == nil {
			x.like[k.number] = map[string][]int32{}
		}
		x.like[k.number][k.text] = insert(x.like[k.number][k.text], rule)
	case keyTag:
		x.tags[k.text] = insert(x.tags[k.text], rule)
	case keyDigit:
		x.digit = insert(x.digit, rule)
	default:
		place, known := subjects[k.subject]
		if !known {
			place = len(x.subjects)
			subjects[k.subject] = place
			x.subjects = append(x.subjects, subject{name: k.subject, read: reads[k.subject]})
		}
		x.subjects[place].put(rule, k)
	}
}

func (s *subject) put(rule int32, k fact) {
	if k.kind == keyEqual {
		if s.equal == nil {
			s.equal = map[equalTo][]int32{}
		}
		v := equalTo{k.text, k.number}
		s.equal[v] = insert(s.equal[v], rule)
		return
	}
	place := slices.Index(gramSizes[:], len(k.text))
	if s.grams[place] == nil {
		s.grams[place] = &gramTable{size: len(k.text), rules: map[uint64][]int32{}}
	}
	t, gram := s.grams[place], gramAt(k.text, 0, len(k.text))
	h := gramHash(gram)
	t.filter[h>>6] |= 1 << (h & 63)
	t.rules[gram] = insert(t.rules[gram], rule)
}

// insert adds a rule at the end, once. Rules come in their order, so that the lists are sorted.
func insert(rules []int32, rule int32) []int32 {
	if n := len(rules); n > 0 && rules[n-1] == rule {
		return rules
	}
	return append(rules, rule)
}

// indexScope is the index's part of a scope.
type indexScope struct {
	hits   []int32
	seen   []uint32 // by rule: the lookup that found it
	lookup uint32
	lists  [][]int32
	folded []byte
}

// candidates finds the rules that may hold, in the order of the file.
func (x *index) candidates(s *scope, raised *events) cursor {
	h := &s.index
	h.begin(x.rules)
	for bit := range x.events {
		if raised.named&(1<<bit) != 0 && len(x.events[bit]) > 0 {
			h.lists = append(h.lists, x.events[bit])
		}
	}
	for _, command := range raised.commands {
		h.found(x.commands[command])
	}
	if s.in.Text != "" {
		x.inText(s, h)
	}
	if len(x.tags) > 0 {
		for _, tag := range s.in.User.Tags {
			h.found(x.tags[tag])
		}
	}
	for i := range x.subjects {
		x.subjects[i].find(s, h)
	}
	slices.Sort(h.hits)
	h.lists = append(h.lists, h.hits)
	return cursor{lists: h.lists}
}

func (x *index) inText(s *scope, h *indexScope) {
	if len(x.digit) > 0 && hasASCIIDigit(s.in.Text) {
		h.found(x.digit)
	}
	if len(x.words) == 0 && x.like[1] == nil && x.like[2] == nil {
		return
	}
	words := s.wordsOf(s.in.Text)
	for i := range words.len() {
		word := words.word(i)
		h.found(x.words[string(word)])
		if x.like[1] != nil || x.like[2] != nil {
			x.alike(word, h)
		}
	}
}

// alike finds rules by words with typing errors. A word is as long as the one that is meant, give or take the errors.
func (x *index) alike(word []byte, h *indexScope) {
	var letters [longestLike + 2]rune
	n := 0
	for _, r := range string(word) {
		if n == len(letters) {
			return
		}
		letters[n] = r
		n++
	}
	for errors := 1; errors <= 2; errors++ {
		if table := x.like[errors]; table != nil && n >= 4*errors-errors {
			variants(letters[:n], errors, func(variant []byte) { h.found(table[string(variant)]) })
		}
	}
}

func hasASCIIDigit(s string) bool {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}

func (t *subject) find(s *scope, h *indexScope) {
	v := t.read(s)
	if t.equal != nil && v.kind != isNil {
		text, number := equalPart(v)
		h.found(t.equal[equalTo{text, number}])
	}
	if v.kind != isString {
		return
	}
	for _, table := range t.grams {
		if table != nil {
			table.find(v.str, h)
		}
	}
}

func (t *gramTable) find(text string, h *indexScope) {
	for i := 0; i+t.size <= len(text); i++ {
		gram := gramAt(text, i, t.size)
		if hash := gramHash(gram); t.filter[hash>>6]&(1<<(hash&63)) != 0 {
			h.found(t.rules[gram])
		}
	}
}

func (h *indexScope) begin(rules int) {
	h.hits, h.lists = h.hits[:0], h.lists[:0]
	if len(h.seen) < rules {
		h.seen = make([]uint32, rules)
		h.lookup = 0
	}
	h.lookup++
	if h.lookup == 0 { // after four thousand million lookups the marks would lie
		clear(h.seen)
		h.lookup = 1
	}
}

func (h *indexScope) found(rules []int32) {
	for _, r := range rules {
		if h.seen[r] != h.lookup {
			h.seen[r] = h.lookup
			h.hits = append(h.hits, r)
		}
	}
}

// foldedText returns the text with one letter for all that differ by case.
func (s *scope) foldedText() string {
	out := s.index.folded[:0]
	for _, r := range s.in.Text {
		out = utf8.AppendRune(out, foldOrbit(r))
	}
	s.index.folded = out
	return string(out)
}

// cursor goes through sorted lists of rules as if they were one.
type cursor struct {
	lists [][]int32
	last  int32 // what was returned last, plus one
}

// next returns the next rule.
func (c *cursor) next() (int32, bool) {
	best := -1
	for i := range c.lists {
		l := c.lists[i]
		for len(l) > 0 && l[0] < c.last {
			l = l[1:]
		}
		c.lists[i] = l
		if len(l) > 0 && (best < 0 || l[0] < c.lists[best][0]) {
			best = i
		}
	}
	if best < 0 {
		return 0, false
	}
	rule := c.lists[best][0]
	c.last = rule + 1
	return rule, true
}
