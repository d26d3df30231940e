package dsl

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// valueKind tells what a value holds.
type valueKind uint8

const (
	isNil     valueKind = iota
	isBool              // num is 0 or 1
	isInt               // num
	isFloat             // num holds its bits
	isString            // str
	isTime              // ref is *time.Time
	isList              // ref is *[]value
	isMap               // ref is map[string]value
	isObject            // ref is *entity: user, message, bot, last
	isSkipped           // what is left of a chain behind ?. of nil; never leaves it
)

// value is what an expression comes to. It is passed by value and holds what is common without allocating.
type value struct {
	kind valueKind
	num  int64
	str  string
	ref  any
}

var nilValue = value{}

func boolValue(b bool) value {
	if b {
		return value{kind: isBool, num: 1}
	}
	return value{kind: isBool}
}

func intValue(n int64) value            { return value{kind: isInt, num: n} }
func floatValue(f float64) value        { return value{kind: isFloat, num: int64(math.Float64bits(f))} }
func stringValue(s string) value        { return value{kind: isString, str: s} }
func timeValue(t *time.Time) value      { return value{kind: isTime, ref: t} }
func listValue(items *[]value) value    { return value{kind: isList, ref: items} }
func mapValue(m map[string]value) value { return value{kind: isMap, ref: m} }

func stringsValue(texts []string) value {
	items := make([]value, len(texts))
	for i, s := range texts {
		items[i] = stringValue(s)
	}
	return listValue(&items)
}

// orNil is for texts whose absence is nil.
func orNil(s string) value {
	if s == "" {
		return nilValue
	}
	return stringValue(s)
}

// fieldValue turns what the host keeps about a person into a value.
func fieldValue(x any) value {
	switch x := x.(type) {
	case string:
		return stringValue(x)
	case bool:
		return boolValue(x)
	case int64:
		return intValue(x)
	case int:
		return intValue(int64(x))
	case float64:
		return floatValue(x)
	case time.Time:
		return timeValue(&x)
	default:
		return nilValue
	}
}

func (v value) truth() bool     { return v.kind == isBool && v.num != 0 }
func (v value) float() float64  { return math.Float64frombits(uint64(v.num)) }
func (v value) time() time.Time { return *v.ref.(*time.Time) }
func (v value) list() []value   { return *v.ref.(*[]value) }
func (v value) isNumber() bool  { return v.kind == isInt || v.kind == isFloat }
func (v value) number() float64 {
	if v.kind == isInt {
		return float64(v.num)
	}
	return v.float()
}

// equal is == of the language. Numbers compare by what they are, not by how they are written.
func (v value) equal(w value) bool {
	switch {
	case v.kind == isInt && w.kind == isInt:
		return v.num == w.num
	case v.isNumber() && w.isNumber():
		return v.number() == w.number()
	case v.kind != w.kind:
		return false
	}
	switch v.kind {
	case isNil:
		return true
	case isString:
		return v.str == w.str
	case isBool:
		return v.num == w.num
	case isTime:
		return v.time().Equal(w.time())
	case isList:
		return slices.EqualFunc(v.list(), w.list(), value.equal)
	case isMap:
		a, b := v.ref.(map[string]value), w.ref.(map[string]value)
		if len(a) != len(b) {
			return false
		}
		for key, x := range a {
			if y, found := b[key]; !found || !x.equal(y) {
				return false
			}
		}
		return true
	default:
		return v.ref == w.ref
	}
}

// unordered is the order of numbers one of which is none: 0 / 0.
const unordered = 2

// compare orders numbers, texts and times: -1, 0, 1 or unordered; ok is false for anything else.
func (v value) compare(w value) (order int, ok bool) {
	switch {
	case v.kind == isInt && w.kind == isInt:
		switch {
		case v.num < w.num:
			return -1, true
		case v.num > w.num:
			return 1, true
		}
		return 0, true
	case v.isNumber() && w.isNumber():
		a, b := v.number(), w.number()
		switch {
		case a < b:
			return -1, true
		case a > b:
			return 1, true
		case a == b:
			return 0, true
		}
		return unordered, true
	case v.kind == isString && w.kind == isString:
		return strings.Compare(v.str, w.str), true
	case v.kind == isTime && w.kind == isTime:
		return v.time().Compare(w.time()), true
	default:
		return 0, false
	}
}

