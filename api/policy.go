package api

import (
	"context"
	"encoding/hex"
	"regexp"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/rules"
)

// GetPolicy shows the policy of shared bots to the operator.
func (s *server) GetPolicy(ctx context.Context, _ wire.GetPolicyRequestObject) (wire.GetPolicyResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	source, own, err := s.policy.Source(ctx)
	return wire.GetPolicy200JSONResponse{Source: source, Own: own}, err
}

// SetPolicy replaces the policy of shared bots. It is the operator's.
func (s *server) SetPolicy(ctx context.Context, r wire.SetPolicyRequestObject) (wire.SetPolicyResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	found, err := s.policy.Set(ctx, r.Body.Source)
	if found.Failed() {
		return nil, &rules.RefusedError{Diagnostics: found}
	}
	if err != nil {
		return nil, err
	}
	source, own, err := s.policy.Source(ctx)
	return wire.SetPolicy200JSONResponse{Source: source, Own: own}, err
}

// CheckPolicy holds a text against the policy.
func (s *server) CheckPolicy(ctx context.Context, r wire.CheckPolicyRequestObject) (wire.CheckPolicyResponseObject, error) {
	lane := gateway.Lane(r.Body.Lane)
	if lane == "" {
		lane = gateway.LaneService
	}
	refusal, err := s.policy.Look(ctx, gateway.Message{Text: r.Body.Text, Lane: lane}, gateway.PurposeAny)
	if err != nil || refusal == nil {
		return wire.CheckPolicy200JSONResponse{}, err
	}
	return wire.CheckPolicy200JSONResponse{Refused: true, Rule: refusal.Rule, Words: refusal.Words}, nil
}

// ListPolicyAllowances lists where the operator overruled the policy.
func (s *server) ListPolicyAllowances(ctx context.Context, r wire.ListPolicyAllowancesRequestObject) (wire.ListPolicyAllowancesResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	p, err := pageAfter(given(r.Params.Limit), given(r.Params.Cursor), allowanceForm.MatchString)
	if err != nil {
		return nil, err
	}
	list, err := s.policy.Allowances(ctx, p)
	if err != nil {
		return nil, err
	}
	return wire.ListPolicyAllowances200JSONResponse{
		Items: each(list.Items, func(a gateway.PolicyAllowance) wire.KeptAllowance {
			return wire.KeptAllowance{Account: string(a.AccountID), TextHash: hex.EncodeToString(a.TextHash), Note: a.Note, CreatedAt: a.CreatedAt}
		}), Next: next(list.Next),
	}, nil
}

// allowanceForm is how the cursor of allowances names one: by account and text.
var allowanceForm = regexp.MustCompile(`^acc_[0-9a-z]{26}/([0-9a-f]{64})?$`)

// SetPolicyAllowance overrules the policy for an account, or for one text of it. It is the operator's.
func (s *server) SetPolicyAllowance(ctx context.Context, r wire.SetPolicyAllowanceRequestObject) (wire.SetPolicyAllowanceResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	account := gateway.AccountID(r.Body.Account)
	var err error
	if r.Body.Allowed {
		err = s.policy.Allow(ctx, account, r.Body.TextHash, r.Body.Note)
	} else {
		err = s.policy.Disallow(ctx, account, r.Body.TextHash)
	}
	return wire.SetPolicyAllowance200JSONResponse(*r.Body), err
}
