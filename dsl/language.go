package dsl

import "strings"

// language brings a language tag into its usual form, uk or pt-BR, and tells whether it has the form of one.
func language(tag string) (string, bool) {
	parts := strings.Split(tag, "-")
	if n := len(parts[0]); n != 2 && n != 3 || !isWord(parts[0], false) || len(parts) > 4 {
		return "", false
	}
	parts[0] = strings.ToLower(parts[0])
	for i, p := range parts[1:] {
		if len(p) < 2 || len(p) > 8 || !isWord(p, true) {
			return "", false
		}
		switch len(p) {
		case 2, 3:
			parts[i+1] = strings.ToUpper(p)
		case 4:
			parts[i+1] = strings.ToUpper(p[:1]) + strings.ToLower(p[1:])
		default:
			parts[i+1] = strings.ToLower(p)
		}
	}
	return strings.Join(parts, "-"), true
}

// isWord tells whether a string has Latin letters only, and digits if they are allowed.
func isWord(s string, digits bool) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (!digits || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
