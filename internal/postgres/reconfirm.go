package postgres

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.ReconfirmStore = (*Store)(nil)

// botsAPage bounds how many bots one page looks at, so that it stays short where nobody is due.
const botsAPage = 100

func (s *Store) DueReconfirmations(ctx context.Context, now time.Time, from gateway.ReconfirmCursor, atMost int) (gateway.ReconfirmPage, error) {
	ctx = system(ctx, proofWork)
	page := gateway.ReconfirmPage{Next: from}
	bots, err := s.q.ReconfirmingBots(ctx, dbsqlc.ReconfirmingBotsParams{FromBot: string(from.BotID), AtMost: botsAPage})
	if err != nil {
		return page, fmt.Errorf("list bots whose people prove their phones anew: %w", err)
	}
	for _, b := range bots {
		if gateway.BotID(b.ID) != page.Next.BotID {
			page.Next = gateway.ReconfirmCursor{BotID: gateway.BotID(b.ID)}
		}
		every := milliseconds(b.ReconfirmEveryMs)
		rows, err := s.q.DueSubscribers(ctx, dbsqlc.DueSubscribersParams{
			AccountID: b.AccountID, BotID: b.ID, ProvedUntil: now.Add(-every), AfterProved: page.Next.ProvedAt,
			AfterID: string(page.Next.SubscriberID), AtMost: int32(atMost - len(page.Due)),
		})
		if err != nil {
			return page, fmt.Errorf("list people of bot %s whose proof is too old: %w", b.ID, err)
		}
		for _, r := range rows {
			proved := r.PhoneProvedAt.UTC()
			page.Due = append(page.Due, gateway.Reconfirmation{
				AccountID: gateway.AccountID(b.AccountID), BotID: gateway.BotID(b.ID), SubscriberID: gateway.SubscriberID(r.ID), Due: proved.Add(every),
			})
			page.Next.ProvedAt, page.Next.SubscriberID = proved, gateway.SubscriberID(r.ID)
		}
		if len(page.Due) >= atMost {
			page.More = true
			return page, nil
		}
		page.Next.ProvedAt, page.Next.SubscriberID = now, "" // nobody proved anything later
	}
	page.More = len(bots) == botsAPage
	return page, nil
}
