package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"herald/api/internal/wire"
	"herald/internal/gateway"
)

const (
	// maxIdempotencyKey bounds the header, in characters.
	maxIdempotencyKey = 255
	// claimStale is how long the first request with a key may be silent before a repeat takes its place. A process
	// that died is silent for ever; one that lives has long answered, or timed out.
	claimStale = 60 * time.Second
	// settleTimeout bounds the last write of a claim, which is made even when the caller has gone.
	settleTimeout = 5 * time.Second
)

// idempotent does a POST with an Idempotency-Key once. The first request claims the key; its answer is kept, sealed,
// for the repeats. A message is claimed by the statement that stores it, everything else before it is done. What it creates
// gets its id from the claim, so that a request which died between doing and answering does the same thing when it is
// repeated, not a second one.
func (s *server) idempotent(c *gin.Context) {
	keys, given := c.Request.Header["Idempotency-Key"]
	if !given || c.Request.Method != http.MethodPost || s.operationOf(c).scope == "" {
		return
	}
	if len(keys) != 1 || !idempotencyKeyLike(keys[0]) {
		s.refuse(c, gateway.Fault(gateway.CodeIdempotencyKey, "Idempotency-Key", "An Idempotency-Key has 1 to 255 printable ASCII characters and is given once."))
		return
	}
	who := callerOf(c.Request.Context())
	digest, err := s.requestDigest(c)
	if err != nil {
		s.refuse(c, err)
		return
	}
	defer func() { _ = c.Request.Body.Close() }()
	k := &keyed{claim: gateway.Claim{
		AccountID: who.key.AccountID, Key: keys[0], Request: digest,
		Suffix: strings.TrimPrefix(s.ids.New("x"), "x_"),
	}}
	if !s.operationOf(c).claims() && !s.take(c.Request.Context(), k) {
		s.repeat(c, k)
		return
	}
	who.under = k
	withCaller(c, who)
	s.holdClaim(c, k)
}

// claims tells whether the operation takes its claim with what it stores.
func (op *operation) claims() bool { return op.id == "sendMessage" }

// keyed is a request under an Idempotency-Key.
type keyed struct {
	claim  gateway.Claim // as it is wanted, and once that is known as it is held
	looked bool          // it was tried to take it by itself
	taken  bool          // the request holds it
	over   bool          // it was taken over from a request that broke off: what that has done stands
	fault  error         // why it does not; nil if the first request has its answer, which is in claim
}

// take takes the key by itself, or finds out what became of the first request with it.
func (s *server) take(ctx context.Context, k *keyed) bool {
	now := s.now()
	held, taken, err := s.claims.Claim(ctx, k.claim, now, now.Add(-claimStale))
	k.looked = true
	switch {
	case err != nil:
		k.fault = err
	case held.Request != k.claim.Request:
		k.fault = gateway.Fault(gateway.CodeIdempotencyMismatch, "Idempotency-Key", "This Idempotency-Key was used for another request. Choose a new one.")
	case held.Done:
		k.claim = held
	case !taken && held.Suffix != k.claim.Suffix: // with our suffix it is ours: it was stored, and the database's answer was lost
		k.fault = gateway.Fault(gateway.CodeIdempotencyRunning, "Idempotency-Key", "The first request with this Idempotency-Key still runs. Send it again in a moment.")
	default:
		k.over = held.Suffix != k.claim.Suffix
		k.claim, k.taken = held, true
	}
	return k.taken
}

// claiming does a request again that could not take its claim with what it stores, once it has taken it by itself. What is
// told to one that could not is up to holdClaim.
func (s *server) claiming(next wire.StrictHandlerFunc, _ string) wire.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) {
		answer, err := next(c, request)
		if !errors.Is(err, gateway.ErrNotClaimed) {
			return answer, err
		}
		if !s.take(c.Request.Context(), callerOf(c.Request.Context()).under) {
			return nil, nil
		}
		return next(c, request)
	}
}

// repeat answers a request whose key another one holds.
func (s *server) repeat(c *gin.Context, k *keyed) {
	if k.fault != nil {
		s.refuse(c, k.fault)
		return
	}
	s.replay(c, k.claim)
}

func idempotencyKeyLike(key string) bool {
	return key != "" && len(key) <= maxIdempotencyKey && !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
}

