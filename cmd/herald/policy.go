package main

import (
	"cmp"
	"context"
	"strings"

	"herald/client"
	"herald/internal/policy"
	"herald/internal/terminal"
)

// PolicyCmd is about what may go by shared bots.
type PolicyCmd struct {
	Show       PolicyShowCmd       `cmd:"" help:"Write the policy that holds."`
	Set        PolicySetCmd        `cmd:"" help:"Replace the policy."`
	Check      PolicyCheckCmd      `cmd:"" help:"Check a policy file, or hold a text against the policy that holds."`
	Allow      PolicyAllowCmd      `cmd:"" help:"Let an account send what the policy refuses, or one text of it."`
	Allowances PolicyAllowancesCmd `cmd:"" help:"List what is allowed in spite of the policy."`
}

// Help is shown by herald policy --help.
func (PolicyCmd) Help() string {
	return `A policy is a file of rules like those of bots. Its expressions see text, lane, purpose, links, people (who get this
same text today) and today (messages of the account); a rule refuses with the words of its reply.

Examples:

    herald policy show > policy.yaml
    herald policy check policy.yaml
    herald policy check --text "Black Friday! Buy now"
    herald policy set policy.yaml
    herald policy allow acc_06f0qtzk1w5y8r3n7c2m9xhd4s --note "Notices of the city"
    herald policy allowances
    herald policy allow acc_06f0qtzk1w5y8r3n7c2m9xhd4s --revoke`
}

// PolicyShowCmd writes the policy.
type PolicyShowCmd struct {
	Output
	Remote
}

// Run writes the policy.
func (p *PolicyShowCmd) Run(ctx context.Context, c *console) error {
	api, err := p.client()
	if err != nil {
		return err
	}
	holds, err := api.Policy(ctx)
	if err != nil {
		return err
	}
	return showPolicy(c, holds, p.JSON)
}

func showPolicy(c *console, p client.Policy, asJSON bool) error {
	if asJSON {
		return c.writeJSON(p)
	}
	if !p.Own {
		c.hint("This is the policy that comes with Herald.")
	}
	return c.say(strings.TrimSuffix(p.Source, "\n"))
}

// PolicySetCmd replaces the policy.
type PolicySetCmd struct {
	File    string `arg:"" optional:"" help:"The policy; - is standard input."`
	Default bool   `help:"Bring back the policy that comes with Herald."`
	Output
	Remote
}

// Run replaces the policy.
func (p *PolicySetCmd) Run(ctx context.Context, c *console) error {
	if (p.File == "") != p.Default {
		return &exitError{code: exitUsage, text: "give a file or --default"}
	}
	source := ""
	if p.File != "" {
		var err error
		if source, err = c.readSource(p.File); err != nil {
			return err
		}
		if source == "" {
			return &exitError{code: exitUsage, text: "the file is empty: --default brings back the policy that comes with Herald"}
		}
	}
	api, err := p.client()
	if err != nil {
		return err
	}
	holds, err := api.SetPolicy(ctx, source)
	if err != nil {
		return err
	}
	if p.JSON {
		return c.writeJSON(holds)
	}
	return c.say("The policy holds from now on.")
}

// PolicyCheckCmd checks a policy, or a text.
type PolicyCheckCmd struct {
	File string `arg:"" optional:"" help:"A policy file to check, without a running Herald; - is standard input."`
	Text string `placeholder:"TEXT" env:"HERALD_POLICY_TEXT" help:"A text to hold against the policy that holds. Counters count as zero."`
	Lane string `placeholder:"LANE" env:"HERALD_POLICY_LANE" help:"Lane of the text: code, service or bulk (default service)."`
	Output
	Remote
}

// Run checks.
func (p *PolicyCheckCmd) Run(ctx context.Context, c *console) error {
	if (p.File == "") == (p.Text == "") {
		return &exitError{code: exitUsage, text: "give a file or --text"}
	}
	if p.File != "" {
		source, err := c.readSource(p.File)
		if err != nil {
			return err
		}
		program, found := policy.Compile(ctx, p.File, source)
		form := "text"
		if p.JSON {
			form = "json"
		}
		if err := (Findings{Format: form}).write(c, found); err != nil || program == nil {
			return err
		}
		c.hint("%s checked: nothing is wrong.", p.File)
		return nil
	}
	api, err := p.client()
	if err != nil {
		return err
	}
	says, err := api.CheckPolicy(ctx, p.Text, client.Lane(p.Lane))
	if err != nil {
		return err
	}
	if p.JSON {
		return c.writeJSON(says)
	}
	if !says.Refused {
		return c.say("Shared bots carry it.")
	}
	return c.say("Refused: " + terminal.Clean(says.Words))
}

// PolicyAllowCmd overrules the policy.
type PolicyAllowCmd struct {
	Account string `arg:"" help:"The account, acc_..."`
	Text    string `name:"text-hash" placeholder:"HASH" env:"HERALD_POLICY_TEXT_HASH" help:"Only the text with this hash, as the story of a refused message tells it."`
	Note    string `placeholder:"TEXT" env:"HERALD_POLICY_NOTE" help:"Why, for yourself."`
	Revoke  bool   `help:"Take the allowance back."`
	Output
	Remote
}

// Run overrules the policy.
func (p *PolicyAllowCmd) Run(ctx context.Context, c *console) error {
	api, err := p.client()
	if err != nil {
		return err
	}
	set, err := api.SetPolicyAllowance(ctx, client.PolicyAllowance{Account: p.Account, TextHash: p.Text, Note: p.Note, Allowed: !p.Revoke})
	switch {
	case err != nil:
		return err
	case p.JSON:
		return c.writeJSON(set)
	case p.Revoke:
		return c.say("The policy holds for it again.")
	default:
		return c.say("Allowed, whatever the policy says.")
	}
}

// PolicyAllowancesCmd lists where the policy is overruled.
type PolicyAllowancesCmd struct {
	Paging
	Output
	Remote
}

// Help is shown by herald policy allowances --help.
func (PolicyAllowancesCmd) Help() string {
	return `By account, the youngest account first. One that stands for a text has the text's hash; herald policy allow
ACCOUNT --revoke, with --text-hash HASH for a text, takes an allowance back.`
}

// Run lists allowances.
func (p *PolicyAllowancesCmd) Run(ctx context.Context, c *console) error {
	api, err := p.client()
	if err != nil {
		return err
	}
	items, more, err := collect(api.PolicyAllowances(ctx), p.Paging)
	if err != nil {
		return err
	}
	c.hintMore(len(items), more)
	if p.JSON {
		return c.writeJSON(items)
	}
	table := terminal.NewTable("account", "texts", "note…", "given")
	for _, a := range items {
		table.Add(a.Account, cmp.Or(a.TextHash, "all"), a.Note, terminal.Moment(a.CreatedAt, c.Zone))
	}
	return c.writeTable(table, "Nothing: the policy holds for everybody.")
}
