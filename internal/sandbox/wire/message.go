package wire

import "encoding/json"

// Entity marks a part of a text. Offset and Length count UTF-16 code units.
type Entity struct {
	Type          string `json:"type"`
	Offset        int    `json:"offset"`
	Length        int    `json:"length"`
	URL           string `json:"url,omitempty"`
	User          *User  `json:"user,omitempty"`
	Language      string `json:"language,omitempty"`
	CustomEmojiID string `json:"custom_emoji_id,omitempty"`
}

// Contact is a shared contact. UserID is 0 when the number belongs to nobody on the network.
type Contact struct {
	PhoneNumber string `json:"phone_number"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name,omitempty"`
	UserID      int64  `json:"user_id,omitempty"`
	VCard       string `json:"vcard,omitempty"`
}

// PhotoSize is one size of a photo.
type PhotoSize struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int64  `json:"file_size,omitempty"`
	Width        int    `json:"width"`
	Height       int    `json:"height"`
}

// Document is any other file.
type Document struct {
	FileName     string `json:"file_name,omitempty"`
	MimeType     string `json:"mime_type,omitempty"`
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int64  `json:"file_size,omitempty"`
}

// File is the answer of getFile.
type File struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int64  `json:"file_size,omitempty"`
	FilePath     string `json:"file_path,omitempty"`
}

// LinkPreviewOptions says how the preview of a link is made.
type LinkPreviewOptions struct {
	IsDisabled       bool   `json:"is_disabled,omitempty"`
	URL              string `json:"url,omitempty"`
	PreferSmallMedia bool   `json:"prefer_small_media,omitempty"`
	PreferLargeMedia bool   `json:"prefer_large_media,omitempty"`
	ShowAboveText    bool   `json:"show_above_text,omitempty"`
}

// Origin says where a forwarded message came from.
type Origin struct {
	Type       string `json:"type"`
	SenderUser *User  `json:"sender_user,omitempty"`
	Chat       *Chat  `json:"chat,omitempty"`
	MessageID  int64  `json:"message_id,omitempty"`
	Date       int64  `json:"date"`
}

// Message is one message. Times are Unix seconds. A post of a channel is from nobody and sent by the channel.
type Message struct {
	MessageID          int64               `json:"message_id"`
	From               *User               `json:"from,omitempty"`
	SenderChat         *Chat               `json:"sender_chat,omitempty"`
	Chat               Chat                `json:"chat"`
	Date               int64               `json:"date"`
	EditDate           int64               `json:"edit_date,omitempty"`
	ForwardOrigin      *Origin             `json:"forward_origin,omitempty"`
	ReplyToMessage     *Message            `json:"reply_to_message,omitempty"`
	Text               string              `json:"text,omitempty"`
	Entities           []Entity            `json:"entities,omitempty"`
	LinkPreviewOptions *LinkPreviewOptions `json:"link_preview_options,omitempty"`
	Photo              []PhotoSize         `json:"photo,omitempty"`
	Document           *Document           `json:"document,omitempty"`
	Caption            string              `json:"caption,omitempty"`
	CaptionEntities    []Entity            `json:"caption_entities,omitempty"`
	Contact            *Contact            `json:"contact,omitempty"`
	NewChatMembers     []User              `json:"new_chat_members,omitempty"`
	LeftChatMember     *User               `json:"left_chat_member,omitempty"`
	GroupChatCreated   bool                `json:"group_chat_created,omitempty"`
	MigrateToChatID    int64               `json:"migrate_to_chat_id,omitempty"`
	MigrateFromChatID  int64               `json:"migrate_from_chat_id,omitempty"`
	HasProtected       bool                `json:"has_protected_content,omitempty"`
	ReplyMarkup        *InlineKeyboard     `json:"reply_markup,omitempty"`

	// Keyboard is what the sender did to the person's reply keyboard. The Bot API never shows it in a message.
	Keyboard *ReplyKeyboard `json:"-"`

	// Silent says that it arrived without a sound. The Bot API never shows it either.
	Silent bool `json:"-"`

	// Poster is the person or bot that wrote a post of a channel, 0 elsewhere. The Bot API never tells.
	Poster int64 `json:"-"`
}

// Author is the person or bot that wrote the message, 0 when nobody did.
func (m *Message) Author() int64 {
	if m.From != nil {
		return m.From.ID
	}
	return m.Poster
}

// MessageID is the answer of copyMessage.
type MessageID struct {
	MessageID int64 `json:"message_id"`
}

// InlineKeyboard is a keyboard under a message.
type InlineKeyboard struct {
	Rows [][]InlineButton `json:"inline_keyboard"`
}

// InlineButton is one button of an inline keyboard: a text and exactly one action.
type InlineButton struct {
	Text                         string          `json:"text"`
	URL                          string          `json:"url,omitempty"`
	CallbackData                 string          `json:"callback_data,omitempty"`
	WebApp                       json.RawMessage `json:"web_app,omitempty"`
	LoginURL                     json.RawMessage `json:"login_url,omitempty"`
	SwitchInlineQuery            *string         `json:"switch_inline_query,omitempty"`
	SwitchInlineQueryCurrentChat *string         `json:"switch_inline_query_current_chat,omitempty"`
	CopyText                     json.RawMessage `json:"copy_text,omitempty"`
}

// ReplyKeyboard is what a message does to the keyboard below the person's input line: Rows replace it, Remove takes it
// away, Force opens a reply to the message.
type ReplyKeyboard struct {
	Rows        [][]ReplyButton `json:"keyboard,omitempty"`
	Remove      bool            `json:"remove_keyboard,omitempty"`
	Force       bool            `json:"force_reply,omitempty"`
	OneTime     bool            `json:"one_time_keyboard,omitempty"`
	Resize      bool            `json:"resize_keyboard,omitempty"`
	Persistent  bool            `json:"is_persistent,omitempty"`
	Selective   bool            `json:"selective,omitempty"`
	Placeholder string          `json:"input_field_placeholder,omitempty"`
}

// ReplyButton is one button of a reply keyboard. Without a request it sends its text.
type ReplyButton struct {
	Text            string `json:"text"`
	RequestContact  bool   `json:"request_contact,omitempty"`
	RequestLocation bool   `json:"request_location,omitempty"`
}
