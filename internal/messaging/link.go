package messaging

import (
	"context"
	"net/url"
	"regexp"

	"herald/internal/gateway"
)

// linkHole is where a text asks for a read link: {link:https://acme.example/order/1}.
var linkHole = regexp.MustCompile(`\{link:([^{}\s]*)\}`)

// maxLinks bounds the read links of one message.
const maxLinks = 10

func (r Request) checkLinks() *gateway.Error {
	if r.ReadLink != "" && !webAddress(r.ReadLink) {
		return gateway.Fault(gateway.CodeLink, "read_link", "A read link leads to an address that begins with https:// or http:// and has at most 2048 bytes.")
	}
	holes := linkHole.FindAllStringSubmatch(r.Text, -1)
	if len(holes) > maxLinks {
		return gateway.Fault(gateway.CodeLink, "text", "A text has at most 10 read links.")
	}
	for _, hole := range holes {
		if !webAddress(hole[1]) {
			return gateway.Fault(gateway.CodeLink, "text", "In {link:...} stands an address that begins with https:// or http:// and has at most 2048 bytes.")
		}
	}
	return nil
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(address) <= MaxButtonURL
}

// links makes the tokens of a message's read links: its own first, then those inside the text.
func (s *Service) links(m gateway.Message) ([]gateway.ReadLink, error) {
	var urls []string
	if m.ReadLink != "" {
		urls = append(urls, m.ReadLink)
	}
	for _, hole := range linkHole.FindAllStringSubmatch(m.Text, -1) {
		urls = append(urls, hole[1])
	}
	if len(urls) == 0 {
		return nil, nil
	}
	if s.linkBase == "" {
		return nil, gateway.Fault(gateway.CodeLink, "read_link", "Read links need an address that people can reach: start with --public-url.")
	}
	links := make([]gateway.ReadLink, len(urls))
	for i, u := range urls {
		links[i] = gateway.ReadLink{AccountID: m.AccountID, MessageID: m.ID, Number: i + 1, Token: s.ids.Token(), URL: u}
		links[i].Link = s.linkBase + links[i].Token
	}
	if text := visible(render(m, links), m.Format); units(text) > textLimit(m.Media) {
		return nil, gateway.Fault(gateway.CodeTextTooLong, "text", "With its read links the text is longer than the messenger takes.")
	}
	return links, nil
}

// render is the text as it is sent: with the read links in their places, in the text's own markup.
func render(m gateway.Message, links []gateway.ReadLink) string {
	text, _ := m.Final()
	if len(links) == 0 {
		return text
	}
	rest := links
	own := ""
	if m.ReadLink != "" {
		own, rest = "\n"+escaped(rest[0].Link, m.Format), rest[1:]
	}
	text = linkHole.ReplaceAllStringFunc(text, func(hole string) string {
		if len(rest) == 0 {
			return hole
		}
		link := escaped(rest[0].Link, m.Format)
		rest = rest[1:]
		return link
	})
	return text + own
}

// ShowLink returns where a read link leads. Showing it proves nothing: previews and scanners open links, too.
func (s *Service) ShowLink(ctx context.Context, token string) (address string, err error) {
	link, err := s.store.ReadLink(ctx, token, s.now())
	return link.URL, err
}

// ConfirmLink takes the confirmation of a read link by the person's browser for evidence, once, and returns where the
// link leads.
func (s *Service) ConfirmLink(ctx context.Context, token string) (address string, err error) {
	link, err := s.store.ReadLink(ctx, token, s.now())
	if err != nil {
		return "", err
	}
	now := s.now()
	_, err = changeAndWake(ctx, s.store, s.starter, link.AccountID, link.MessageID, func(d gateway.Delivery) (gateway.Change, error) {
		return d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceLink, At: now}, 0), nil
	})
	if err != nil {
		return "", err
	}
	return link.URL, s.store.ConfirmLink(ctx, token, now)
}