// requestDigest is what two requests under one key must share: method, path and body, each with its length before it. A
// file's name counts as well.
func (s *server) requestDigest(c *gin.Context) (digest [sha256.Size]byte, err error) {
	r := c.Request
	if s.operationOf(c).upload {
		file, err := spool(r)
		return digestOf([]byte(r.Method), []byte(r.URL.RequestURI()), []byte(uploadOf(r.Context()).name), file), err
	}
	body, err := io.ReadAll(r.Body) // in memory already, and bounded: see checkRequest
	if err != nil {
		return digest, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return digestOf([]byte(r.Method), []byte(r.URL.Path), body), nil
}

func digestOf(parts ...[]byte) [sha256.Size]byte {
	hash := sha256.New()
	for _, part := range parts {
		_ = binary.Write(hash, binary.BigEndian, uint64(len(part))) // a hash takes everything
		hash.Write(part)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// replay writes the answer of the first request once more.
func (s *server) replay(c *gin.Context, held gateway.Claim) {
	body, err := s.sealer.Open(c.Request.Context(), held.Answer, held.AnswerBound())
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Header("Content-Type", "application/json")
	c.Header("Idempotent-Replayed", "true")
	c.Writer.WriteHeader(held.Status)
	_, _ = c.Writer.Write(body)
	c.Abort()
}

// holdClaim runs the request and settles its claim. The answer is handed to the store before the caller sees it, and is stored
// a moment later, with others: who repeats the request here waits for that, and elsewhere is told for that moment that
// the first one still runs. An answer that is lost with the process leaves a claim that grows stale, and whoever takes it
// over does the same thing again, with the same id.
func (s *server) holdClaim(c *gin.Context, k *keyed) {
	kept := &keptAnswer{ResponseWriter: c.Writer, header: c.Writer.Header().Clone(), status: http.StatusOK}
	c.Writer = kept
	returned := false
	defer func() {
		c.Writer = kept.ResponseWriter
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), settleTimeout)
		defer cancel()
		holds := s.holds(ctx, k, returned && kept.status < http.StatusBadRequest)
		if holds {
			if err := s.settle(ctx, k, kept, returned); err != nil {
				// What was asked for is done. The claim grows stale, and a repeat does the same thing again.
				s.logger.ErrorContext(ctx, "settle idempotency key", "request_id", requestID(ctx), "error", err)
			}
		}
		switch {
		case !returned:
		case holds:
			kept.send()
		default:
			s.repeat(c, k)
		}
	}()
	c.Next()
	returned = true
}

// holds tells whether a request that ran came to hold its claim. One that did well has it. For one that was refused or broke
// off before it took it, it is taken now: the first request with the key may have had its answer long ago.
func (s *server) holds(ctx context.Context, k *keyed, well bool) bool {
	if !k.looked && !well {
		return s.take(ctx, k)
	}
	return k.taken || !k.looked
}

// settle keeps a good answer for the repeats, frees the key of a refused request, and leaves the claim of a request
// that broke off in the middle to the next repeat; also one that was taken over and is refused now, for what the first did
// is done under its id.
func (s *server) settle(ctx context.Context, k *keyed, kept *keptAnswer, returned bool) error {
	claim := k.claim
	switch {
	case !returned || kept.status >= http.StatusInternalServerError || k.over && kept.status >= http.StatusBadRequest:
		return s.leave(ctx, claim)
	case kept.status >= http.StatusBadRequest:
		return s.claims.Release(ctx, claim.AccountID, claim.Key)
	}
	sealed, err := s.sealer.Seal(ctx, kept.body.Bytes(), claim.AnswerBound())
	if err != nil {
		return err
	}
	claim.Done, claim.Status, claim.Answer = true, kept.status, sealed
	return s.claims.Complete(ctx, claim, s.now())
}

// leave makes a claim stale: it is taken over from ourselves as of a moment long enough ago. Nobody knows how much of the
// request was done, so the key is not freed: the next repeat takes the claim at once and goes on with the same id.
func (s *server) leave(ctx context.Context, claim gateway.Claim) error {
	now := s.now()
	_, _, err := s.claims.Claim(ctx, claim, now.Add(-claimStale-time.Second), now.Add(time.Second))
	return err
}

// keptAnswer holds an answer back until its claim is settled, or another one is given in its place.
type keptAnswer struct {
	gin.ResponseWriter
	header  http.Header
	status  int
	body    bytes.Buffer
	started bool
}

func (k *keptAnswer) WriteHeader(status int) {
	if !k.started {
		k.status, k.started = status, true
	}
}

func (k *keptAnswer) Header() http.Header { return k.header }

func (k *keptAnswer) WriteHeaderNow() { k.started = true }

func (k *keptAnswer) Write(part []byte) (int, error) {
	k.started = true
	return k.body.Write(part)
}

func (k *keptAnswer) WriteString(part string) (int, error) { return k.Write([]byte(part)) }
func (k *keptAnswer) Status() int                          { return k.status }
func (k *keptAnswer) Size() int                            { return k.body.Len() }
func (k *keptAnswer) Written() bool                        { return k.started }
func (k *keptAnswer) Flush()                               {}

// send writes the answer to the caller.
func (k *keptAnswer) send() {
	maps.Copy(k.ResponseWriter.Header(), k.header)
	k.ResponseWriter.WriteHeader(k.status)
	_, _ = k.ResponseWriter.Write(k.body.Bytes())
}
