package main

import "iter"

// Paging says how much of a list is wanted.
type Paging struct {
	Limit int  `default:"50" placeholder:"N" env:"HERALD_LIST_LIMIT" help:"List at most this many (default 50)."`
	All   bool `help:"List all."`
}

// Validate is called by the parser.
func (p *Paging) Validate() error {
	if p.Limit < 1 {
		return &exitError{code: exitUsage, text: "--limit must be at least 1"}
	}
	return nil
}

// collect reads as much of a list as is wanted, page after page, and tells whether there is more.
func collect[T any](list iter.Seq2[T, error], p Paging) (items []T, more bool, err error) {
	items = []T{} // an empty list is [] in JSON
	for item, err := range list {
		if err != nil {
			return nil, false, err
		}
		if !p.All && len(items) == p.Limit {
			return items, true, nil
		}
		items = append(items, item)
	}
	return items, false, nil
}

// hintMore tells that a list was cut.
func (c *console) hintMore(shown int, more bool) {
	if more {
		c.hint("Only the newest %d are listed; --limit N or --all lists more.", shown)
	}
}
