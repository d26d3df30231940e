package markup

import "unicode/utf8"

// Len16 is the length of s in UTF-16 code units.
func Len16(s string) int {
	n := 0
	for _, r := range s {
		n += width16(r)
	}
	return n
}

// width16 is the number of UTF-16 code units of one rune.
func width16(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// Slice16 cuts length code units of s from offset. It returns less when s is shorter.
func Slice16(s string, offset, length int) string {
	start, end := len(s), len(s)
	at := 0
	for i, r := range s {
		if at >= offset && start == len(s) {
			start = i
		}
		if at >= offset+length {
			end = i
			break
		}
		at += width16(r)
	}
	if start > end {
		return ""
	}
	return s[start:end]
}

// lastRune is the rune before byte i of s, or a space at the start.
func lastRune(s string, i int) rune {
	if i == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return r
}
