package api

import (
	"context"
	"strconv"
	"time"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/messaging"
)

// EditMessage asks for another text or other buttons of a message that was sent.
func (s *server) EditMessage(ctx context.Context, r wire.EditMessageRequestObject) (wire.EditMessageResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	change := messaging.EditRequest{Text: r.Body.Text}
	if r.Body.Format != nil {
		format := gateway.Format(*r.Body.Format)
		change.Format = &format
	}
	if r.Body.Buttons != nil {
		rows := buttonsOf(*r.Body.Buttons)
		change.Buttons = &rows
	}
	m, e, err := s.messaging.Edit(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message), change)
	if err != nil {
		return nil, err
	}
	body, applied, settled, err := s.edited(ctx, m, e, given(r.Params.Prefer))
	switch {
	case err != nil:
		return nil, err
	case settled:
		return wire.EditMessage200JSONResponse{Body: body, Headers: wire.EditMessage200ResponseHeaders{PreferenceApplied: applied}}, nil
	default:
		return wire.EditMessage202JSONResponse{Body: body, Headers: wire.EditMessage202ResponseHeaders{PreferenceApplied: applied}}, nil
	}
}

// DeleteMessage asks for a message to be taken out of its chat.
func (s *server) DeleteMessage(ctx context.Context, r wire.DeleteMessageRequestObject) (wire.DeleteMessageResponseObject, error) {
	if !gateway.HasPrefix(r.Message, "msg") {
		return nil, gateway.ErrMessageNotFound
	}
	m, e, err := s.messaging.Delete(ctx, callerOf(ctx).key.AccountID, gateway.MessageID(r.Message))
	if err != nil {
		return nil, err
	}
	body, applied, settled, err := s.edited(ctx, m, e, given(r.Params.Prefer))
	switch {
	case err != nil:
		return nil, err
	case settled:
		return wire.DeleteMessage200JSONResponse{Body: body, Headers: wire.DeleteMessage200ResponseHeaders{PreferenceApplied: applied}}, nil
	default:
		return wire.DeleteMessage202JSONResponse{Body: body, Headers: wire.DeleteMessage202ResponseHeaders{PreferenceApplied: applied}}, nil
	}
}

// edited is the message as it stands, after a wait for its edit if the sender prefers one.
func (s *server) edited(ctx context.Context, m gateway.Message, e *gateway.Edit, prefer string) (body wire.Message, applied *string, settled bool, err error) {
	if wait := preferredWait(prefer); wait > 0 {
		words := "wait=" + strconv.Itoa(int(wait/time.Second))
		applied = &words
		if e != nil {
			if _, err := s.messaging.WaitEdit(ctx, *e, wait); err != nil {
				s.logger.ErrorContext(ctx, "wait for an edit", "message", m.ID, "request_id", requestID(ctx), "error", err)
			}
		}
	}
	if m, err = s.messaging.Message(ctx, m.AccountID, m.ID); err != nil {
		return body, applied, false, err
	}
	body, err = s.withLegs(ctx, m)
	return body, applied, body.Edit.State != wire.EditState(gateway.EditPending), err
}

func edit(e *gateway.Edit) wire.Edit {
	if e == nil {
		return wire.Edit{}
	}
	body := wire.Edit{
		Kind: wire.EditKind(e.Kind), State: wire.EditState(e.State), Reason: string(e.Reason), ReasonText: messaging.Explain(e.Reason),
		CreatedAt: e.CreatedAt, SettledAt: e.SettledAt,
	}
	if e.State != gateway.EditDone {
		body.Text = e.Text
	}
	return body
}
