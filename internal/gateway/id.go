package gateway

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"io"
	"strings"
	"time"
)

// Typed identifiers. Each is a short prefix and 26 characters that sort by the time they were made.
type (
	AccountID    string // acc_...
	KeyID        string // key_...
	BotID        string // bot_...
	SubscriberID string // sub_...
	MessageID    string // msg_...
	LegID        string // leg_...
	EventID      string // evt_...
	FileID       string // file_...
	EditID       string // edt_...
)

// idAlphabet is Crockford's base 32 in lower case: no i, l, o or u, so that an id can be read aloud.
var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Clock tells the time; tests inject their own.
type Clock func() time.Time

// IDs makes identifiers from a clock and a source of randomness.
type IDs struct {
	now    Clock
	random io.Reader
}

// NewIDs returns a maker of identifiers. Nil arguments mean the machine's clock and crypto/rand.
func NewIDs(now Clock, random io.Reader) *IDs {
	if now == nil {
		now = time.Now
	}
	if random == nil {
		random = rand.Reader
	}
	return &IDs{now: now, random: random}
}

func (g *IDs) Account() AccountID       { return AccountID(g.New("acc")) }
func (g *IDs) Key() KeyID               { return KeyID(g.New("key")) }
func (g *IDs) Bot() BotID               { return BotID(g.New("bot")) }
func (g *IDs) Subscriber() SubscriberID { return SubscriberID(g.New("sub")) }
func (g *IDs) Message() MessageID       { return MessageID(g.New("msg")) }
func (g *IDs) Leg() LegID               { return LegID(g.New("leg")) }
func (g *IDs) Event() EventID           { return EventID(g.New("evt")) }
func (g *IDs) Edit() EditID             { return EditID(g.New("edt")) }
func (g *IDs) File() FileID             { return FileID(g.New("file")) }

// New returns prefix, an underscore, 48 bits of milliseconds and 80 random bits.
func (g *IDs) New(prefix string) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(g.now().UnixMilli())<<16)
	if _, err := io.ReadFull(g.random, raw[6:]); err != nil {
		panic("gateway: no randomness for an id: " + err.Error())
	}
	return prefix + "_" + idAlphabet.EncodeToString(raw[:])
}

// Secret returns prefix, an underscore and 160 random bits: for API keys and webhook secrets.
func (g *IDs) Secret(prefix string) Secret {
	var raw [20]byte
	if _, err := io.ReadFull(g.random, raw[:]); err != nil {
		panic("gateway: no randomness for a secret: " + err.Error())
	}
	return Secret(prefix + "_" + idAlphabet.EncodeToString(raw[:]))
}

// HasPrefix tells whether id looks like an identifier of the kind that prefix names, without asking anybody.
func HasPrefix(id, prefix string) bool {
	rest, ok := strings.CutPrefix(id, prefix+"_")
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := idAlphabet.DecodeString(rest)
	return err == nil
}

// Token returns 20 characters of 100 random bits: short enough for a link in an SMS, too many to guess.
func (g *IDs) Token() string {
	var raw [13]byte
	if _, err := io.ReadFull(g.random, raw[:]); err != nil {
		panic("gateway: no randomness for a token: " + err.Error())
	}
	return idAlphabet.EncodeToString(raw[:])[:20]
}
