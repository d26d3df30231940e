package dsl

// Mapping is a kind of mapping in rule files, as the reference describes it.
type Mapping struct {
	Name string // with its article
	Keys []KeyInfo
}

// KeyInfo is a key of a Mapping.
type KeyInfo struct {
	Name     string
	Required bool
	Doc      string
}

// Mappings returns all mappings with fixed keys, from the file downwards. Parse reads by the same tables.
func Mappings() []Mapping {
	return []Mapping{
		fileKeys.mapping(), translateKeys.mapping(), targetKeys.mapping(), ruleKeys.mapping(), replyKeys.mapping(), askKeys.mapping(),
		buttonKeys.mapping(), noticeKeys.mapping(), testKeys.mapping(), stepKeys.mapping(), actKeys.mapping(),
		sentKeys.mapping(), wantedButtonKeys.mapping(), wantedNoticeKeys.mapping(),
	}
}

func (o object[T]) mapping() Mapping {
	m := Mapping{Name: o.name}
	for _, k := range o.keys {
		m.Keys = append(m.Keys, KeyInfo{k.name, k.required, k.doc})
	}
	return m
}

// EventInfo is what the reference says about an event.
type EventInfo struct {
	Name string
	Doc  string
}

// EventInfos are the events of Events, in the same order.
func EventInfos() []EventInfo {
	return []EventInfo{
		{EventMessage, "The person wrote a text that is no command, or sent a photo, a document, a location or the like."},
		{EventFirstMessage, "The first message or command that the person ever sent; raised besides `message` or `command`."},
		{EventCommand, "The person sent a command. Its own name, such as `/start`, is raised besides."},
		{EventButton, "The person pressed a button that a reply or a message carried; `button` is its data."},
		{EventPhone, "The person shared a contact that belongs to them: their phone is proved. The contact of somebody else is a `message`."},
		{EventSubscribed, "The person unblocked the bot, or turned up for the first time; then it is raised besides what they did."},
		{EventUnsubscribed, "The person blocked the bot. Nothing can be sent to them."},
		{EventRead, "A message of ours was read: its link was opened, its button pressed, or it was answered; `last` is that message."},
		{EventUndelivered, "A message of ours reached nobody; `last` is that message. Messages of rules do not raise it."},
	}
}

// EffectInfo is what the reference says about an effect.
type EffectInfo struct {
	Kind  EffectKind
	Muted bool // it happens for a muted person, too
	Doc   string
}

// EffectInfos are the effects that a rule can ask for, in the order in which they happen.
func EffectInfos() []EffectInfo {
	all := []EffectInfo{
		{Kind: EffectSet, Doc: "Gives fields of the person the values of expressions; nil clears a field."},
		{Kind: EffectTag, Doc: "Gives the person tags. One that comes to nothing is no tag."},
		{Kind: EffectUntag, Doc: "Takes tags from the person."},
		{Kind: EffectReply, Doc: "Sends the person a text, or several, with buttons under them."},
		{Kind: EffectAskPhone, Doc: "Sends the person a text with the messenger's own button that shares their phone."},
		{Kind: EffectNotify, Doc: "Sends a text to somebody else who is connected to the bot: a phone, a @name or a #id."},
		{Kind: EffectForward, Doc: "Leaves an event for your handler, with this label."},
		{Kind: EffectMute, Doc: "Lets no rule answer the person, and nobody be notified about them, for so long."},
	}
	for i := range all {
		all[i].Muted = (&effect{kind: all[i].Kind}).silent()
	}
	return all
}
