package wire

// User is a person or a bot as others see it.
type User struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name,omitempty"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

// Me is the bot itself, as getMe answers.
type Me struct {
	User
	CanJoinGroups             bool `json:"can_join_groups"`
	CanReadAllGroupMessages   bool `json:"can_read_all_group_messages"`
	SupportsInlineQueries     bool `json:"supports_inline_queries"`
	CanConnectToBusiness      bool `json:"can_connect_to_business"`
	HasMainWebApp             bool `json:"has_main_web_app"`
	HasTopicsEnabled          bool `json:"has_topics_enabled"`
	AllowsUsersToCreateTopics bool `json:"allows_users_to_create_topics"`
}

// ChatType says what kind of conversation a chat is.
type ChatType string

// The kinds of chats that the sandbox knows.
const (
	ChatPrivate    ChatType = "private"
	ChatGroup      ChatType = "group"
	ChatSupergroup ChatType = "supergroup"
	ChatChannel    ChatType = "channel"
)

// Chat is a conversation as it stands inside messages and updates.
type Chat struct {
	ID        int64    `json:"id"`
	Type      ChatType `json:"type"`
	Title     string   `json:"title,omitempty"`
	Username  string   `json:"username,omitempty"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
}

// GiftTypes says which gifts a chat takes: none, in the sandbox.
type GiftTypes struct {
	UnlimitedGifts      bool `json:"unlimited_gifts"`
	LimitedGifts        bool `json:"limited_gifts"`
	UniqueGifts         bool `json:"unique_gifts"`
	PremiumSubscription bool `json:"premium_subscription"`
	GiftsFromChannels   bool `json:"gifts_from_channels"`
}

// Permissions is what an ordinary member of a group may do.
type Permissions struct {
	CanSendMessages       bool `json:"can_send_messages"`
	CanSendAudios         bool `json:"can_send_audios"`
	CanSendDocuments      bool `json:"can_send_documents"`
	CanSendPhotos         bool `json:"can_send_photos"`
	CanSendVideos         bool `json:"can_send_videos"`
	CanSendVideoNotes     bool `json:"can_send_video_notes"`
	CanSendVoiceNotes     bool `json:"can_send_voice_notes"`
	CanSendPolls          bool `json:"can_send_polls"`
	CanSendOtherMessages  bool `json:"can_send_other_messages"`
	CanAddWebPagePreviews bool `json:"can_add_web_page_previews"`
	CanChangeInfo         bool `json:"can_change_info"`
	CanInviteUsers        bool `json:"can_invite_users"`
	CanPinMessages        bool `json:"can_pin_messages"`
	CanManageTopics       bool `json:"can_manage_topics"`
}

// ChatFullInfo is the answer of getChat.
type ChatFullInfo struct {
	Chat
	AccentColorID     int          `json:"accent_color_id"`
	MaxReactionCount  int          `json:"max_reaction_count"`
	ActiveUsernames   []string     `json:"active_usernames,omitempty"`
	AcceptedGiftTypes GiftTypes    `json:"accepted_gift_types"`
	Permissions       *Permissions `json:"permissions,omitempty"`
}

// MemberStatus says how somebody belongs to a chat.
type MemberStatus string

// The member states that occur in the sandbox.
const (
	StatusMember        MemberStatus = "member"
	StatusKicked        MemberStatus = "kicked"
	StatusLeft          MemberStatus = "left"
	StatusCreator       MemberStatus = "creator"
	StatusAdministrator MemberStatus = "administrator"
)

// ChatMember is one belonging. UntilDate is set for kicked members only and is 0 for "for ever"; IsAnonymous belongs to
// the creator and to administrators, the rights to administrators only.
type ChatMember struct {
	User        User         `json:"user"`
	Status      MemberStatus `json:"status"`
	UntilDate   *int64       `json:"until_date,omitempty"`
	IsAnonymous *bool        `json:"is_anonymous,omitempty"`
	*AdministratorRights
}

// AdministratorRights is what an administrator of a channel may do. Posts of channels name nobody, so what concerns
// members, calls and stories is never given in the sandbox.
type AdministratorRights struct {
	CanBeEdited         bool `json:"can_be_edited"`
	CanManageChat       bool `json:"can_manage_chat"`
	CanDeleteMessages   bool `json:"can_delete_messages"`
	CanManageVideoChats bool `json:"can_manage_video_chats"`
	CanRestrictMembers  bool `json:"can_restrict_members"`
	CanPromoteMembers   bool `json:"can_promote_members"`
	CanChangeInfo       bool `json:"can_change_info"`
	CanInviteUsers      bool `json:"can_invite_users"`
	CanPostStories      bool `json:"can_post_stories"`
	CanEditStories      bool `json:"can_edit_stories"`
	CanDeleteStories    bool `json:"can_delete_stories"`
	CanPostMessages     bool `json:"can_post_messages"`
	CanEditMessages     bool `json:"can_edit_messages"`
}

// NewChatMember returns the belonging of one user with the fields that its state demands.
func NewChatMember(u User, status MemberStatus) ChatMember {
	m := ChatMember{User: u, Status: status}
	switch status {
	case StatusKicked:
		m.UntilDate = new(int64)
	case StatusCreator:
		m.IsAnonymous = new(bool)
	case StatusAdministrator:
		m.IsAnonymous = new(bool)
		m.AdministratorRights = &AdministratorRights{
			CanManageChat: true, CanDeleteMessages: true, CanPostMessages: true, CanEditMessages: true,
		}
	}
	return m
}
