package botapi

import (
	"encoding/json"
	"fmt"
	"regexp"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

func (c *call) getChat() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	return c.Network.Chat(c.bot, chat)
}

func (c *call) getChatMember() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	user := c.params.id("user_id")
	if user <= 0 {
		return nil, network.BadRequest("invalid user_id specified")
	}
	return c.Network.ChatMember(c.bot, chat, user)
}

func (c *call) getChatMemberCount() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	return c.Network.MemberCount(c.bot, chat)
}

func (c *call) leaveChat() (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	return true, c.Network.Leave(c.bot, chat)
}

// maxCommands bounds a command list, maxScopes the lists of one bot.
const (
	maxCommands = 100
	maxScopes   = 1000
)

var commandForm = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

// scope reads the scope and the language of a command list into the key under which the bot keeps it.
func (c *call) scope() (string, error) {
	language, err := c.language()
	if err != nil {
		return "", err
	}
	raw := c.params.object("scope")
	if raw == "" {
		return "default|" + language, nil
	}
	var s struct {
		Type   string          `json:"type"`
		ChatID json.RawMessage `json:"chat_id"`
		UserID json.RawMessage `json:"user_id"`
	}
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return "", network.BadRequest("can't parse BotCommandScope: expected an Object")
	}
	switch s.Type {
	case "default":
		return "default|" + language, nil
	case "all_private_chats", "all_group_chats", "all_chat_administrators", "chat", "chat_administrators", "chat_member":
		return fmt.Sprintf("%s %.32s %.32s|%s", s.Type, s.ChatID, s.UserID, language), nil
	}
	return "", network.BadRequest("can't parse BotCommandScope: unsupported type specified")
}

func (c *call) setMyCommands() (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	var commands []wire.BotCommand
	if raw := c.params.object("commands"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &commands); err != nil {
			return nil, network.BadRequest("can't parse commands: expected an Array of BotCommand")
		}
	}
	if len(commands) > maxCommands {
		return nil, network.BadRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for i, command := range commands {
		if len(command.Command) > 0 && command.Command[0] == '/' {
			commands[i].Command = command.Command[1:]
		}
		switch {
		case !commandForm.MatchString(commands[i].Command):
			return nil, network.BadRequest("BOT_COMMAND_INVALID")
		case command.Description == "" || markup.Len16(command.Description) > 256:
			return nil, network.BadRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	var full bool
	err = c.Network.EditProfile(c.bot, func(p *network.Profile) {
		if p.Commands == nil {
			p.Commands = map[string][]wire.BotCommand{}
		}
		if full = len(p.Commands) >= maxScopes; full {
			return
		}
		if len(commands) == 0 {
			delete(p.Commands, scope)
		} else {
			p.Commands[scope] = commands
		}
	})
	if full {
		return nil, network.BadRequest("BOT_COMMANDS_TOO_MUCH")
	}
	return true, err
}

func (c *call) deleteMyCommands() (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	return true, c.Network.EditProfile(c.bot, func(p *network.Profile) { delete(p.Commands, scope) })
}

func (c *call) getMyCommands() (any, error) {
	scope, err := c.scope()
	if err != nil {
		return nil, err
	}
	commands := []wire.BotCommand{}
	err = c.Network.ReadProfile(c.bot, func(_ string, p *network.Profile) { commands = append(commands, p.Commands[scope]...) })
	return commands, err
}

var languageForm = regexp.MustCompile(`^(?:[a-z]{2})?$`)

func (c *call) language() (string, error) {
	code := c.params.str("language_code")
	if !languageForm.MatchString(code) {
		return "", network.BadRequest("invalid language code specified")
	}
	return code, nil
}

// setWords changes one of the bot's texts by language; an empty text removes it.
func (c *call) setWords(field string, limit int, pick func(*network.Profile) *map[string]string) (any, error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	text := c.params.str(field)
	if markup.Len16(text) > limit {
		return nil, network.BadRequest("BOT_" + map[string]string{"name": "TITLE", "description": "DESCRIPTION", "short_description": "ABOUT"}[field] + "_INVALID")
	}
	return true, c.Network.EditProfile(c.bot, func(p *network.Profile) {
		texts := pick(p)
		if *texts == nil {
			*texts = map[string]string{}
		}
		if text == "" {
			delete(*texts, language)
		} else {
			(*texts)[language] = text
		}
	})
}

// getWords reads one of the bot's texts: that of the language, else that of all others.
func (c *call) getWords(field string, otherwise func(name string) string, pick func(*network.Profile) *map[string]string) (any, error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	text := ""
	err = c.Network.ReadProfile(c.bot, func(name string, p *network.Profile) {
		texts := *pick(p)
		if text = texts[language]; text == "" {
			text = texts[""]
		}
		if text == "" {
			text = otherwise(name)
		}
	})
	return map[string]string{field: text}, err
}

func names(p *network.Profile) *map[string]string             { return &p.Names }
func descriptions(p *network.Profile) *map[string]string      { return &p.Descriptions }
func shortDescriptions(p *network.Profile) *map[string]string { return &p.ShortDescriptions }
func nothing(string) string                                   { return "" }

func (c *call) setMyName() (any, error)        { return c.setWords("name", 64, names) }
func (c *call) setMyDescription() (any, error) { return c.setWords("description", 512, descriptions) }

func (c *call) setMyShortDescription() (any, error) {
	return c.setWords("short_description", 120, shortDescriptions)
}

func (c *call) getMyName() (any, error) {
	return c.getWords("name", func(name string) string { return name }, names)
}

func (c *call) getMyDescription() (any, error) {
	return c.getWords("description", nothing, descriptions)
}

func (c *call) getMyShortDescription() (any, error) {
	return c.getWords("short_description", nothing, shortDescriptions)
}

func (c *call) setChatMenuButton() (any, error) {
	raw := c.params.object("menu_button")
	var button struct {
		Type string `json:"type"`
	}
	if len(raw) > 4096 {
		return nil, network.BadRequest("MenuButton is too long")
	}
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &button); err != nil {
			return nil, network.BadRequest("can't parse MenuButton: expected an Object")
		}
		switch button.Type {
		case "default", "commands", "web_app":
		default:
			return nil, network.BadRequest("can't parse MenuButton: MenuButton has unsupported type")
		}
	}
	return true, c.Network.EditProfile(c.bot, func(p *network.Profile) { p.MenuButton = raw })
}

func (c *call) getChatMenuButton() (any, error) {
	button := json.RawMessage(`{"type":"commands"}`)
	err := c.Network.ReadProfile(c.bot, func(_ string, p *network.Profile) {
		if p.MenuButton != "" {
			button = json.RawMessage(p.MenuButton)
		}
	})
	return button, err
}
