package gateway

// Page asks for one page of a list.
type Page struct {
	Limit int    // how many items at most; the use case fills and bounds it
	After string // the id of the last item of the page before; empty for the first page
}

// Limits of a page.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 200
)

// Bounded returns the page with its limit filled and bounded.
func (p Page) Bounded() Page {
	if p.Limit <= 0 {
		p.Limit = DefaultPageLimit
	}
	p.Limit = min(p.Limit, MaxPageLimit)
	return p
}

// List is one page of items; Next is the After of the following page, empty at the end.
type List[T any] struct {
	Items []T
	Next  string
}
