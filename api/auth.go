package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"herald/internal/gateway"
)

// caller is who makes a request under /v1.
type caller struct {
	key   gateway.Key
	under *keyed // nil without an Idempotency-Key
}

type callerKey struct{}

// callerOf returns who makes the request. Handlers of operations with a scope always find one.
func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

func withCaller(c *gin.Context, who caller) {
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callerKey{}, who))
}

// newID returns the id for what the request creates: the same for every repeat under one Idempotency-Key, and empty
// without one, for the use case to fill.
func (w caller) newID(prefix string) string {
	if w.under == nil {
		return ""
	}
	return prefix + "_" + w.under.claim.Suffix
}

// claim is what the request must take with what it stores, nil if it holds it already or has none.
func (w caller) claim() *gateway.Claim {
	if w.under == nil || w.under.taken {
		return nil
	}
	return &w.under.claim
}

// authenticate lets a request pass whose key has the scope that its operation declares.
func (s *server) authenticate(c *gin.Context) {
	op := s.operationOf(c)
	if op.scope == "" {
		return
	}
	scheme, secret, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		s.refuse(c, gateway.ErrUnauthorized)
		return
	}
	key, err := s.accounts.Authenticate(c.Request.Context(), gateway.Secret(strings.TrimSpace(secret)))
	if err != nil {
		s.refuse(c, err)
		return
	}
	if !key.Allows(op.scope) {
		s.refuse(c, gateway.Fault(gateway.CodeForbidden, "", fmt.Sprintf("This call needs the scope %s, which the API key does not have.", op.scope)))
		return
	}
	withCaller(c, caller{key: key})
}
