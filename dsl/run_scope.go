package dsl

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scope is what expressions are evaluated in: one update, and what was found out about it so far. Scopes are pooled; one
// serves one Run at a time.
type scope struct {
	program *Program
	ctx     context.Context
	in      *Input
	now     time.Time // in the file's timezone

	words   cutText // of the text
	cut     bool    // words are those of this text
	other   cutText // of the text that was looked at last besides
	tags    []value
	tagged  bool
	clock   string
	date    string
	lang    string // of the text, as the host tells
	langSet bool

	lets   []lazy // of the file, then of the rule that is tried
	locals []value
	items  []element // of the lists that are being gone through, the innermost last
	links  []string  // what link was called for
	steps  int       // that this rule may still take
	shown  map[int]value

	index indexScope
}

// lazy is the value of a named expression once it was asked for.
type lazy struct {
	value   value
	known   bool
	running bool // it is being evaluated
}

// element is what # and #index stand for.
type element struct {
	value value
	index int
}

// maxSteps bounds what one rule may do on one update. The checker's proof keeps every rule far below; it stands for the
// case that the proof has a hole.
const maxSteps = 2_000_000

// fault is the end of an expression that cannot go on. It is thrown inside expressions and caught where a rule ends.
type fault struct {
	at      spot
	message string
}

func (s *scope) begin(ctx context.Context, p *Program, in *Input) {
	s.program, s.ctx, s.in = p, ctx, in
	s.now = in.Now.In(p.zone)
	s.cut, s.tagged, s.langSet = false, false, false
	s.clock, s.date = "", ""
	s.lets = slices.Grow(s.lets[:0], p.mostLets)[:p.mostLets]
	clear(s.lets)
	s.locals = slices.Grow(s.locals[:0], p.mostLocals)[:p.mostLocals]
	s.beginRule()
}

func (s *scope) beginRule() {
	clear(s.lets[s.program.fileLets:])
	s.items, s.links, s.steps = s.items[:0], s.links[:0], maxSteps
}

// end forgets the person, so that a pooled scope keeps nothing about anybody alive.
func (s *scope) end() {
	s.words.reset()
	s.other.reset()
	clear(s.lets)
	clear(s.locals[:cap(s.locals)])
	clear(s.tags)
	clear(s.links[:cap(s.links)])
	s.tags = s.tags[:0]
	s.in, s.ctx, s.shown, s.lang = nil, nil, nil, ""
}

func (s *scope) spend(steps int, at spot) {
	s.steps -= steps
	if s.steps < 0 {
		panic(fault{at: at, message: "takes too many steps"})
	}
}

// wordsOf returns the words of a text, those of the update's own text only once.
func (s *scope) wordsOf(text string) *cutText {
	if text == s.in.Text {
		if !s.cut {
			s.words.cut(text)
			s.cut = true
		}
		return &s.words
	}
	s.other.cut(text)
	return &s.other
}

func (s *scope) langOf(text string) string {
	switch {
	case text != s.in.Text:
		return s.detect(text)
	case s.in.Told:
		return s.in.Message.Lang
	case !s.langSet:
		s.lang, s.langSet = s.detect(text), true
	}
	return s.lang
}

func (s *scope) detect(text string) string {
	switch {
	case s.program.env.LangOf != nil:
		return s.program.env.LangOf(text)
	case text == s.in.Text:
		return s.in.Message.Lang
	default:
		return ""
	}
}

// link notes an address and returns what stands for it until the text is complete. The mark names one of the addresses
// of this rule by number, so that whoever writes such a mark to the bot gets nothing that the rule would not send anyway.
func (s *scope) link(url string) string {
	url = linkEscaper.Replace(url)
	number := slices.Index(s.links, url)
	if number < 0 {
		number = len(s.links)
		s.links = append(s.links, url)
	}
	return linkOpen + strconv.Itoa(number) + linkClose
}

const (
	linkOpen  = "\ufdd0" // noncharacters: no keyboard and no messenger writes them
	linkClose = "\ufdd1"
)

// linkEscaper keeps an address inside its hole.
var linkEscaper = strings.NewReplacer("{", "%7B", "}", "%7D", " ", "%20", "\n", "%0A", "\r", "%0D", "\t", "%09", linkOpen, "", linkClose, "")

// resolve puts the addresses where link was called.
func (s *scope) resolve(text string) string {
	if !strings.Contains(text, linkOpen) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, linkOpen)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		number, after, closed := strings.Cut(rest, linkClose)
		if n, err := strconv.Atoi(number); closed && err == nil && n >= 0 && n < len(s.links) {
			b.WriteString("{link:" + s.links[n] + "}")
			text = after
			continue
		}
		text = rest
	}
}

// entity is one of the things that expressions see and that have members.
type entity struct {
	name    string
	absent  func(*scope) bool // nil: never
	members map[string]func(*scope) value
}

func (o *entity) value(s *scope) value {
	if o.absent != nil && o.absent(s) {
		return nilValue
	}
	return value{kind: isObject, ref: o}
}

