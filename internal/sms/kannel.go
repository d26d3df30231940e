package sms

import (
	"cmp"
	"context"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"herald/internal/gateway"
)

// Kannel's codes of delivery events, a bit mask. We ask for those that end an SMS.
const (
	kannelDelivered = 1
	kannelFailed    = 2
	kannelRejected  = 16 // by the operator, before it was taken
	kannelMask      = kannelDelivered + kannelFailed + kannelRejected
)

// kannel is a Kannel gateway, which speaks SMPP and other protocols to operators. It is reached by the sendsms service of
// its smsbox. It gives an SMS no id: our own reference is its id.
type kannel struct {
	desk
	wire     *wire
	url      string
	login    string
	password gateway.Secret
	sender   string
}

func newKannel(p ProviderConfig, d desk) provider {
	return &kannel{desk: d, wire: newWire(p.Timeout), url: p.URL, login: p.Login, password: p.Password, sender: p.Sender}
}

func (k *kannel) Name() string { return k.name }
func (k *kannel) close()       { k.wire.close() }

// SendSMS posts the text with everything else in headers, so that neither it nor the password stands in an access log.
func (k *kannel) SendSMS(ctx context.Context, sms gateway.OutgoingSMS) (gateway.SMSReceipt, error) {
	coding, parts := gateway.SplitSMS(sms.Text)
	header := http.Header{
		"Content-Type":      {"text/plain; charset=UTF-8"},
		"X-Kannel-Username": {k.login},
		"X-Kannel-Password": {k.password.Reveal()},
		"X-Kannel-To":       {sms.To},
	}
	if from := cmp.Or(sms.From, k.sender); from != "" {
		header["X-Kannel-From"] = []string{from}
	}
	if coding == gateway.SMSUCS2 {
		header["X-Kannel-Coding"] = []string{"2"}
	}
	if sms.ValidFor > 0 {
		header["X-Kannel-Validity"] = []string{strconv.Itoa(wholeMinutes(sms.ValidFor))}
	}
	if address := k.reportAddress(sms.LegID, "&status=%d&answer=%A&at=%T"); address != "" {
		header["X-Kannel-Dlr-Mask"] = []string{strconv.Itoa(kannelMask)}
		header["X-Kannel-Dlr-Url"] = []string{address}
	}
	e := k.wire.post(ctx, k.url+"/cgi-bin/sendsms", header, sms.Text)
	text := string(e.body)
	switch {
	case e.status == http.StatusAccepted && (strings.HasPrefix(text, "0:") || strings.HasPrefix(text, "3:")):
		return gateway.SMSReceipt{Provider: k.name, ProviderID: string(sms.LegID), Segments: len(parts)}, nil
	case e.status >= 400 && e.status < 500:
		return gateway.SMSReceipt{}, e.refused(kannelClass(e.status, text), words(text, sms.To))
	default:
		return gateway.SMSReceipt{}, e.broken()
	}
}

// wholeMinutes rounds a duration up, to at least one minute.
func wholeMinutes(d time.Duration) int { return max(int((d+time.Minute-1)/time.Minute), 1) }

// kannelRefusals tells classes by Kannel's words. The first row that fits counts.
var kannelRefusals = []struct {
	words string
	class gateway.Class
}{
	{"authorization failed", gateway.ClassRevoked},
	{"white- and/or black-lists", gateway.ClassInvalidNumber}, // also said of a number with letters
	{"receiver number", gateway.ClassInvalidNumber},
	{"not routable", gateway.ClassUndeliverable},
	{"charset or body misformed", gateway.ClassContent},
}

func kannelClass(status int, text string) gateway.Class {
	text = strings.ToLower(text)
	for _, r := range kannelRefusals {
		if strings.Contains(text, r.words) {
			return r.class
		}
	}
	return exchange{status: status}.broken().Class
}

// Callback takes reports at the address that each SMS named, and replies at the address with the secret, which stands in
// Kannel's own configuration. Kannel sends the text of an answer back to the person, so there is none.
func (k *kannel) Callback(sink gateway.SMSSink) http.Handler {
	return k.serve(func(w http.ResponseWriter, r *http.Request) error {
		query := r.URL.Query()
		if leg, ok := k.knowsLeg(query); ok {
			event, err := strconv.Atoi(query.Get("status"))
			if err != nil {
				return errMalformed
			}
			answer := words(query.Get("answer"), "")
			return sink.TakeReport(r.Context(), gateway.SMSReport{
				Provider: k.name, ProviderID: string(leg), LegID: leg, Status: kannelStatus(event, answer), At: k.unix(query.Get("at")),
				Detail: kannelDetail(event, answer),
			})
		}
		if !k.knowsSecret(query) {
			return errForged
		}
		text, err := kannelText(query)
		if err != nil || query.Get("from") == "" {
			return errMalformed
		}
		return sink.TakeReply(r.Context(), gateway.SMSReply{
			Provider: k.name, ProviderID: name(query.Get("id")), From: sender(query.Get("from")), To: name(query.Get("to")),
			Text: written(text), At: k.unix(query.Get("at")),
		})
	})
}

// kannelStatus reads a delivery event. Kannel has one code for all failures; the operator's receipt tells them apart.
func kannelStatus(event int, answer string) gateway.SMSStatus {
	switch {
	case event == kannelDelivered:
		return gateway.SMSDelivered
	case event == kannelFailed && strings.EqualFold(receiptField(answer, "stat"), "EXPIRED"):
		return gateway.SMSExpired
	case event == kannelFailed, event == kannelRejected:
		return gateway.SMSUndelivered
	default:
		return gateway.SMSOnTheWay
	}
}

// kannelDetail keeps of an operator's receipt the state and the error, not the beginning of the text that it quotes.
func kannelDetail(event int, answer string) string {
	if stat := receiptField(answer, "stat"); stat != "" {
		if code := receiptField(answer, "err"); code != "" {
			return name(stat + " err:" + code)
		}
		return name(stat)
	}
	if strings.HasPrefix(answer, "NACK/") {
		return name(answer)
	}
	return "event " + strconv.Itoa(event)
}

// receiptField reads a field of an SMPP receipt such as "id:7 sub:001 dlvrd:001 stat:DELIVRD err:000 text:...".
func receiptField(receipt, field string) string {
	receipt, _, _ = strings.Cut(receipt, " text:")
	for word := range strings.FieldsSeq(receipt) {
		if value, ok := strings.CutPrefix(word, field+":"); ok {
			return value
		}
	}
	return ""
}

// kannelText reads what a person wrote: in UTF-8, or in UTF-16 where it came in that alphabet.
func kannelText(query url.Values) (string, error) {
	text := query.Get("text")
	if charset := query.Get("charset"); !strings.EqualFold(charset, "UTF-16BE") && !strings.EqualFold(charset, "UCS-2") {
		return text, nil
	}
	if len(text)%2 != 0 {
		return "", errMalformed
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16([]byte(text[2*i:]))
	}
	return string(utf16.Decode(units)), nil
}
