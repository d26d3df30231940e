package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.LinkStore = (*Store)(nil)

// tokenHash is what a read link is found by: comparing hashes takes the same time whether or not there is such a link.
func tokenHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

func (s *Store) Links(ctx context.Context, account gateway.AccountID, id gateway.MessageID) ([]gateway.ReadLink, error) {
	ctx = of(ctx, account)
	return links(ctx, s.q, account, id)
}

func links(ctx context.Context, q *queries, account gateway.AccountID, id gateway.MessageID) ([]gateway.ReadLink, error) {
	rows, err := q.Links(ctx, dbsqlc.LinksParams{AccountID: string(account), MessageID: string(id)})
	if err != nil {
		return nil, fmt.Errorf("list links of message %s: %w", id, err)
	}
	out := make([]gateway.ReadLink, len(rows))
	for i, r := range rows {
		if out[i], err = q.vault.readLink(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ReadLink is found by its token alone: whoever holds it is the person that it was sent to.
func (s *Store) ReadLink(ctx context.Context, token string, now time.Time) (gateway.ReadLink, error) {
	ctx = system(ctx, callbackWork)
	row, err := s.q.ReadLink(ctx, dbsqlc.ReadLinkParams{TokenHash: tokenHash(token), Now: &now})
	if err = found(err, gateway.ErrLinkNotFound, "read link"); err != nil {
		return gateway.ReadLink{}, err
	}
	return s.q.vault.readLink(row)
}

func (s *Store) ConfirmLink(ctx context.Context, token string, now time.Time) error {
	ctx = system(ctx, callbackWork)
	if err := s.q.ConfirmLink(ctx, dbsqlc.ConfirmLinkParams{TokenHash: tokenHash(token), Now: &now}); err != nil {
		return fmt.Errorf("confirm link: %w", err)
	}
	return nil
}

func (v *vault) readLink(r dbsqlc.ReadLink) (l gateway.ReadLink, err error) {
	number := int(r.Number)
	l = gateway.ReadLink{
		AccountID: gateway.AccountID(r.AccountID), MessageID: gateway.MessageID(r.MessageID), Number: number,
		Link: v.opened(&err, linkBound("link", r.MessageID, number), r.Link), URL: v.opened(&err, linkBound("url", r.MessageID, number), r.Url),
	}
	return l, err
}
