package botapi

import (
	"errors"
	"time"

	"herald/internal/sandbox/network"
)

// StolenURL is the webhook of the imaginary program that takes bots.
const StolenURL = "https://another-service.example/telegram/webhook"

// stealPause is how long the thief waits before it polls again after it was thrown out.
const stealPause = 500 * time.Millisecond

// StealWebhook sets another program's webhook, as when somebody connects the bot to another service.
func (s *Server) StealWebhook(id network.BotID, url string) error {
	_, err := s.Network.SetWebhook(id, network.Webhook{URL: url, MaxConnections: 40}, nil, false)
	if err == nil {
		s.hooks.ensure(id)
	}
	return err
}

// StealPolling lets another program poll the bot for a while. It takes the updates that it gets and comes back each time
// it is thrown out, as real ones do.
func (s *Server) StealPolling(id network.BotID, lasting time.Duration) error {
	first, err := s.Network.BeginPoll(id, 0, nil)
	if err != nil {
		return err
	}
	s.hooks.done.Go(func() {
		end := time.NewTimer(lasting)
		defer end.Stop()
		for poll, offset := first, int64(0); ; {
			over := s.thieve(poll, &offset, end.C)
			poll.Close()
			if over {
				return
			}
			if poll, err = s.Network.BeginPoll(id, offset, nil); err != nil {
				return
			}
		}
	})
	return nil
}

// thieve waits for one batch of updates; true when the thief goes away.
func (s *Server) thieve(poll *network.Poll, offset *int64, end <-chan time.Time) bool {
	updates, more, err := poll.Updates(100)
	conflict := err != nil
	if err == nil && len(updates) > 0 {
		*offset = updates[len(updates)-1].UpdateID + 1
		return false
	}
	if !conflict {
		select {
		case <-more:
			return false
		case <-poll.Ended():
			err = poll.EndReason()
		case <-end:
			return true
		case <-s.hooks.ctx.Done():
			return true
		}
	}
	var refusal *network.Refusal
	if errors.As(err, &refusal) && refusal.Code == 401 {
		return true
	}
	pause := time.NewTimer(stealPause)
	defer pause.Stop()
	select {
	case <-pause.C:
		return false
	case <-end:
		return true
	case <-s.hooks.ctx.Done():
		return true
	}
}
