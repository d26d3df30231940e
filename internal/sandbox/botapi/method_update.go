package botapi

import (
	"net/url"
	"regexp"
	"slices"
	"time"

	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// maxPoll is the longest that getUpdates waits.
const maxPoll = 50 * time.Second

// gathering is how long a disordered delivery waits for a second update that it can swap with the first.
const gathering = 2 * time.Second

func (c *call) getMe() (any, error) { return c.Network.Me(c.bot) }

// kinds is the parameter allowed_updates: nil when it is absent, names that nobody knows are left out.
func (c *call) kinds() []string {
	names, err := c.params.list("allowed_updates")
	if err != nil || names == nil {
		return nil // Telegram takes a list that it cannot read as none
	}
	known := []string{}
	for _, name := range names {
		if slices.Contains(updateKinds(), name) && !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return known
}

// updateKinds are the kinds of updates of the Bot API, also those that the sandbox never makes.
func updateKinds() []string {
	return []string{
		"message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
		"edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count", "inline_query",
		"chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll",
		"poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost",
	}
}

func (c *call) getUpdates() (any, error) {
	if hit, ok := c.match(c, c.method.name, fault.TwoPollers, fault.StolenWebhook); ok {
		c.note.Fault = hit.Kind
		if hit.Kind == fault.TwoPollers {
			return nil, network.PollConflict()
		}
		return nil, network.WebhookActive()
	}
	limit := int(c.params.number("limit", 100, 1, 100))
	wait := time.Duration(c.params.number("timeout", 0, 0, int64(maxPoll/time.Second))) * time.Second
	poll, err := c.Network.BeginPoll(c.bot, c.params.id("offset"), c.kinds())
	if err != nil {
		return nil, err
	}
	defer poll.Close()
	updates, err := c.await(poll, limit, wait)
	if err != nil || len(updates) == 0 {
		return []*wire.Update{}, err
	}
	return c.disturb(poll, updates, limit)
}

// await waits until the first update comes, the time is over or the call is ended by another one.
func (c *call) await(poll *network.Poll, limit int, wait time.Duration) ([]*wire.Update, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		updates, more, err := poll.Updates(limit)
		if err != nil || len(updates) > 0 || wait == 0 {
			return updates, err
		}
		select {
		case <-more:
		case <-poll.Ended():
			return nil, poll.EndReason()
		case <-timer.C:
			return nil, nil
		case <-c.ctx.Done():
			return nil, c.ctx.Err()
		}
	}
}

// disturb doubles or turns around the updates when a fault wants it.
func (c *call) disturb(poll *network.Poll, updates []*wire.Update, limit int) ([]*wire.Update, error) {
	hit, ok := c.match(c, c.method.name, fault.DuplicateUpdates, fault.DisorderedUpdates)
	if !ok {
		return updates, nil
	}
	c.note.Fault = hit.Kind
	if hit.Kind == fault.DuplicateUpdates {
		doubled := make([]*wire.Update, 0, 2*len(updates))
		for _, u := range updates {
			doubled = append(doubled, u, u)
		}
		return doubled, nil
	}
	if len(updates) == 1 {
		_, more, err := poll.Updates(limit)
		if err != nil {
			return nil, err
		}
		timer := time.NewTimer(gathering)
		defer timer.Stop()
		select {
		case <-more:
		case <-timer.C:
		case <-poll.Ended():
			return nil, poll.EndReason()
		}
		if updates, _, err = poll.Updates(limit); err != nil {
			return nil, err
		}
	}
	slices.Reverse(updates)
	return updates, nil
}

var secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (c *call) setWebhook() (any, error) {
	hook := network.Webhook{
		URL: c.params.str("url"), Secret: c.params.str("secret_token"),
		MaxConnections: int(c.params.number("max_connections", 40, 1, 100)),
	}
	if hook.URL == "" {
		return c.deleteWebhook()
	}
	u, err := url.Parse(hook.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(hook.URL) > 2048 {
		return nil, network.BadRequest("bad webhook: invalid webhook URL specified")
	}
	if hook.Secret != "" && !secretForm.MatchString(hook.Secret) {
		if len(hook.Secret) > 256 {
			return nil, network.BadRequest("secret token is too long")
		}
		return nil, network.BadRequest("secret token contains unallowed characters")
	}
	changed, err := c.Network.SetWebhook(c.bot, hook, c.kinds(), c.params.flag("drop_pending_updates"))
	if err != nil {
		return nil, err
	}
	c.hooks.ensure(c.bot)
	if !changed {
		return described{true, "Webhook is already set"}, nil
	}
	return described{true, "Webhook was set"}, nil
}

func (c *call) deleteWebhook() (any, error) {
	changed, err := c.Network.SetWebhook(c.bot, network.Webhook{}, nil, c.params.flag("drop_pending_updates"))
	if err != nil {
		return nil, err
	}
	if !changed {
		return described{true, "Webhook is already deleted"}, nil
	}
	return described{true, "Webhook was deleted"}, nil
}

func (c *call) getWebhookInfo() (any, error) {
	info, err := c.Network.WebhookInfo(c.bot)
	if err != nil {
		return nil, err
	}
	if hit, ok := c.match(c, c.method.name, fault.StolenWebhook); ok {
		c.note.Fault = hit.Kind
		info.URL, info.MaxConnections = StolenURL, 40
	}
	return info, nil
}
