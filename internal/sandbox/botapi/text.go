package botapi

import (
	"encoding/json"
	"errors"
	"strings"

	"herald/internal/sandbox/markup"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

const (
	maxText      = 4096   // UTF-16 code units of a text
	maxCaption   = 1024   // UTF-16 code units of a caption
	maxTextBytes = 32_768 // bytes of a text before it is parsed
)

// formatted reads a text with its markup: by parse_mode, or by the entities that the bot computed itself.
func (c *call) formatted(field, entityField string) (string, []wire.Entity, error) {
	raw := c.params.str(field)
	if len(raw) > maxTextBytes {
		return "", nil, network.BadRequest("text is too long")
	}
	mode := markup.Mode(strings.ToLower(c.params.str("parse_mode")))
	switch mode {
	case "null", "none":
		mode = markup.Plain
	case markup.Plain, markup.HTML, markup.Markdown, markup.MarkdownV2:
	default:
		return "", nil, network.BadRequest("unsupported parse_mode")
	}
	text, entities, err := markup.Parse(raw, mode)
	var broken markup.Error
	if errors.As(err, &broken) {
		return "", nil, network.BadRequest("can't parse entities: " + string(broken))
	}
	if mode == markup.Plain {
		if entities, err = c.entities(entityField, markup.Len16(text)); err != nil {
			return "", nil, err
		}
	}
	text, entities = markup.Finish(text, entities)
	return text, entities, nil
}

// entityTypes are the entities that a bot can set by itself; others are detected.
func settable(kind string) bool {
	switch kind {
	case "bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
		"text_link", "text_mention", "custom_emoji":
		return true
	}
	return false
}

// entities reads a list of entities and keeps those that can be set and lie inside the text.
func (c *call) entities(field string, length int) ([]wire.Entity, error) {
	raw := c.params.object(field)
	if raw == "" {
		return nil, nil
	}
	var list []wire.Entity
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, network.BadRequest("can't parse entities: expected an Array of MessageEntity")
	}
	kept := list[:0]
	for _, e := range list {
		if e.Offset < 0 || e.Length < 0 || e.Offset > length || e.Length > length-e.Offset {
			return nil, network.BadRequest("can't parse entities: entity beyond the end of the text")
		}
		if settable(e.Type) && e.Length > 0 && len(kept) < 100 {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// text reads the text of a message.
func (c *call) text() (string, []wire.Entity, error) {
	text, entities, err := c.formatted("text", "entities")
	switch {
	case err != nil:
		return "", nil, err
	case text == "":
		return "", nil, network.BadRequest("message text is empty")
	case markup.Len16(text) > maxText:
		return "", nil, network.BadRequest("message is too long")
	}
	return text, entities, nil
}

// caption reads the caption of a file.
func (c *call) caption() (string, []wire.Entity, error) {
	text, entities, err := c.formatted("caption", "caption_entities")
	if err == nil && markup.Len16(text) > maxCaption {
		err = network.BadRequest("message caption is too long")
	}
	return text, entities, err
}

// preview reads link_preview_options or its old form disable_web_page_preview.
func (c *call) preview() (*wire.LinkPreviewOptions, error) {
	raw := c.params.object("link_preview_options")
	if raw == "" {
		if c.params.flag("disable_web_page_preview") {
			return &wire.LinkPreviewOptions{IsDisabled: true}, nil
		}
		return nil, nil
	}
	options := &wire.LinkPreviewOptions{}
	if err := json.Unmarshal([]byte(raw), options); err != nil {
		return nil, network.BadRequest("can't parse link preview options JSON object")
	}
	if *options == (wire.LinkPreviewOptions{}) {
		return nil, nil
	}
	return options, nil
}

// previewLink lets the robot open the first link of a message, as Telegram does for previews.
func (c *call) previewLink(m *wire.Message) {
	options := m.LinkPreviewOptions
	if options != nil && options.IsDisabled {
		return
	}
	if options != nil && options.URL != "" {
		c.Robot.Queue(options.URL)
		return
	}
	for _, e := range m.Entities {
		switch e.Type {
		case "url":
			address := markup.Slice16(m.Text, e.Offset, e.Length)
			if !strings.Contains(address, "://") {
				address = "http://" + address
			}
			c.Robot.Queue(address)
			return
		case "text_link":
			c.Robot.Queue(e.URL)
			return
		}
	}
}
