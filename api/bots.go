package api

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"time"

	"herald/api/internal/wire"
	"herald/internal/bots"
	"herald/internal/gateway"
)

// AddBot adds the bot that a token belongs to.
func (s *server) AddBot(ctx context.Context, r wire.AddBotRequestObject) (wire.AddBotResponseObject, error) {
	who := callerOf(ctx)
	sharing := bots.Sharing{Shared: r.Body.Shared, Purpose: gateway.Purpose(r.Body.Purpose), Service: r.Body.Service}
	if err := s.mayShare(ctx, sharing); err != nil {
		return nil, err
	}
	b, err := s.bots.Add(ctx, who.key.AccountID, bots.NewBot{
		ID: gateway.BotID(who.newID("bot")), Platform: gateway.Platform(r.Body.Platform),
		Token: gateway.Secret(r.Body.Token), Intake: gateway.Intake(r.Body.Intake), Sharing: sharing,
		Reconfirm: reconfirm(r.Body.ReconfirmEvery, r.Body.ReconfirmBy, r.Body.ReconfirmRemindAfter, r.Body.ReconfirmLapseAfter),
	})
	if err != nil {
		return nil, err
	}
	body, err := s.bot(ctx, b)
	if err != nil {
		return nil, err
	}
	return wire.AddBot201JSONResponse(body), nil
}

// ListBots lists the account's bots.
func (s *server) ListBots(ctx context.Context, r wire.ListBotsRequestObject) (wire.ListBotsResponseObject, error) {
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "bot")
	if err != nil {
		return nil, err
	}
	list, err := s.bots.List(ctx, callerOf(ctx).key.AccountID, p)
	if err != nil {
		return nil, err
	}
	items := make([]wire.Bot, len(list.Items))
	for i, b := range list.Items {
		if items[i], err = s.bot(ctx, b); err != nil {
			return nil, err
		}
	}
	return wire.ListBots200JSONResponse{Items: items, Next: next(list.Next)}, nil
}

// GetBot returns one bot.
func (s *server) GetBot(ctx context.Context, r wire.GetBotRequestObject) (wire.GetBotResponseObject, error) {
	b, err := s.bots.Find(ctx, callerOf(ctx).key.AccountID, r.Bot)
	if err != nil {
		return nil, err
	}
	body, err := s.bot(ctx, b)
	if err != nil {
		return nil, err
	}
	return wire.GetBot200JSONResponse(body), nil
}

// ChangeBot does what an owner wants of a bot.
func (s *server) ChangeBot(ctx context.Context, r wire.ChangeBotRequestObject) (wire.ChangeBotResponseObject, error) {
	change := bots.Change{
		State: gateway.BotState(r.Body.State), Token: gateway.Secret(r.Body.Token), Intake: gateway.Intake(r.Body.Intake),
		AskPhone: r.Body.AskPhoneOnStart, ContactOnly: r.Body.ContactOnly, Reclaim: r.Body.Reclaim, Description: r.Body.Description, About: r.Body.About,
		Sharing:   bots.Sharing{Shared: r.Body.Shared, Purpose: gateway.Purpose(r.Body.Purpose), Service: r.Body.Service},
		Reconfirm: reconfirm(r.Body.ReconfirmEvery, r.Body.ReconfirmBy, r.Body.ReconfirmRemindAfter, r.Body.ReconfirmLapseAfter),
	}
	if err := s.mayShare(ctx, change.Sharing); err != nil {
		return nil, err
	}
	if r.Body.Commands != nil {
		change.Commands = each(*r.Body.Commands, func(c wire.BotCommand) gateway.BotCommand { return gateway.BotCommand(c) })
	}
	b, err := s.bots.Change(ctx, callerOf(ctx).key.AccountID, r.Bot, change)
	if err != nil {
		return nil, err
	}
	body, err := s.bot(ctx, b)
	if err != nil {
		return nil, err
	}
	return wire.ChangeBot200JSONResponse(body), nil
}

// RemoveBot takes a bot away.
func (s *server) RemoveBot(ctx context.Context, r wire.RemoveBotRequestObject) (wire.RemoveBotResponseObject, error) {
	b, err := s.bots.Remove(ctx, callerOf(ctx).key.AccountID, r.Bot)
	if err != nil {
		return nil, err
	}
	body, err := s.bot(ctx, b)
	if err != nil {
		return nil, err
	}
	return wire.RemoveBot200JSONResponse(body), nil
}

// GetConnectLink returns the link by which people connect, and where its QR code is.
func (s *server) GetConnectLink(ctx context.Context, r wire.GetConnectLinkRequestObject) (wire.GetConnectLinkResponseObject, error) {
	b, link, err := s.connectLink(ctx, r.Bot, given(r.Params.Payload))
	if err != nil {
		return nil, err
	}
	return wire.GetConnectLink200JSONResponse(connect(b, link, given(r.Params.Payload))), nil
}

