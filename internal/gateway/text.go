package gateway

import (
	"strings"
	"unicode/utf8"
)

// Storable tells whether a text can be stored: the database takes neither NUL nor broken UTF-8.
func Storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
