package dsl

import "strings"

// Kinds that only the checker speaks of.
const (
	kindNil     Kind = "nil"
	kindRecord  Kind = "record"
	kindUnknown Kind = "" // after an error: everything fits, so that one mistake is reported once
)

// Type is what the checker knows about the values that an expression can have.
type Type struct {
	Kind     Kind
	MaybeNil bool
	Size     int     // the largest number of bytes of a string, and of elements of a list or map
	Range    *span   // of an int, if it is known
	Total    int     // the largest number of bytes of all strings of a list together, if it is less than Size of them
	Elem     *Type   // of the elements of a list, and of the values of a map
	Record   *Record // whose members a record has

	truth truth // of a bool
}

// span is the range of a number, both ends included.
type span struct{ low, high int }

// truth is what is known about a condition before any update.
type truth int8

const (
	depends truth = iota
	holds
	fails
)

func truthOf(b bool) truth {
	if b {
		return holds
	}
	return fails
}

func (t truth) not() truth {
	switch t {
	case holds:
		return fails
	case fails:
		return holds
	}
	return depends
}

// Record is a thing with members, such as the person who wrote.
type Record struct {
	Name    string
	Members []Member
}

// Member is a member of a Record, or a name that every expression sees.
type Member struct {
	Name string
	Type Type
	Doc  string
}

func (r *Record) member(name string) (Member, bool) {
	for _, m := range r.Members {
		if m.Name == name {
			return m, true
		}
	}
	return Member{}, false
}

func memberNames(members []Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	return names
}

// bytesOf is the most that so many characters take.
func bytesOf(characters int) int { return 4 * characters }

// Bounds of what updates and people bring.
const (
	maxTags        = 100
	maxFieldText   = 1024 // characters of a field
	maxShortText   = 256  // characters of names, ids and the like
	maxBuiltString = 64 << 10
	maxList        = 10_000 // elements of a list that an expression builds
)

func stringType(characters int) Type { return Type{Kind: KindString, Size: bytesOf(characters)} }

func maybe(t Type) Type {
	t.MaybeNil = true
	return t
}

func listType(elem Type, size int) Type { return Type{Kind: KindList, Elem: &elem, Size: size} }

var (
	boolType  = Type{Kind: KindBool}
	intType   = Type{Kind: KindInt}
	floatType = Type{Kind: KindFloat}
	timeType  = Type{Kind: KindTime}
	nilType   = Type{Kind: kindNil, MaybeNil: true}
	anything  = Type{}
)

// fieldType is the type of a field of a person that is declared with one of FieldTypes. It may be nil, for nobody has it
// from the beginning.
func fieldType(name string) (Type, bool) {
	switch name {
	case "string":
		return maybe(stringType(maxFieldText)), true
	case "int":
		return maybe(intType), true
	case "float":
		return maybe(floatType), true
	case "bool":
		return maybe(boolType), true
	case "time":
		return maybe(timeType), true
	}
	return Type{}, false
}

