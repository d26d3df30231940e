package bots

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"herald/internal/gateway"
)

// Change is what an owner wants of a bot; what is left out stays as it is.
type Change struct {
	Token       gateway.Secret       // the bot's new token
	Intake      gateway.Intake       // the way of its updates
	State       gateway.BotState     // paused or active
	Reclaim     *bool                // take it back from another service
	AskPhone    *bool                // greet whoever presses Start, and ask for the phone
	ContactOnly *bool                // numbers that people write get no SMS
	Commands    []gateway.BotCommand // its menu; empty and not nil removes it
	Description *string              // what people read before they press Start
	About       *string              // the short text on its profile
	Reconfirm   Reconfirm            // how often its people prove their phones anew
	Sharing     Sharing              // whether all accounts may use it
}

// Bounds of a bot's words, as the Bot API has them.
const (
	maxCommands           = 100
	maxCommandDescription = 256
	maxDescription        = 512
	maxAbout              = 120
)

var commandForm = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

func (c Change) check() error {
	var faults gateway.Faults
	switch c.State {
	case "", gateway.BotActive, gateway.BotPaused:
	default:
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, "state", "An owner makes a bot paused or active. DELETE removes it."))
	}
	if len(c.Commands) > maxCommands {
		faults = append(faults, gateway.Fault(gateway.CodeBotText, "commands", "A bot has at most 100 commands."))
	}
	for i, one := range c.Commands {
		switch {
		case !commandForm.MatchString(one.Command):
			faults = append(faults, gateway.Fault(gateway.CodeBotText, fmt.Sprintf("commands[%d].command", i), "A command has 1 to 32 characters of a-z, 0-9 and _, without the slash."))
		case one.Description == "" || utf8.RuneCountInString(one.Description) > maxCommandDescription:
			faults = append(faults, gateway.Fault(gateway.CodeBotText, fmt.Sprintf("commands[%d].description", i), "A command is described in 1 to 256 characters."))
		}
	}
	if c.Description != nil && utf8.RuneCountInString(*c.Description) > maxDescription {
		faults = append(faults, gateway.Fault(gateway.CodeBotText, "description", "A description has at most 512 characters."))
	}
	if c.About != nil && utf8.RuneCountInString(*c.About) > maxAbout {
		faults = append(faults, gateway.Fault(gateway.CodeBotText, "about", "The text on the profile has at most 120 characters."))
	}
	return faults.OrNil()
}

// Change does what the owner wants of a bot, and returns it as it is then. The messenger is asked before anything of its
// own is written.
func (s *Service) Change(ctx context.Context, account gateway.AccountID, ref string, c Change) (gateway.Bot, error) {
	if err := c.check(); err != nil {
		return gateway.Bot{}, err
	}
	b, err := s.Owned(ctx, account, ref)
	if err != nil {
		return b, err
	}
	policy, err := c.Reconfirm.apply(b.Reconfirm, b.Network)
	if err != nil {
		return b, err
	}
	shared, err := c.Sharing.apply(b)
	if err != nil {
		return b, err
	}
	intake := b.Intake
	if c.Intake != "" {
		if intake, err = s.chooseIntake(c.Intake, b.Network); err != nil {
			return b, err
		}
	}
	if c.Token != "" {
		if b, err = s.replaceToken(ctx, b, c.Token); err != nil {
			return b, err
		}
	}
	if b, err = s.describe(ctx, b, intake, policy, c); err != nil {
		return b, err
	}
	if b, err = s.share(ctx, b, shared); err != nil {
		return b, err
	}
	switch {
	case c.State == gateway.BotPaused:
		return s.pause(ctx, b)
	case c.State == gateway.BotActive && b.State == gateway.BotPaused:
		if b, err = s.store.ResumeBot(ctx, account, b.ID, s.now()); err != nil {
			return b, err
		}
		return b, s.Connect(ctx, b)
	case (c.Token != "" || c.Intake != "") && b.State == gateway.BotActive:
		return b, s.Connect(ctx, b)
	default:
		return b, nil
	}
}

