package api

import (
	"encoding/base64"

	"herald/internal/gateway"
)

// page reads the limit and the cursor of a list whose ids begin with prefix.
func page(limit int, cursor, prefix string) (gateway.Page, error) {
	return pageAfter(limit, cursor, func(after string) bool { return gateway.HasPrefix(after, prefix) })
}

// pageAfter is page for a list whose items have no ids; fits tells whether a cursor may be its.
func pageAfter(limit int, cursor string, fits func(after string) bool) (gateway.Page, error) {
	if cursor == "" {
		return gateway.Page{Limit: limit}, nil
	}
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !fits(string(after)) {
		return gateway.Page{}, gateway.Fault(gateway.CodeCursor, "cursor", "This cursor was not made by this list. Give back the next of the page before as it came.")
	}
	return gateway.Page{Limit: limit, After: string(after)}, nil
}

// next writes the cursor of the following page: opaque, so that it may become something else than an id.
func next(after string) string { return base64.RawURLEncoding.EncodeToString([]byte(after)) }

// each converts the items of a page. An empty page is an empty list, never null.
func each[T, W any](items []T, convert func(T) W) []W {
	out := make([]W, len(items))
	for i, item := range items {
		out[i] = convert(item)
	}
	return out
}

// given returns the value of a parameter, its zero value if the parameter was left out.
func given[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}
