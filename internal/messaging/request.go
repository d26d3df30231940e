package messaging

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"herald/internal/gateway"
	"herald/internal/phone"
)

// Limits of a message: Telegram's, and our own where it names none.
const (
	MaxText       = 4096 // UTF-16 units
	MaxButtonData = 64   // bytes
	MaxButtonText = 64   // UTF-16 units
	MaxButtonURL  = 2048 // bytes
	MaxButtons    = 100  // in all rows
	MaxLabel      = 100  // bytes
	MaxTTL        = 7 * 24 * time.Hour
)

// Default lifetimes: a code is worthless soon, a notice is worth a day.
const (
	defaultTTL     = 24 * time.Hour
	defaultCodeTTL = 10 * time.Minute
)

// Request is a message as its sender asks for it. Everything but To, and Text or Media, has a default.
type Request struct {
	ID        gateway.MessageID // filled if empty; the same id twice is the same message
	Claim     *gateway.Claim    // to be taken with the message, which has its suffix; nil: none, or held already
	Bot       string            // id or @name; empty: the account's only bot
	To        string            // +380501234567, @anna or #123456; 050 123 45 67 where the account has a region
	Text      string
	Format    gateway.Format // plain
	Buttons   [][]gateway.Button
	Media     *gateway.Media    // a photo or document; the text is its caption and may be empty
	Silent    *bool             // without a sound; false
	Protected bool              // cannot be forwarded or saved
	Lane      gateway.Lane      // service
	TTL       time.Duration     // 24 hours; 10 minutes for codes
	OnUnknown gateway.OnUnknown // hold; resend for codes
	Label     string            // the sender's own mark, for filters
	Wait      bool              // the sender will wait for the outcome

	Cascade   []CascadeLeg      // telegram alone
	Fallback  string            // "sms": by SMS if the person is not connected or the messenger does not take it
	ReadLink  string            // the address behind a link that proves reading, added to the text
	SendAt    string            // RFC 3339, or the same without a zone by the clock of Timezone; at once
	Between   string            // "09:00-21:00": only at this time of the day
	Timezone  string            // of SendAt, and of Between where the person's own is not known, an IANA name; UTC
	Confirmed time.Duration     // how old the proof of the person's phone may be at most; any
	ConfirmBy gateway.ConfirmBy // how they prove it again; contact
	MaxPrice  string            // a decimal number: what it may cost at most, in the currency of the price list

	zoneOf gateway.ZoneOwner // who named Timezone
	region string            // of phones in national form: the account's; empty refuses them
}

