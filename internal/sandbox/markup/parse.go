package markup

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"herald/internal/sandbox/wire"
)

// Mode is a parse mode.
type Mode string

// The parse modes; names are compared without regard to case.
const (
	Plain      Mode = ""
	HTML       Mode = "html"
	Markdown   Mode = "markdown"
	MarkdownV2 Mode = "markdownv2"
)

// Error is broken markup, in the words of the official server after "can't parse entities: ".
type Error string

func (e Error) Error() string { return string(e) }

func broken(format string, args ...any) error { return Error(fmt.Sprintf(format, args...)) }

// Parse returns the text without its markup and the entities that the markup made.
func Parse(text string, mode Mode) (string, []wire.Entity, error) {
	switch mode {
	case HTML:
		return parseHTML(text)
	case Markdown:
		return parseMarkdown(text)
	case MarkdownV2:
		return parseMarkdownV2(text)
	default:
		return text, nil, nil
	}
}

// builder collects plain text and counts its UTF-16 length.
type builder struct {
	strings.Builder
	length int
}

func (b *builder) rune(r rune) {
	b.WriteRune(r)
	b.length += width16(r)
}

// link makes the entity of a link; false when the address is no link at all, in which case Telegram shows plain text.
func link(address string, offset, length int) (wire.Entity, bool) {
	u, err := url.Parse(address)
	if err != nil || address == "" || length == 0 {
		return wire.Entity{}, false
	}
	if u.Scheme == "tg" && u.Host == "user" {
		id, err := strconv.ParseInt(u.Query().Get("id"), 10, 64)
		if err != nil || id <= 0 {
			return wire.Entity{}, false
		}
		return wire.Entity{Type: "text_mention", Offset: offset, Length: length, User: &wire.User{ID: id}}, true
	}
	if u.Scheme == "" {
		if !strings.Contains(u.Path, ".") {
			return wire.Entity{}, false
		}
		address = "http://" + address
	} else if u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tg" && u.Scheme != "ton" && u.Scheme != "tonsite" {
		return wire.Entity{}, false
	}
	if u, err = url.Parse(address); err == nil && u.Path == "" && u.Scheme != "tg" {
		u.Path = "/"
		address = u.String()
	}
	return wire.Entity{Type: "text_link", Offset: offset, Length: length, URL: address}, true
}

// Finish does what the server does to every text: it strips control characters and white space at both ends, drops what
// entities lost by that, and adds the entities that clients detect by themselves.
func Finish(text string, entities []wire.Entity) (string, []wire.Entity) {
	text = clean(text)
	trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
	shift := Len16(text[:len(text)-len(trimmed)])
	text = strings.TrimSpace(text)
	total := Len16(text)
	var kept []wire.Entity
	var taken []wire.Entity
	for _, e := range entities {
		start, end := max(e.Offset-shift, 0), min(e.Offset-shift+e.Length, total)
		if start >= end || len(kept) == maxEntities {
			continue
		}
		e.Offset, e.Length = start, end-start
		kept = append(kept, e)
		if blocksDetection(e.Type) {
			taken = append(taken, e)
		}
	}
	kept = append(kept, Detect(text, taken)...)
	sortEntities(kept)
	return text, kept[:min(len(kept), maxEntities)]
}

// clean replaces control characters by spaces, which keeps all offsets.
func clean(text string) string {
	if strings.IndexFunc(text, isControl) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, text)
}

func isControl(r rune) bool { return r < ' ' && r != '\n' || r == utf8.RuneError }

func blocksDetection(kind string) bool {
	switch kind {
	case "code", "pre", "text_link", "text_mention", "url", "mention", "hashtag", "bot_command", "custom_emoji":
		return true
	}
	return false
}

// sortEntities orders by offset, the longer first: outer entities stand before inner ones.
func sortEntities(list []wire.Entity) {
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Offset != list[j].Offset {
			return list[i].Offset < list[j].Offset
		}
		return list[i].Length > list[j].Length
	})
}
