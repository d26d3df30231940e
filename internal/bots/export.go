package bots

import (
	"context"

	"herald/internal/gateway"
)

// exportPage is how many people are read at a time.
const exportPage = 1000

// Export hands out the people and chats that are connected to the bot, newest first, a page at a time.
func (s *Service) Export(ctx context.Context, account gateway.AccountID, bot gateway.BotID, f gateway.SubscriberFilter, hand func(gateway.Subscriber) error) error {
	page := gateway.Page{Limit: exportPage}
	for {
		list, err := s.subscribers.Subscribers(ctx, account, bot, f, page)
		if err != nil {
			return err
		}
		for _, person := range list.Items {
			if err := hand(person); err != nil {
				return err
			}
		}
		if list.Next == "" {
			return nil
		}
		page.After = list.Next
	}
}
