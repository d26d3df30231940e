package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

const (
	// maxLooked is how many people one page looks at where nothing but their rows can tell whether they belong there.
	maxLooked = 5000
	// maxAmong is how many of those whom an index finds are looked at for one page where other filters narrow it, too.
	maxAmong = 1000
	// aboveAll is above every id.
	aboveAll = "zzzz"
)

// Subscribers reads a page. However many people a bot has, only so many are looked at for it: such a page may be short, or empty,
// and still have a next one. Who is named, tagged or gone, and which chats are groups, is found without looking at anybody else.
func (s *Store) Subscribers(ctx context.Context, account gateway.AccountID, bot gateway.BotID, f gateway.SubscriberFilter, p gateway.Page) (gateway.List[gateway.Subscriber], error) {
	ctx = of(ctx, account)
	w := subscriberWalk{
		q: s.q, account: string(account), bot: string(bot), filter: f, before: cmp.Or(p.After, aboveAll), limit: int32(p.Limit) + 1,
	}
	page := gateway.List[gateway.Subscriber]{Items: []gateway.Subscriber{}}
	rows, reached, err := w.rows(ctx)
	if err != nil {
		return page, fmt.Errorf("list subscribers: %w", err)
	}
	part := strings.ToLower(f.Name)
	for _, r := range rows {
		person, err := s.q.vault.withState(r.Subscriber, r.Tags, r.Fields)
		if err != nil {
			return page, err
		}
		if !strings.Contains(strings.ToLower(person.FirstName+" "+person.LastName+" "+person.Username), part) {
			continue
		}
		if len(page.Items) == p.Limit {
			page.Next = string(page.Items[p.Limit-1].ID)
			return page, nil
		}
		page.Items = append(page.Items, person)
	}
	page.Next = reached
	return page, nil
}

// subscriberWalk reads the rows of one page.
type subscriberWalk struct {
	q            *queries
	account, bot string
	filter       gateway.SubscriberFilter
	before       string // the id above the first that may be on the page
	limit        int32  // rows that fill the page, and one more
}

// rows are those that the page is made of. reached is the id of the last one that was looked at, or empty at the end of the list.
func (w subscriberWalk) rows(ctx context.Context) (rows []dbsqlc.SubscribersRow, reached string, err error) {
	ids, full, err := w.found(ctx)
	switch {
	case err != nil:
		return nil, "", err
	case ids == nil:
		return w.scan(ctx)
	case len(ids) == 0:
		return nil, "", nil
	case full:
		reached = ids[len(ids)-1]
	}
	rows, err = w.among(ctx, ids)
	return rows, reached, err
}

// found are the ids that an index of one of the filters finds, nil if none has one. full tells that there may be more.
func (w subscriberWalk) found(ctx context.Context) (ids []string, full bool, err error) {
	f := w.filter
	most := int32(maxAmong)
	alone := func(only gateway.SubscriberFilter) {
		if f == only {
			most = w.limit
		}
	}
	switch {
	case f.Phone != "" || f.Username != "" || f.PlatformID != 0 || f.ExternalID != "":
		most = 0
		ids, err = w.q.NamedSubscribers(ctx, dbsqlc.NamedSubscribersParams{
			AccountID: w.account, BotID: w.bot, PhoneIndex: w.q.vault.phoneIndex(w.bot, f.Phone), UsernameIndex: w.q.vault.usernameIndex(w.bot, f.Username),
			PlatformID: f.PlatformID, ExternalID: f.ExternalID,
		})
	case f.Tag != "":
		alone(gateway.SubscriberFilter{Tag: f.Tag})
		ids, err = w.q.TaggedSubscribers(ctx, dbsqlc.TaggedSubscribersParams{AccountID: w.account, BotID: w.bot, Tag: f.Tag, Before: w.before, Limit: most})
	case f.Connection == gateway.Disconnected:
		alone(gateway.SubscriberFilter{Connection: f.Connection})
		ids, err = w.q.GoneSubscribers(ctx, dbsqlc.GoneSubscribersParams{AccountID: w.account, BotID: w.bot, Before: w.before, Limit: most})
	case f.Kind != "" && f.Kind != gateway.KindPerson:
		alone(gateway.SubscriberFilter{Kind: f.Kind})
		ids, err = w.q.Groups(ctx, dbsqlc.GroupsParams{AccountID: w.account, BotID: w.bot, Before: w.before, Limit: most})
	default:
		return nil, false, nil
	}
	if ids == nil {
		ids = []string{}
	}
	return ids, most > 0 && len(ids) == int(most), err
}

// among reads those of some people whom all filters mean.
func (w subscriberWalk) among(ctx context.Context, ids []string) (rows []dbsqlc.SubscribersRow, err error) {
	f, v := w.filter, w.q.vault
	atMost := w.limit
	if f.Name != "" { // names are looked at when they are open
		atMost = int32(len(ids))
	}
	found, err := w.q.SubscribersAmong(ctx, dbsqlc.SubscribersAmongParams{
		AccountID: w.account, BotID: w.bot, Ids: ids, Before: w.before, AtMost: atMost, Kind: string(f.Kind),
		PhoneIndex: v.phoneIndex(w.bot, f.Phone), HasPhone: f.HasPhone, UsernameIndex: v.usernameIndex(w.bot, f.Username),
		PlatformID: f.PlatformID, ExternalID: f.ExternalID, Connection: string(f.Connection), Tag: f.Tag, Language: f.Language,
	})
	for _, r := range found {
		rows = append(rows, dbsqlc.SubscribersRow(r))
	}
	return rows, err
}

// scan reads people one after another, and no more of them than one page may look at.
func (w subscriberWalk) scan(ctx context.Context) (rows []dbsqlc.SubscribersRow, reached string, err error) {
	f := w.filter
	p := dbsqlc.SubscribersParams{
		AccountID: w.account, BotID: w.bot, Before: w.before, Limit: w.limit, Kind: string(f.Kind), HasPhone: f.HasPhone,
		Connection: string(f.Connection), Language: f.Language,
	}
	if f != (gateway.SubscriberFilter{Kind: f.Kind}) { // nearly everybody is a person
		reached, err = w.q.LowestLooked(ctx, dbsqlc.LowestLookedParams{AccountID: w.account, BotID: w.bot, Before: w.before, Offset: maxLooked - 1})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, "", fmt.Errorf("find where the page ends: %w", err)
		}
		p.Lowest = reached
	}
	if f.Name != "" { // names are looked at when they are open
		p.Limit = maxLooked
	}
	rows, err = w.q.Subscribers(ctx, p)
	return rows, reached, err
}