// inputs are the names that need no definition: what an update brings with it.
func inputs() map[string]func(*scope) value {
	return map[string]func(*scope) value{
		"text": func(s *scope) value { return stringValue(s.in.Text) },
		"event": func(s *scope) value {
			if len(s.in.Events) == 0 {
				return stringValue("")
			}
			return stringValue(s.in.Events[0])
		},
		"command": func(s *scope) value { return stringValue(s.in.Command) },
		"args":    func(s *scope) value { return stringValue(s.in.Args) },
		"button":  func(s *scope) value { return stringValue(s.in.Button) },
		"now":     func(s *scope) value { return timeValue(&s.now) },
		"clock": func(s *scope) value {
			if s.clock == "" {
				s.clock = s.now.Format("15:04")
			}
			return stringValue(s.clock)
		},
		"date": func(s *scope) value {
			if s.date == "" {
				s.date = s.now.Format(time.DateOnly)
			}
			return stringValue(s.date)
		},
		"weekday": func(s *scope) value { return intValue(int64(s.now.Weekday()+6)%7 + 1) },
	}
}

// objects are the names that need no definition and have members.
func objects() map[string]*entity {
	all := []*entity{
		{name: "message", members: messageMembers()},
		{name: "user", members: userMembers()},
		{name: "bot", members: map[string]func(*scope) value{
			"name":     func(s *scope) value { return stringValue(s.in.Bot.Name) },
			"platform": func(s *scope) value { return stringValue(s.in.Bot.Platform) },
			"shared":   func(s *scope) value { return boolValue(s.in.Bot.Shared) },
		}},
		{name: "last", absent: func(s *scope) bool { return s.in.Last == nil }, members: map[string]func(*scope) value{
			"text":    func(s *scope) value { return stringValue(s.in.Last.Text) },
			"sent_at": func(s *scope) value { return timeValue(&s.in.Last.SentAt) },
			"rule":    func(s *scope) value { return stringValue(s.in.Last.Rule) },
			"label":   func(s *scope) value { return stringValue(s.in.Last.Label) },
		}},
	}
	byName := make(map[string]*entity, len(all))
	for _, o := range all {
		byName[o.name] = o
	}
	return byName
}

func messageMembers() map[string]func(*scope) value {
	return map[string]func(*scope) value{
		"id":          func(s *scope) value { return stringValue(s.in.Message.ID) },
		"kind":        func(s *scope) value { return stringValue(s.in.Message.Kind) },
		"lang":        func(s *scope) value { return stringValue(s.in.Message.Lang) },
		"received_at": func(s *scope) value { return timeValue(&s.in.Message.ReceivedAt) },
		"reply_to":    func(s *scope) value { return stringValue(s.in.Message.ReplyTo) },
		"file_name":   func(s *scope) value { return stringValue(s.in.Message.FileName) },
		"location": func(s *scope) value {
			if s.in.Message.Location == nil {
				return nilValue
			}
			return mapValue(map[string]value{
				"latitude":  floatValue(s.in.Message.Location.Latitude),
				"longitude": floatValue(s.in.Message.Location.Longitude),
			})
		},
	}
}

func userMembers() map[string]func(*scope) value {
	return map[string]func(*scope) value{
		"id":         func(s *scope) value { return stringValue(s.in.User.ID) },
		"name":       func(s *scope) value { return stringValue(s.in.User.name()) },
		"username":   func(s *scope) value { return orNil(s.in.User.Username) },
		"first_name": func(s *scope) value { return orNil(s.in.User.FirstName) },
		"last_name":  func(s *scope) value { return orNil(s.in.User.LastName) },
		"lang":       func(s *scope) value { return stringValue(s.in.User.Lang) },
		"phone":      func(s *scope) value { return orNil(s.in.User.Phone) },
		"phone_proved_at": func(s *scope) value {
			if s.in.User.PhoneProvedAt.IsZero() {
				return nilValue
			}
			return timeValue(&s.in.User.PhoneProvedAt)
		},
		"tags": func(s *scope) value {
			if !s.tagged {
				s.tags = s.tags[:0]
				for _, tag := range s.in.User.Tags {
					s.tags = append(s.tags, stringValue(tag))
				}
				s.tagged = true
			}
			return listValue(&s.tags)
		},
		"fields": func(s *scope) value {
			fields := make(map[string]value, len(s.in.User.Fields))
			for name := range s.in.User.Fields {
				fields[name] = s.field(name)
			}
			return mapValue(fields)
		},
		"since":    func(s *scope) value { return timeValue(&s.in.User.Since) },
		"messages": func(s *scope) value { return intValue(int64(s.in.User.Messages)) },
	}
}

// field returns what is kept about the person, and nil if that is not of the type which the file says: it may be left
// from an older version of the file.
func (s *scope) field(name string) value {
	v := fieldValue(s.in.User.Fields[name])
	v.str = cut(v.str, maxFieldBytes)
	if kind, declared := s.program.fields[name]; declared {
		return v.as(kind)
	}
	return v
}

// maxFieldBytes is the most bytes of a field that expressions see.
const maxFieldBytes = 4 * maxFieldText

// name is what to call a person who may have no name.
func (u *User) name() string {
	switch {
	case u.FirstName != "" && u.LastName != "":
		return u.FirstName + " " + u.LastName
	case u.FirstName != "":
		return u.FirstName
	case u.LastName != "":
		return u.LastName
	case u.Username != "":
		return "@" + u.Username
	case u.ID != "":
		return "#" + u.ID
	default:
		return ""
	}
}