// MakeConnectLink makes a link for a person whom the sender knows.
func (s *server) MakeConnectLink(ctx context.Context, r wire.MakeConnectLinkRequestObject) (wire.MakeConnectLinkResponseObject, error) {
	b, payload, err := s.bots.Identify(ctx, callerOf(ctx).key.AccountID, r.Bot, r.Body.ExternalID)
	if err != nil {
		return nil, err
	}
	link, err := s.bots.Link(b, payload)
	if err != nil {
		return nil, err
	}
	return wire.MakeConnectLink201JSONResponse(connect(b, link, payload)), nil
}

// connect is a link with its codes and words.
func connect(b gateway.Bot, link, payload string) wire.ConnectLink {
	query := ""
	if payload != "" {
		query = "?payload=" + url.QueryEscape(payload)
	}
	code := "/v1/bots/" + string(b.ID) + "/connect/qr"
	return wire.ConnectLink{
		Link: link, QrSvg: code + ".svg" + query, QrPng: code + ".png" + query,
		Text: fmt.Sprintf("To get messages from %s, open %s or scan the code, then press Start.", b.Name, link),
		Sms:  fmt.Sprintf("Messages from %s in Telegram: %s", b.Name, link),
	}
}

// GetConnectSVG draws the link as a QR code.
func (s *server) GetConnectSVG(ctx context.Context, r wire.GetConnectSVGRequestObject) (wire.GetConnectSVGResponseObject, error) {
	_, link, err := s.connectLink(ctx, r.Bot, given(r.Params.Payload))
	if err != nil {
		return nil, err
	}
	picture, err := qrSVG(link)
	if err != nil {
		return nil, err
	}
	return wire.GetConnectSVG200ImageSvgXMLResponse{Body: bytes.NewReader(picture), ContentLength: int64(len(picture))}, nil
}

// GetConnectPNG draws the link as a QR code of the wanted size.
func (s *server) GetConnectPNG(ctx context.Context, r wire.GetConnectPNGRequestObject) (wire.GetConnectPNGResponseObject, error) {
	_, link, err := s.connectLink(ctx, r.Bot, given(r.Params.Payload))
	if err != nil {
		return nil, err
	}
	picture, err := qrPNG(link, given(r.Params.Size))
	if err != nil {
		return nil, err
	}
	return wire.GetConnectPNG200ImagePngResponse{Body: bytes.NewReader(picture), ContentLength: int64(len(picture))}, nil
}

func (s *server) connectLink(ctx context.Context, ref, payload string) (gateway.Bot, string, error) {
	b, err := s.bots.Find(ctx, callerOf(ctx).key.AccountID, ref)
	if err != nil {
		return gateway.Bot{}, "", err
	}
	link, err := s.bots.Link(b, payload)
	return b, link, err
}

// reconfirm is what an owner says about how often people prove their phones anew.
func reconfirm(every *string, by wire.ConfirmBy, remind, lapse *string) bots.Reconfirm {
	read := func(text *string, most time.Duration) *time.Duration {
		if text == nil {
			return nil
		}
		span := spanUpTo(*text, most)
		return &span
	}
	return bots.Reconfirm{
		Every: read(every, bots.MaxReconfirmEvery), By: gateway.ConfirmBy(by),
		RemindAfter: read(remind, bots.MaxLapseAfter), LapseAfter: read(lapse, bots.MaxLapseAfter),
	}
}

// mayShare refuses everybody but the operator to say who may use a bot.
func (s *server) mayShare(ctx context.Context, c bots.Sharing) error {
	if !c.Asked() {
		return nil
	}
	return s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID)
}

// bot is a bot as the caller may see it: of one that is lent to them, what sending by it needs.
func (s *server) bot(ctx context.Context, b gateway.Bot) (wire.Bot, error) {
	link, err := s.bots.Link(b, "")
	out := wire.Bot{
		ID: string(b.ID), Platform: string(b.Platform), Network: wire.BotNetwork(b.Network), PlatformID: b.PlatformID,
		Username: b.Username, Name: b.Name, Link: link, State: wire.BotState(b.State), Description: b.Description, About: b.About,
		Commands: each(b.Commands, func(c gateway.BotCommand) wire.BotCommand { return wire.BotCommand(c) }),
		Shared:   b.Shared, Purpose: wire.Purpose(b.Purpose), Service: b.Service,
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
	}
	if b.Lends(callerOf(ctx).key.AccountID) {
		return out, err
	}
	out.AskPhoneOnStart, out.ContactOnly = b.AskPhone, b.ContactOnly
	if r := b.Reconfirm; r.Every > 0 {
		out.ReconfirmEvery, out.ReconfirmBy = span(r.Every), wire.ConfirmBy(r.By)
		out.ReconfirmRemindAfter, out.ReconfirmLapseAfter = span(r.RemindAfter), span(r.LapseAfter)
	}
	out.Intake, out.StateReason, out.Reclaim = wire.Intake(b.Intake), b.StateReason, b.Reclaim
	out.Pending, out.Lagging, out.HookError, out.WatchedAt = b.Watch.Pending, b.Watch.Lagging, b.Watch.HookError, b.Watch.At
	return out, err
}
