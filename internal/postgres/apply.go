package postgres

import (
	"context"

	"herald/internal/postgres/dbsqlc"
)

// apply writes a change of a message by the statement that can say all of it and not much more: whatever else a statement could
// write costs, though it writes nothing.
func (q *queries) apply(ctx context.Context, p dbsqlc.ApplyChangeParams) (int64, error) {
	switch {
	case p.NewEvidence != "" || p.Translated || p.SkipRest || p.Raise != "" || p.TakeSlot && p.LeaveQueue:
		return q.ApplyChange(ctx, p)
	case p.TakeSlot:
		return q.ApplyTurn(ctx, turn(p))
	default:
		return q.ApplyOutcome(ctx, outcome(p))
	}
}

func turn(p dbsqlc.ApplyChangeParams) dbsqlc.ApplyTurnParams {
	return dbsqlc.ApplyTurnParams{
		Announce: p.Announce, ID: p.ID, State: p.State, Reason: p.Reason, SubscriberID: p.SubscriberID,
		EventSequence: p.EventSequence, At: p.At, Cost: p.Cost, Price: p.Price, AccountID: p.AccountID,
		SeenSequence: p.SeenSequence, LegState: p.LegState, LegReason: p.LegReason, IntentAt: p.IntentAt,
		Attempts: p.Attempts, ChatID: p.ChatID, PlatformMessageID: p.PlatformMessageID,
		SettledAt: p.SettledAt, SlotAt: p.SlotAt, Provider: p.Provider, ProviderID: p.ProviderID,
		Segments: p.Segments, ReportDueAt: p.ReportDueAt, Phone: p.Phone, PhoneIndex: p.PhoneIndex,
		Plain: p.Plain, LegNotBefore: p.LegNotBefore, LegCost: p.LegCost, LegPrice: p.LegPrice,
		LegID: p.LegID, ChangeLeg: p.ChangeLeg, Sequences: p.Sequences, Ats: p.Ats, Kinds: p.Kinds,
		FromStates: p.FromStates, States: p.States, Legs: p.Legs, Reasons: p.Reasons, Details: p.Details,
		WaitMs: p.WaitMs, FreeAt: p.FreeAt, CodeFreeAt: p.CodeFreeAt, BulkFreeAt: p.BulkFreeAt,
		ServiceFreeAt: p.ServiceFreeAt, BlockedUntil: p.BlockedUntil, Rate: p.Rate, RateSince: p.RateSince,
		Refusals: p.Refusals, BotAccountID: p.BotAccountID, BotID: p.BotID, TakeSlot: p.TakeSlot,
		ChatFreeAt: p.ChatFreeAt, SlotSubscriberID: p.SlotSubscriberID,
	}
}

func outcome(p dbsqlc.ApplyChangeParams) dbsqlc.ApplyOutcomeParams {
	return dbsqlc.ApplyOutcomeParams{
		Announce: p.Announce, ID: p.ID, State: p.State, Reason: p.Reason, SubscriberID: p.SubscriberID,
		EventSequence: p.EventSequence, At: p.At, Cost: p.Cost, Price: p.Price, AccountID: p.AccountID,
		SeenSequence: p.SeenSequence, LegState: p.LegState, LegReason: p.LegReason, IntentAt: p.IntentAt,
		Attempts: p.Attempts, ChatID: p.ChatID, PlatformMessageID: p.PlatformMessageID,
		SettledAt: p.SettledAt, SlotAt: p.SlotAt, Provider: p.Provider, ProviderID: p.ProviderID,
		Segments: p.Segments, ReportDueAt: p.ReportDueAt, Phone: p.Phone, PhoneIndex: p.PhoneIndex,
		Plain: p.Plain, LegNotBefore: p.LegNotBefore, LegCost: p.LegCost, LegPrice: p.LegPrice,
		LegID: p.LegID, ChangeLeg: p.ChangeLeg, Sequences: p.Sequences, Ats: p.Ats, Kinds: p.Kinds,
		FromStates: p.FromStates, States: p.States, Legs: p.Legs, Reasons: p.Reasons, Details: p.Details,
		WaitMs: p.WaitMs, LeaveQueue: p.LeaveQueue,
	}
}
