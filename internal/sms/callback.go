package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"herald/internal/gateway"
	"herald/internal/phone"
)

const (
	// maxCallback bounds the body of a callback, in bytes. The longest SMS of 255 segments is under 64 KiB in UTF-8.
	maxCallback = 128 << 10
	// maxText bounds what a person wrote, in bytes.
	maxText = 64 << 10
	// maxName bounds ids, senders and numbers that a provider names.
	maxName = 128
)

// Parameters of the addresses that providers call.
const (
	paramLeg    = "leg"    // our reference
	paramKey    = "key"    // proves that we made this address for this leg
	paramSecret = "secret" // proves the same of an address that is written into the provider's own settings
)

// desk receives the calls of one provider.
type desk struct {
	name    string // of the provider
	address string // where the provider finds us, without a query; empty: nowhere
	secret  gateway.Secret
	now     gateway.Clock
	logger  *slog.Logger
}

// reportAddress is where the report of one SMS shall go. Whoever sees one such address can forge reports of this SMS
// only. extra is appended as it is: providers fill in codes of their own.
func (d desk) reportAddress(leg gateway.LegID, extra string) string {
	if d.address == "" {
		return ""
	}
	return d.address + "?" + url.Values{paramLeg: {string(leg)}, paramKey: {d.key(leg)}}.Encode() + extra
}

// key proves that we named this leg to this provider.
func (d desk) key(leg gateway.LegID) string {
	mac := hmac.New(sha256.New, []byte(d.secret.Reveal()))
	mac.Write([]byte(d.name + "\n" + string(leg)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// knowsLeg tells whether the call comes to an address that we made, and for which leg.
func (d desk) knowsLeg(query url.Values) (gateway.LegID, bool) {
	leg := gateway.LegID(query.Get(paramLeg))
	return leg, d.secret != "" && len(leg) <= maxName && same(query.Get(paramKey), d.key(leg))
}

// knowsSecret tells whether the call comes to an address that we gave for replies.
func (d desk) knowsSecret(query url.Values) bool {
	return d.secret != "" && same(query.Get(paramSecret), d.secret.Reveal())
}

// same compares in a time that tells nothing about where two texts differ.
func same(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// errForged is a call by somebody who is not the provider.
var errForged = errors.New("forged")

// errMalformed is a call by the provider that says nothing that we can understand. Calling again would not help.
var errMalformed = errors.New("malformed")

// serve makes a handler of what reads one call.
func (d desk) serve(take func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		var tooLarge *http.MaxBytesError
		switch err := take(w, r); {
		case err == nil:
		case errors.Is(err, errForged):
			http.Error(w, "not authorized", http.StatusUnauthorized)
		case errors.As(err, &tooLarge):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		case errors.Is(err, errMalformed):
			http.Error(w, "not understood", http.StatusBadRequest)
		default:
			d.logger.WarnContext(r.Context(), "SMS callback is not stored: the provider shall call again", "provider", d.name, "error", err)
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	})
}

// body reads a bounded body.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		return nil, errMalformed
	}
	return raw, err
}

// form reads a bounded urlencoded body; a call by GET has none.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	raw, err := body(w, r)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, errMalformed
	}
	return values, nil
}

// unix reads seconds of Unix time; anything else is now. Providers' clocks that run ahead are not believed.
func (d desk) unix(text string) time.Time {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return d.now().UTC()
	}
	return d.believed(time.Unix(seconds, 0))
}

// believed is a provider's time, or now where it cannot be: in the future, or long before any SMS of ours.
func (d desk) believed(at time.Time) time.Time {
	now := d.now()
	if at.After(now) || now.Sub(at) > 31*24*time.Hour {
		return now.UTC()
	}
	return at.UTC()
}

// sender is who wrote an SMS: E.164 where it is a phone, else as the provider wrote it.
func sender(text string) string {
	if e164, err := phone.Parse(text, ""); err == nil {
		return e164
	}
	return name(text)
}

// name is an id, number or name that a provider gives, bounded.
func name(text string) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "")
	if len(text) > maxName {
		text = strings.ToValidUTF8(text[:maxName], "")
	}
	return text
}

// written is what a person wrote, bounded.
func written(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "�")
}