// kindName is what messages call a value.
func (v value) kindName() string {
	switch v.kind {
	case isNil, isSkipped:
		return "nil"
	case isBool:
		return "a bool"
	case isInt:
		return "an int"
	case isFloat:
		return "a float"
	case isString:
		return "a string"
	case isTime:
		return "a time"
	case isList:
		return "a list"
	default:
		return "a map"
	}
}

// text writes a value as a hole in a text does: nil is nothing.
func (v value) text(zone *time.Location) string {
	switch v.kind {
	case isNil, isSkipped:
		return ""
	case isString:
		return v.str
	case isInt:
		return strconv.FormatInt(v.num, 10)
	case isFloat:
		return strconv.FormatFloat(v.float(), 'f', -1, 64)
	case isBool:
		return strconv.FormatBool(v.truth())
	case isTime:
		return v.time().In(zone).Format("2006-01-02 15:04")
	case isList:
		var b strings.Builder
		for i, item := range v.list() {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(item.text(zone))
			if b.Len() > maxBuiltString {
				break
			}
		}
		return cut(b.String(), maxBuiltString)
	default:
		return v.literal(zone, maxShown)
	}
}

// maxShown is the most bytes of a value that an explanation shows.
const maxShown = 300

// cut shortens a text to a number of bytes, between characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// literal writes a value as the language would, and not much more than a number of bytes of it.
func (v value) literal(zone *time.Location, most int) string {
	var b strings.Builder
	v.write(&b, zone, most)
	if b.Len() > most {
		return cut(b.String(), most) + "..."
	}
	return b.String()
}

func (v value) write(b *strings.Builder, zone *time.Location, most int) {
	if b.Len() > most {
		return
	}
	switch v.kind {
	case isNil, isSkipped:
		b.WriteString("nil")
	case isString:
		writeQuoted(b, cut(v.str, most+utf8.UTFMax))
	case isFloat:
		s := strconv.FormatFloat(v.float(), 'f', -1, 64)
		b.WriteString(s)
		if !strings.ContainsAny(s, ".IN") {
			b.WriteString(".0")
		}
	case isTime:
		b.WriteString(v.time().In(zone).Format(time.RFC3339))
	case isList:
		b.WriteByte('[')
		for i, item := range v.list() {
			if i > 0 {
				b.WriteString(", ")
			}
			item.write(b, zone, most)
		}
		b.WriteByte(']')
	case isMap:
		m := v.ref.(map[string]value)
		b.WriteByte('{')
		for i, key := range sortedKeys(m) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(key + ": ")
			m[key].write(b, zone, most)
		}
		b.WriteByte('}')
	case isObject:
		b.WriteString(v.ref.(*entity).name)
	default:
		b.WriteString(v.text(zone))
	}
}

func writeQuoted(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// plain turns a value into what the host keeps in a field.
func (v value) plain() any {
	switch v.kind {
	case isString:
		return v.str
	case isBool:
		return v.truth()
	case isInt:
		return v.num
	case isFloat:
		return v.float()
	case isTime:
		return v.time()
	default:
		return nil
	}
}

// as returns a value as the type of a field, nil if it is of another.
func (v value) as(kind Kind) value {
	switch {
	case kind == KindString && v.kind == isString, kind == KindInt && v.kind == isInt, kind == KindBool && v.kind == isBool,
		kind == KindTime && v.kind == isTime, kind == KindFloat && v.kind == isFloat:
		return v
	case kind == KindFloat && v.kind == isInt:
		return floatValue(float64(v.num))
	default:
		return nilValue
	}
}