// message checks the request and returns the message that it asks for, without ids and bot.
func (r Request) message(now time.Time) (gateway.Message, error) {
	var faults gateway.Faults
	note := func(err *gateway.Error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	to, err := ParseAddress(r.To, r.region)
	note(err)
	r.fillDefaults()
	note(r.checkText())
	faults = append(faults, checkButtons(r.Buttons)...)
	note(r.checkMedia())
	note(r.checkOptions())
	note(r.checkCascade())
	note(r.checkLinks())
	note(r.checkConfirmation(to))
	chosen, timing := r.checkTimes(now)
	faults = append(faults, timing...)
	most, err := parsePrice(r.MaxPrice)
	note(err)
	if r.TTL <= 0 || r.TTL > MaxTTL {
		note(gateway.Fault(gateway.CodeTTL, "ttl", "A lifetime is written like 90s, 10m, 24h or 7d: more than zero and at most 7 days."))
	}
	if r.Timezone != "" && r.zoneOf == "" {
		r.zoneOf = gateway.ZoneOfMessage
	}
	m := gateway.Message{
		ID: r.ID, Direction: gateway.Out, To: to, Text: r.Text, Format: r.Format, Buttons: r.Buttons, Media: r.Media, Silent: r.Silent != nil && *r.Silent, Protected: r.Protected,
		Lane: r.Lane, OnUnknown: r.OnUnknown,
		Label: r.Label, State: gateway.Queued, Waited: r.Wait, ReadLink: r.ReadLink,
		Between: r.Between, Timezone: r.Timezone, TimezoneOf: r.zoneOf, MaxPrice: most, Confirmed: r.Confirmed, ConfirmBy: r.ConfirmBy, CreatedAt: now, UpdatedAt: now,
	}
	schedule(&m, chosen, r.TTL, addressed(to))
	return m, faults.OrNil()
}

func (r *Request) fillDefaults() {
	if len(r.Cascade) == 0 {
		r.Cascade = []CascadeLeg{{Channel: gateway.ChannelTelegram}}
		if r.Fallback == string(gateway.ChannelSMS) {
			r.Cascade, r.Fallback = append(r.Cascade, CascadeLeg{Channel: gateway.ChannelSMS}), ""
		}
	}
	if r.Format == "" {
		r.Format = gateway.FormatPlain
	}
	if r.Lane == "" {
		r.Lane = gateway.LaneService
	}
	if r.OnUnknown == "" {
		r.OnUnknown = gateway.Hold
		if r.Lane == gateway.LaneCode {
			r.OnUnknown = gateway.Resend
		}
	}
	if r.Confirmed != 0 && r.ConfirmBy == "" {
		r.ConfirmBy = gateway.ConfirmContact
	}
	if r.TTL == 0 {
		r.TTL = defaultTTL
		if r.Lane == gateway.LaneCode {
			r.TTL = defaultCodeTTL
		}
	}
}

func (r Request) checkOptions() *gateway.Error {
	switch r.Format {
	case gateway.FormatPlain, gateway.FormatHTML, gateway.FormatMarkdown:
	default:
		return gateway.Fault(gateway.CodeFieldInvalid, "format", "A text has one of three formats: plain, html and markdown.")
	}
	switch r.Lane {
	case gateway.LaneCode, gateway.LaneService, gateway.LaneBulk:
	default:
		return gateway.Fault(gateway.CodeFieldInvalid, "lane", "There are three lanes: code, service and bulk.")
	}
	switch r.OnUnknown {
	case gateway.Resend, gateway.Hold:
	default:
		return gateway.Fault(gateway.CodeFieldInvalid, "on_unknown", "When an answer is lost a message can be: resend or hold.")
	}
	if len(r.Label) > MaxLabel || !utf8.ValidString(r.Label) {
		return gateway.Fault(gateway.CodeFieldInvalid, "label", "A label has at most 100 bytes.")
	}
	return nil
}

// ParseAddress reads a recipient as a sender writes it: a phone, in international form or in the national form of region,
// @name, #id, ext: or chat:.
func ParseAddress(to, region string) (gateway.Address, *gateway.Error) {
	to = strings.TrimSpace(to)
	switch {
	case to == "":
		return gateway.Address{}, gateway.Fault(gateway.CodeRequired, "to", "Name the recipient: a phone such as +380501234567, a @name or a #id.")
	case to[0] == '@':
		name := strings.ToLower(to[1:])
		if !usernameLike(name) {
			return gateway.Address{}, gateway.Fault(gateway.CodeRecipientUnknown, "to", "A @name has 4 to 32 letters, digits and underscores.")
		}
		return gateway.Address{Kind: gateway.AddressUsername, Value: name}, nil
	case to[0] == '#':
		id, err := strconv.ParseInt(to[1:], 10, 64)
		if err != nil || id <= 0 {
			return gateway.Address{}, gateway.Fault(gateway.CodeRecipientUnknown, "to", "After # stands the person's id at the messenger, a positive number.")
		}
		return gateway.Address{Kind: gateway.AddressPlatform, Value: strconv.FormatInt(id, 10)}, nil
	case strings.HasPrefix(to, "ext:"):
		if id := to[len("ext:"):]; gateway.ExternalID(id) {
			return gateway.Address{Kind: gateway.AddressExternal, Value: id}, nil
		}
		return gateway.Address{}, gateway.Fault(gateway.CodeRecipientUnknown, "to", "After ext: stands your own id of the person, 1 to 128 printable characters without spaces.")
	case strings.HasPrefix(to, "chat:"):
		id, err := strconv.ParseInt(to[len("chat:"):], 10, 64)
		if err != nil || id >= 0 {
			return gateway.Address{}, gateway.Fault(gateway.CodeRecipientUnknown, "to", "After chat: stands the id of a group or channel at the messenger, a negative number.")
		}
		return gateway.Address{Kind: gateway.AddressChat, Value: strconv.FormatInt(id, 10)}, nil
	case phoneLike(to):
		e164, err := phone.Parse(to, region)
		if errors.Is(err, phone.ErrAnonymous) {
			return gateway.Address{}, gateway.Fault(gateway.CodePhoneInvalid, "to", "A number that begins with +888 is anonymous: nobody proves it here and no SMS reaches it. Name the person by @name, #id or ext: and your own id.")
		}
		if err != nil {
			return gateway.Address{}, gateway.Fault(gateway.CodePhoneInvalid, "to", phone.Refusal(err, region))
		}
		return gateway.Address{Kind: gateway.AddressPhone, Value: e164}, nil
	default:
		return gateway.Address{}, gateway.Fault(gateway.CodeRecipientUnknown, "to", "A recipient is a phone such as +380501234567, a @name, a #id, ext: and your own id, or chat: and the id of a group.")
	}
}

// usernameLike accepts what Telegram has ever handed out: short names of four characters were auctioned.
func usernameLike(name string) bool {
	return len(name) >= 4 && len(name) <= 32 && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	})
}