// Names returns what every expression sees, with user.fields as the file declares them.
func (f *File) Names() []Member {
	short, text := stringType(maxShortText), stringType(MaxText)
	fields := &Record{Name: "user.fields"}
	for _, field := range f.Fields {
		if t, ok := fieldType(field.Type.Value); ok {
			fields.Members = append(fields.Members, Member{Name: field.Name.Value, Type: t, Doc: "a field of this file"})
		} else {
			fields.Members = append(fields.Members, Member{Name: field.Name.Value})
		}
	}
	record := func(name string, members ...Member) Type {
		return Type{Kind: kindRecord, Record: &Record{Name: name, Members: members}}
	}
	return []Member{
		{"text", text, "what the person wrote"},
		{"event", short, "the event that was raised; of several the first"},
		{"command", short, "the command without its slash"},
		{"args", text, "what follows the command"},
		{"button", short, "the data of the pressed button"},
		{"message", record("message",
			Member{"id", short, "its id"},
			Member{"kind", short, "text, command, button, contact, photo, document, ..."},
			Member{"lang", short, "the language of its text"},
			Member{"received_at", timeType, "when it came"},
			Member{"reply_to", short, "the id of the message that it answers, or an empty text"},
			Member{"file_name", short, "of a document, or an empty text"},
			Member{"location", maybe(record("message.location",
				Member{"latitude", floatType, "in degrees"}, Member{"longitude", floatType, "in degrees"})), "a place that was shared"},
		), "the message that came"},
		{"user", record("user",
			Member{"id", short, "the id at the messenger"},
			Member{"name", stringType(2 * maxShortText), "the full name, the username or the id, whatever there is"},
			Member{"username", maybe(short), "without @"},
			Member{"first_name", maybe(short), "the first name"},
			Member{"last_name", maybe(short), "the last name"},
			Member{"lang", short, "the language that the person reads"},
			Member{"phone", maybe(short), "in international form"},
			Member{"phone_proved_at", maybe(timeType), "when the phone was proved"},
			Member{"tags", listType(stringType(MaxTag), maxTags), "the tags"},
			Member{"fields", Type{Kind: kindRecord, Record: fields}, "what this file keeps about the person"},
			Member{"since", timeType, "when the person connected"},
			Member{"messages", Type{Kind: KindInt, Range: &span{0, 1 << 50}}, "how many messages the person wrote, this one included"},
		), "the person who wrote"},
		{"bot", record("bot",
			Member{"name", short, "the username of the bot"},
			Member{"platform", short, "the messenger"},
			Member{"shared", boolType, "whether the bot serves several accounts"},
		), "the bot"},
		{"last", maybe(record("last",
			Member{"text", text, "its text"},
			Member{"sent_at", timeType, "when it went out"},
			Member{"rule", short, "the rule that sent it, or an empty text"},
			Member{"label", short, "its label, or an empty text"},
		)), "the last message that we sent to this person"},
		{"now", timeType, "the time"},
		{"clock", stringType(5), `the time of day in the file's timezone, "15:04"`},
		{"weekday", Type{Kind: KindInt, Range: &span{1, 7}}, "the day of the week in the file's timezone, from 1, Monday, to 7"},
		{"date", stringType(10), `the day in the file's timezone, "2006-01-02"`},
	}
}

// String names the type as messages do.
func (t Type) String() string {
	if t.Kind == kindNil {
		return "nil"
	}
	name := string(t.Kind)
	switch {
	case t.Kind == kindUnknown:
		name = "any"
	case t.Kind == KindList && t.Elem != nil && t.Elem.Kind != kindUnknown:
		name = "list of " + t.Elem.String()
	case t.Kind == kindRecord:
		name = t.Record.Name
	}
	return name
}

// phrase puts an article before the name of the type.
func (t Type) phrase() string {
	name := t.String()
	switch {
	case t.Kind == kindNil:
		return name
	case strings.ContainsAny(name[:1], "aeiou") && t.Kind != kindRecord:
		return "an " + name
	case t.Kind == kindRecord:
		return "`" + name + "`"
	}
	return "a " + name
}

func (t Type) isNumber() bool {
	return t.Kind == KindInt || t.Kind == KindFloat || t.Kind == KindNumber || t.Kind == kindUnknown
}

func (t Type) is(k Kind) bool { return t.Kind == k || t.Kind == kindUnknown }

// present is the type without nil.
func (t Type) present() Type {
	t.MaybeNil = false
	if t.Kind == kindNil {
		return anything
	}
	return t
}

// joinTypes is the type of a value that comes from one of two expressions; false if there is none.
func joinTypes(a, b Type) (Type, bool) {
	nilable := a.MaybeNil || b.MaybeNil
	var t Type
	switch {
	case a.Kind == kindNil:
		t = b
	case b.Kind == kindNil:
		t = a
	case a.Kind == kindUnknown || b.Kind == kindUnknown:
		t = anything
	case a.Kind == b.Kind:
		t = a
		t.Size = max(a.Size, b.Size)
		t.truth = depends
		if a.truth == b.truth {
			t.truth = a.truth
		}
		t.Range = hull(a.Range, b.Range)
		if a.Elem != nil && b.Elem != nil {
			elem, ok := joinTypes(*a.Elem, *b.Elem)
			if !ok {
				return anything, false
			}
			t.Elem = &elem
		} else if a.Elem == nil {
			t.Elem = b.Elem
		}
		if a.Kind == kindRecord && a.Record.Name != b.Record.Name {
			return anything, false
		}
	case a.isNumber() && b.isNumber():
		t = floatType
	default:
		return anything, false
	}
	t.MaybeNil = nilable
	return t, true
}

func hull(a, b *span) *span {
	if a == nil || b == nil {
		return nil
	}
	return &span{min(a.low, b.low), max(a.high, b.high)}
}
