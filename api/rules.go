package api

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"herald/api/internal/wire"
	"herald/dsl"
	"herald/internal/gateway"
	"herald/rules"
)

// CheckRules tells what is wrong with a rule file.
func (s *server) CheckRules(_ context.Context, r wire.CheckRulesRequestObject) (wire.CheckRulesResponseObject, error) {
	found := s.rules.Check(sourceName(r.Body.Name), r.Body.Source)
	return wire.CheckRules200JSONResponse(ruleCheck(found, 0)), nil
}

// TestRules tells what is wrong with a rule file, its tests included.
func (s *server) TestRules(ctx context.Context, r wire.TestRulesRequestObject) (wire.TestRulesResponseObject, error) {
	found, tests := s.rules.Test(ctx, sourceName(r.Body.Name), r.Body.Source)
	return wire.TestRules200JSONResponse(ruleCheck(found, tests)), nil
}

// sourceName is what diagnostics call a file: a short name without controls.
func sourceName(name string) string {
	if name == "" {
		return "rules.yaml"
	}
	return echo(name)
}

func ruleCheck(found dsl.Diagnostics, tests int) wire.RuleCheck {
	return wire.RuleCheck{Ok: !found.Failed(), Tests: tests, Diagnostics: each(found, diagnostic)}
}

func diagnostic(d dsl.Diagnostic) wire.Diagnostic {
	return wire.Diagnostic{
		File: d.File, Line: d.Line, Column: d.Column, Severity: string(d.Severity), Code: string(d.Code), Message: d.Message, Source: d.Source,
	}
}

// GetRules returns the version that answers.
func (s *server) GetRules(ctx context.Context, r wire.GetRulesRequestObject) (wire.GetRulesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	v, err := s.rules.Active(ctx, account, bot.ID)
	if err != nil {
		return nil, err
	}
	return wire.GetRules200JSONResponse(ruleVersion(v)), nil
}

// PublishRules stores a rule file as the next version.
func (s *server) PublishRules(ctx context.Context, r wire.PublishRulesRequestObject) (wire.PublishRulesResponseObject, error) {
	key := callerOf(ctx).key
	bot, err := s.bots.Find(ctx, key.AccountID, r.Bot)
	if err != nil {
		return nil, err
	}
	v, found, err := s.rules.Publish(ctx, rules.Publication{
		Account: key.AccountID, Bot: bot.ID, Source: r.Body.Source, Note: r.Body.Note, Author: key.ID, Draft: r.Body.Draft, Known: r.Body.Known,
	})
	if err != nil {
		return nil, err
	}
	body := ruleVersion(v)
	body.Diagnostics = each(found, diagnostic)
	return wire.PublishRules200JSONResponse(body), nil
}

// SwitchRulesOff lets no version answer.
func (s *server) SwitchRulesOff(ctx context.Context, r wire.SwitchRulesOffRequestObject) (wire.SwitchRulesOffResponseObject, error) {
	key := callerOf(ctx).key
	bot, err := s.bots.Find(ctx, key.AccountID, r.Bot)
	if err != nil {
		return nil, err
	}
	if _, err := s.rules.Activate(ctx, key.AccountID, bot.ID, 0, key.ID); err != nil {
		return nil, err
	}
	return wire.SwitchRulesOff204Response{}, nil
}

// ListRuleVersions lists versions without their sources.
func (s *server) ListRuleVersions(ctx context.Context, r wire.ListRuleVersionsRequestObject) (wire.ListRuleVersionsResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	before, err := versionCursor(given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	list, following, err := s.rules.Versions(ctx, account, bot.ID, before, given(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	body := wire.ListRuleVersions200JSONResponse{Items: each(list, ruleVersion)}
	if following > 0 {
		body.Next = next(strconv.Itoa(following))
	}
	return body, nil
}

// versionCursor reads the cursor of a list of versions.
func versionCursor(cursor string) (before int, err error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		before, err = strconv.Atoi(string(raw))
	}
	if err != nil || before <= 0 {
		return 0, gateway.Fault(gateway.CodeCursor, "cursor", "This cursor was not made by this list. Give back the next of the page before as it came.")
	}
	return before, nil
}

// GetRuleVersion returns one version, with what changed in it if that is asked for.
func (s *server) GetRuleVersion(ctx context.Context, r wire.GetRuleVersionRequestObject) (wire.GetRuleVersionResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	v, err := s.rules.Version(ctx, account, bot.ID, r.Version)
	if err != nil {
		return nil, err
	}
	body := ruleVersion(v)
	if since := given(r.Params.Since); since > 0 {
		if body.Diff, err = s.rules.Diff(ctx, account, bot.ID, since, r.Version); err != nil {
			return nil, err
		}
	}
	return wire.GetRuleVersion200JSONResponse(body), nil
}

// ExportRules returns a rule file as it was published.
func (s *server) ExportRules(ctx context.Context, r wire.ExportRulesRequestObject) (wire.ExportRulesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	v, err := s.rules.Version(ctx, account, bot.ID, r.Version)
	if err != nil {
		return nil, err
	}
	return wire.ExportRules200TextResponse(v.Source), nil
}

// ListRuleActivations tells which version answered since when.
func (s *server) ListRuleActivations(ctx context.Context, r wire.ListRuleActivationsRequestObject) (wire.ListRuleActivationsResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	list, err := s.rules.Activations(ctx, account, bot.ID, given(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	return wire.ListRuleActivations200JSONResponse{Items: each(list, func(a gateway.RuleActivation) wire.RuleActivation {
		return wire.RuleActivation{Sequence: a.Sequence, At: a.At, Version: a.Version, Author: string(a.Author), AuthorName: a.AuthorName}
	})}, nil
}

// ActivateRules makes a version answer.
func (s *server) ActivateRules(ctx context.Context, r wire.ActivateRulesRequestObject) (wire.ActivateRulesResponseObject, error) {
	key := callerOf(ctx).key
	bot, err := s.bots.Find(ctx, key.AccountID, r.Bot)
	if err != nil {
		return nil, err
	}
	if r.Version < 1 {
		return nil, gateway.ErrRulesNotFound
	}
	v, err := s.rules.Activate(ctx, key.AccountID, bot.ID, r.Version, key.ID)
	if err != nil {
		return nil, err
	}
	return wire.ActivateRules200JSONResponse(ruleVersion(v)), nil
}

func ruleVersion(v gateway.RuleVersion) wire.RuleVersion {
	return wire.RuleVersion{
		Bot: string(v.BotID), Version: v.Version, Active: v.Active, Author: string(v.Author), AuthorName: v.AuthorName, Note: v.Note,
		Bytes: v.Bytes, Hash: hex.EncodeToString(v.Hash[:]), Source: v.Source, CreatedAt: v.CreatedAt,
	}
}
