package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/gin-gonic/gin"

	"herald/internal/gateway"
)

// quietGin keeps gin from printing its routes. Its mode is a global of the module; nobody else changes it.
var quietGin = sync.OnceFunc(func() { gin.SetMode(gin.ReleaseMode) })

// newEngine returns a gin engine with what both listeners share: request ids, headers, recovery, and problems for
// addresses that do not exist.
func newEngine(ids *gateway.IDs, logger *slog.Logger) *gin.Engine {
	quietGin()
	engine := gin.New()
	engine.ContextWithFallback = true // a gin.Context handed on as a context ends when its request does
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ForwardedByClientIP = false
	engine.Use(identify(ids), recovering(logger), protect)
	engine.NoRoute(func(c *gin.Context) {
		refuse(c, logger, gateway.Fault(gateway.CodeNotFound, "", "There is nothing at this address. GET /docs lists what there is."))
	})
	engine.NoMethod(func(c *gin.Context) {
		refuse(c, logger, gateway.Fault(gateway.CodeMethod, "", "This address does not take this method. The Allow header says which it takes."))
	})
	return engine
}

type requestIDKey struct{}

// requestID returns the id by which the request is known in logs and problems.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func identify(ids *gateway.IDs) gin.HandlerFunc {
	return func(c *gin.Context) {
		id := ids.New("req")
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))
		c.Header("X-Request-Id", id)
		c.Next()
	}
}

// recovering answers a panic with a problem and logs where it happened, never what was in the request.
func recovering(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			thrown := recover()
			if thrown == nil {
				return
			}
			if thrown == http.ErrAbortHandler {
				panic(thrown) // net/http's own way of ending a connection
			}
			err, ok := thrown.(error)
			if !ok {
				err = fmt.Errorf("%v", thrown)
			}
			logger.ErrorContext(c.Request.Context(), "panic in a request",
				"request_id", requestID(c.Request.Context()), "stack", string(debug.Stack()))
			refuse(c, logger, fmt.Errorf("panic: %w", err))
		}()
		c.Next()
	}
}

// protect sets the headers that keep an answer from being used for anything else. Pages widen the policy for themselves.
func protect(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	c.Next()
}
