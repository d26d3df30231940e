package api

import (
	"context"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/messaging"
)

// PreviewMessage tells what would become of a message.
func (s *server) PreviewMessage(ctx context.Context, r wire.PreviewMessageRequestObject) (wire.PreviewMessageResponseObject, error) {
	p, err := s.messaging.Preview(ctx, callerOf(ctx).key.AccountID, requestOf(*r.Body))
	if err != nil {
		return nil, atField(err, gateway.CodeBotNotFound, "bot")
	}
	body := wire.Preview{
		Bot: string(p.Message.BotID), To: p.Message.To.String(), State: wire.MessageState(p.State), Reason: string(p.Reason),
		ReasonText: messaging.Explain(p.Reason), Explanation: p.Words, SendAt: p.Message.NotBefore, ExpiresAt: p.Message.ExpiresAt,
		Price: priceOf(p.Message.Price), Currency: p.Message.Currency, Legs: each(p.Legs, previewLeg),
	}
	if p.Person != nil {
		body.Subscriber = string(p.Person.ID)
	}
	return wire.PreviewMessage200JSONResponse(body), nil
}

func previewLeg(l messaging.PreviewLeg) wire.PreviewLeg {
	return wire.PreviewLeg{
		Number: l.Number, Channel: wire.Channel(l.Channel), Verdict: wire.PreviewLegVerdict(l.Verdict), Until: wire.Until(l.Until),
		Within: span(l.Within), Price: priceOf(l.Price), Text: l.Text, Segments: l.Segments, Reason: string(l.Reason), ReasonText: messaging.Explain(l.Reason),
	}
}
