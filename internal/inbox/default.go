package inbox

import (
	"context"
	"strconv"
	"strings"

	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/phrase"
)

// Commands that every bot answers by itself, unless a rule of its own does.
const (
	commandStart    = "start"
	commandStop     = "stop"
	commandPrivacy  = "privacy"
	commandLanguage = "language"
	commandPhone    = "phone"
)

// languageMark begins the data of the buttons that choose a language.
const languageMark = "herald:language:"

// forgetMark is the data of the button by which a person is forgotten.
const forgetMark = "herald:forget"

// RuleDefault begins the name under which History shows what bots answer by themselves.
const RuleDefault = "herald:"

// chosenLanguage is the language that an update chooses: by a button, or behind the command.
func chosenLanguage(u gateway.Update) string {
	wanted, pressed := strings.CutPrefix(u.Text, languageMark)
	switch {
	case u.Kind == gateway.UpdateButton && pressed:
	case u.Kind == gateway.UpdateCommand && u.Command == commandLanguage:
		wanted = u.Payload
	default:
		return ""
	}
	if spoken, ok := phrase.Spoken(wanted); ok {
		return spoken
	}
	return ""
}

// byDefault returns what asks the rules first, and answers what they leave to the bot itself.
func (i *Inbox) byDefault(c consultation, v gateway.Verdict, ask gateway.Answerer, accepted *[]gateway.MessageRef) gateway.Answerer {
	if i.composer == nil || v.CheckCode == nil && v.Claim == nil && v.Chosen == "" && !hasDefault(c.update) {
		return ask
	}
	return func(ctx context.Context, talk gateway.Conversation) (a gateway.Answer, err error) {
		ours := talk.Foreign && talk.Claim != gateway.ClaimIdle // no rule of a customer stands between the bot's question and its answer
		if ask != nil && !ours {
			if a, err = ask(ctx, talk); err != nil || a.Failure != "" || len(a.Rules) > 0 {
				return a, err
			}
		}
		if ask == nil || ours {
			a.State = talk.State
		}
		*accepted = (*accepted)[:0]
		for _, made := range i.answersItself(c, v, talk, &a) {
			made.Message.SubscriberID, made.Message.Cause = talk.Person.ID, c.about
			if made.Legs[0].Channel != gateway.ChannelSMS { // which does not wait for its turn in the chat
				made.Message.After = a.State.LastReply
				a.State.LastReply = made.Message.ID
			}
			a.Messages = append(a.Messages, made)
			*accepted = append(*accepted, refOf(made))
		}
		return a, nil
	}
}

// hasDefault tells whether the bot has an answer of its own to the update.
func hasDefault(u gateway.Update) bool {
	if u.Kind != gateway.UpdateCommand {
		return u.Kind == gateway.UpdateContact
	}
	switch u.Command {
	case commandStart, commandStop, commandPrivacy, commandLanguage, commandPhone:
		return true
	default:
		return false
	}
}

// defaultReply is what the bot answers by itself, in the person's language.
func (i *Inbox) defaultReply(c consultation, v gateway.Verdict, talk gateway.Conversation) (made gateway.NewMessage, ok bool) {
	language := talk.Person.Language
	if v.Chosen != "" {
		language = v.Chosen
	}
	key, buttons, share := defaultPhrase(c, v, talk)
	if key == "" {
		return made, false
	}
	if key == phrase.Privacy {
		buttons = [][]gateway.Button{{{Text: phrase.In(language, phrase.ForgetButton), Data: forgetMark}}}
	}
	r := messaging.Request{
		To:      gateway.Address{Kind: gateway.AddressPlatform, Value: strconv.FormatInt(talk.Person.PlatformID, 10)}.String(),
		Text:    phrase.In(language, key, "bot", c.bot.Username, "tail", gateway.PhoneTail(talk.Person.Phone)),
		Buttons: buttons,
	}
	if share && i.takesNumbers(c.bot) && c.update.Kind == gateway.UpdateCommand {
		r.Text += "\n\n" + phrase.In(language, phrase.PhoneType)
	}
	made, err := i.composer.Compose(c.raw.AccountID, c.bot, r)
	if err != nil {
		return made, false // nothing of a person stands in it that could be refused
	}
	made.Message.Rule, made.Message.Language = RuleDefault+string(key), language
	if share {
		made.Message.AskPhone = true
		made.Message.Buttons = [][]gateway.Button{{{Text: phrase.In(language, phrase.ShareButton)}}}
	}
	return made, true
}

// defaultPhrase chooses the text, the buttons under it, and whether it comes with the button that shares the phone.
func defaultPhrase(c consultation, v gateway.Verdict, talk gateway.Conversation) (key phrase.Key, buttons [][]gateway.Button, share bool) {
	switch {
	case talk.Code == gateway.CodeProved:
		return thanks(talk), nil, false
	case talk.Code == gateway.CodeWrong:
		return phrase.CodeWrong, nil, false
	case talk.Code == gateway.CodeSpent:
		return phrase.CodeSpent, nil, false
	case talk.Claim == gateway.ClaimMalformed:
		return phrase.PhoneForm, nil, false
	case talk.Claim == gateway.ClaimTooMany:
		return phrase.ClaimLimit, nil, false
	case talk.Claim == gateway.ClaimOpen:
		return phrase.ClaimNoSMS, nil, false // where one could go the claim has its own answer
	case v.Chosen != "":
		return phrase.LanguageSet, nil, false
	case !hasDefault(c.update):
		return "", nil, false
	case c.update.Kind == gateway.UpdateContact:
		key, share = contactPhrase(v, talk)
		return key, nil, share
	}
	switch c.update.Command {
	case commandStart:
		if c.bot.AskPhone && !talk.Phoned {
			return phrase.WelcomePhone, nil, true
		}
		return phrase.Welcome, nil, false
	case commandStop:
		return phrase.Stopped, nil, false
	case commandPrivacy:
		return phrase.Privacy, nil, false
	case commandPhone:
		switch {
		case !talk.Phoned:
			return phrase.PhoneShare, nil, true
		case talk.Person.Phone == "":
			return phrase.PhoneOther, nil, true
		default:
			return phrase.PhoneChange, nil, true
		}
	default:
		for _, choice := range phrase.Choices() {
			buttons = append(buttons, []gateway.Button{{Text: choice.Name, Data: languageMark + choice.Tag}})
		}
		if c.update.Payload != "" {
			return phrase.LanguageOdd, buttons, false
		}
		return phrase.Language, buttons, false
	}
}

// contactPhrase thanks for a contact that proved a phone, or says why it did not and whether the button would help.
func contactPhrase(v gateway.Verdict, talk gateway.Conversation) (key phrase.Key, share bool) {
	switch {
	case v.Phone != "":
		return thanks(talk), false
	case v.Note == NoteContactForwarded:
		return phrase.ContactForwarded, true
	case v.Note == NoteContactAnonymous:
		return phrase.ContactAnonymous, false // the button would share the same number again
	case v.Note == NoteContactInvalid:
		return phrase.ContactInvalid, false
	default:
		return phrase.ContactForeign, true
	}
}

// thanks names the end of the phone, unless it is none of the account's business.
func thanks(talk gateway.Conversation) phrase.Key {
	if talk.Person.Phone == "" {
		return phrase.PhoneNoted
	}
	return phrase.PhoneProved
}
