package client

import "herald/client/wire"

// What goes over the wire, under the names of the API reference.
type (
	NewMessage       = wire.NewMessage
	Message          = wire.Message
	Button           = wire.Button
	NewMedia         = wire.NewMedia
	MessageChange    = wire.MessageChange
	Edit             = wire.Edit
	Media            = wire.Media
	File             = wire.File
	NewLeg           = wire.NewLeg
	PriceList        = wire.PriceList
	Price            = wire.Price
	Defaults         = wire.Defaults
	Leg              = wire.Leg
	Evidence         = wire.Evidence
	Event            = wire.Event
	AccountEvent     = wire.AccountEvent
	NewBot           = wire.NewBot
	Bot              = wire.Bot
	BotChange        = wire.BotChange
	BotCommand       = wire.BotCommand
	ConnectLink      = wire.ConnectLink
	Subscriber       = wire.Subscriber
	SubscriberChange = wire.SubscriberChange
	Forgetting       = wire.Forgetting
	Policy           = wire.Policy
	PolicyCheck      = wire.PolicyCheck
	PolicyAllowance  = wire.PolicyAllowance
	KeptAllowance    = wire.KeptAllowance
	NewTranslation   = wire.NewTranslation
	Translation      = wire.Translation
	TranslationUsage = wire.TranslationUsage
	TranslationDay   = wire.TranslationDay
	NewAccount       = wire.NewAccount
	Account          = wire.Account
	AccountChange    = wire.AccountChange
	CreatedAccount   = wire.CreatedAccount
	NewKey           = wire.NewKey
	Key              = wire.Key
	CreatedKey       = wire.CreatedKey
	PendingUpdate    = wire.PendingUpdate
	FieldError       = wire.FieldError
	Health           = wire.Health
	Preview          = wire.Preview
	PreviewLeg       = wire.PreviewLeg
)

// Enumerations of the API. Answers may hold values that are not listed here: newer installations know more.
type (
	Lane         = wire.Lane
	MediaKind    = wire.MediaKind
	Format       = wire.Format
	OnUnknown    = wire.OnUnknown
	ConfirmBy    = wire.ConfirmBy
	Direction    = wire.Direction
	MessageState = wire.MessageState
	LegState     = wire.LegState
	Channel      = wire.Channel
	Until        = wire.Until
	EvidenceKind = wire.EvidenceKind
	Connection   = wire.Connection
	Intake       = wire.Intake
	Purpose      = wire.Purpose
)

// States of a bot.
const (
	BotActive   = wire.BotStateActive
	BotConflict = wire.BotStateConflict
	BotRevoked  = wire.BotStateRevoked
	BotPaused   = wire.BotStatePaused
)

// What an owner makes of a bot.
const (
	PauseBot  = wire.BotChangeStatePaused
	ResumeBot = wire.BotChangeStateActive
)