func phoneLike(to string) bool {
	return (to[0] == '+' || to[0] == '(' || to[0] >= '0' && to[0] <= '9') &&
		!strings.ContainsFunc(to, unicode.IsLetter)
}

// checkText holds against the limits what people see of a text: markup does not count, as long as there is not too much.
func (r Request) checkText() *gateway.Error {
	if len(r.Text) > maxMarkup {
		return gateway.Fault(gateway.CodeTextTooLong, "text", "The text has more than 32768 bytes with its markup.")
	}
	text, limit := visible(r.Text, r.Format), textLimit(r.Media)
	switch {
	case !utf8.ValidString(text):
		return gateway.Fault(gateway.CodeFieldInvalid, "text", "The text is not valid UTF-8.")
	case strings.TrimSpace(text) != "":
	case r.Media == nil:
		return gateway.Fault(gateway.CodeTextEmpty, "text", "The text is empty.")
	case r.bySMS():
		return gateway.Fault(gateway.CodeTextEmpty, "text", "An SMS carries the text alone, and there is none: give one, or leave the SMS out.")
	}
	switch length := units(text); {
	case length <= limit:
		return nil
	case r.Media != nil:
		return gateway.Fault(gateway.CodeTextTooLong, "text", fmt.Sprintf("The text has %d UTF-16 units; under a photo or document the messenger takes at most %d.", length, limit))
	default:
		return gateway.Fault(gateway.CodeTextTooLong, "text", fmt.Sprintf("The text has %d UTF-16 units; the messenger takes at most %d.", length, limit))
	}
}

// units counts as messengers do: in UTF-16 code units.
func units(text string) (n int) {
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

func checkButtons(rows [][]gateway.Button) (faults gateway.Faults) {
	total := 0
	for i, row := range rows {
		if len(row) == 0 {
			faults = append(faults, gateway.Fault(gateway.CodeButtonInvalid, fmt.Sprintf("buttons[%d]", i), "A row of buttons has at least one."))
		}
		for j, b := range row {
			if fault := checkButton(b); fault != nil {
				fault.Field = fmt.Sprintf("buttons[%d][%d]%s", i, j, fault.Field)
				faults = append(faults, fault)
			}
		}
		total += len(row)
	}
	if total > MaxButtons {
		return gateway.Faults{gateway.Fault(gateway.CodeButtonInvalid, "buttons", "A message has at most 100 buttons.")}
	}
	return faults
}

func checkButton(b gateway.Button) *gateway.Error {
	switch {
	case strings.TrimSpace(b.Text) == "" || !utf8.ValidString(b.Text) || units(b.Text) > MaxButtonText:
		return gateway.Fault(gateway.CodeButtonInvalid, ".text", "A button's text has 1 to 64 characters.")
	case purposes(b) != 1:
		return gateway.Fault(gateway.CodeButtonInvalid, "", "A button has one of: data, url, web_app.")
	case len(b.Data) > MaxButtonData:
		return gateway.Fault(gateway.CodeButtonTooLong, ".data", fmt.Sprintf("A button's data has at most 64 bytes; this has %d.", len(b.Data)))
	case b.URL != "" && !webAddress(b.URL):
		return gateway.Fault(gateway.CodeButtonInvalid, ".url", "A button's url begins with https:// or http:// and has at most 2048 bytes.")
	case b.WebApp != "" && (!webAddress(b.WebApp) || !strings.HasPrefix(b.WebApp, "https://")):
		return gateway.Fault(gateway.CodeButtonInvalid, ".web_app", "The address of a Mini App begins with https:// and has at most 2048 bytes.")
	}
	return nil
}

func purposes(b gateway.Button) (n int) {
	for _, purpose := range []string{b.Data, b.URL, b.WebApp} {
		if purpose != "" {
			n++
		}
	}
	return n
}