// replaceToken gives the bot a new token of its own.
func (s *Service) replaceToken(ctx context.Context, b gateway.Bot, token gateway.Secret) (gateway.Bot, error) {
	network, err := s.check(NewBot{Platform: b.Platform, Token: token})
	if err != nil {
		return b, err
	}
	profile, err := s.identify(ctx, network, token)
	if err != nil {
		return b, err
	}
	if network != b.Network || profile.PlatformID != b.PlatformID {
		return b, gateway.Fault(gateway.CodeBotOther, "token", "This token is of another bot: @"+profile.Username+". Take the token that BotFather shows for @"+b.Username+".")
	}
	b.Username, b.Name, b.WebhookSecret, b.UpdatedAt = profile.Username, profile.Name, s.ids.Secret("wh"), s.now()
	if b.SealedToken, err = s.sealer.Seal(ctx, []byte(token.Reveal()), b.ID.TokenBound()); err != nil {
		return b, fmt.Errorf("seal token of bot %s: %w", b.ID, err)
	}
	if err := s.store.ReplaceToken(ctx, b); err != nil {
		return b, err
	}
	return s.store.Bot(ctx, b.AccountID, b.ID)
}

// describe tells the messenger about the bot, and keeps what was said.
func (s *Service) describe(ctx context.Context, b gateway.Bot, intake gateway.Intake, policy gateway.ReconfirmPolicy, c Change) (gateway.Bot, error) {
	words := c.Commands != nil || c.Description != nil || c.About != nil
	if !words && c.Reclaim == nil && c.AskPhone == nil && c.ContactOnly == nil && policy == b.Reconfirm && intake == b.Intake {
		return b, nil
	}
	if words {
		if b.State == gateway.BotRevoked {
			return b, gateway.Fault(gateway.CodeBotRevoked, "", gateway.WordsRevoked)
		}
		if err := s.registrar.Describe(ctx, b, c.Commands, c.Description, c.About); err != nil {
			return b, describing(err)
		}
	}
	b.Intake, b.Reconfirm = intake, policy
	if c.AskPhone != nil {
		b.AskPhone = *c.AskPhone
	}
	if c.ContactOnly != nil {
		b.ContactOnly = *c.ContactOnly
	}
	if c.Reclaim != nil {
		b.Reclaim = *c.Reclaim
	}
	if c.Commands != nil {
		b.Commands = c.Commands
	}
	if c.Description != nil {
		b.Description = *c.Description
	}
	if c.About != nil {
		b.About = *c.About
	}
	return s.store.DescribeBot(ctx, b, s.now())
}

// describing turns a refusal of a bot's words into what its owner can do about it.
func describing(err error) error {
	var refusal *gateway.DeliveryError
	switch {
	case errors.As(err, &refusal) && refusal.Class == gateway.ClassRevoked:
		return &gateway.Error{Code: gateway.CodeBotRevoked, Message: gateway.WordsRevoked, Err: err}
	case errors.As(err, &refusal) && refusal.HTTPStatus == 400:
		return &gateway.Error{Code: gateway.CodeBotText, Message: "The messenger does not take these words: " + refusal.Text, Err: err}
	default:
		return &gateway.Error{Code: gateway.CodeMessengerDown, Message: "The messenger did not answer. Nothing is changed; try again in a moment.", Err: err}
	}
}

// pause rests a bot. A webhook is taken away, so that what people write meanwhile waits at the messenger; it keeps it for a day.
func (s *Service) pause(ctx context.Context, b gateway.Bot) (gateway.Bot, error) {
	was := b.State
	b, err := s.store.PauseBot(ctx, b.AccountID, b.ID, s.now())
	if err != nil {
		return b, err
	}
	if was == gateway.BotActive {
		s.letGo(ctx, b)
	}
	return b, nil
}

// Remove takes a bot away for good. Its token is forgotten; its messages stay in History.
func (s *Service) Remove(ctx context.Context, account gateway.AccountID, ref string) (gateway.Bot, error) {
	b, err := s.Owned(ctx, account, ref)
	if err != nil {
		return b, err
	}
	if b.State == gateway.BotActive {
		s.letGo(ctx, b)
	}
	return s.store.RemoveBot(ctx, account, b.ID, s.ids.Secret("wh"), s.now())
}

// letGo takes our webhook away. A messenger that does not answer keeps it: what it brings is refused then.
func (s *Service) letGo(ctx context.Context, b gateway.Bot) {
	if b.Intake != gateway.IntakeWebhook {
		return
	}
	if err := s.registrar.UsePolling(ctx, b); err != nil {
		s.logger.InfoContext(ctx, "taking the webhook away", "bot", b.ID, "error", err)
	}
}
