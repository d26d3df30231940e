package api

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"herald/internal/gateway"
)

// PublicDeps are what the public listener works with.
type PublicDeps struct {
	// Telegram takes updates of Telegram bots, POST /telegram/{bot}. The last part of the request's path, which is also
	// its path value "bot", is the bot's id. The handler checks the secret before it reads the body.
	Telegram http.Handler
	// SMS takes what SMS providers report, /sms/{provider}, by the provider's name. Each checks who calls.
	SMS map[string]http.Handler
	// Links answers read links, /r/{token}. Nil: there are none.
	Links  Links
	IDs    *gateway.IDs
	Logger *slog.Logger
}

// Public returns the handler of the public listener, which messengers call. It shows nothing else to anybody.
func Public(d PublicDeps) http.Handler {
	engine := newEngine(d.IDs, d.Logger)
	if d.Telegram != nil {
		engine.POST("/telegram/:bot", func(c *gin.Context) {
			if c.Request.ContentLength > maxBody {
				refuse(c, d.Logger, errBodyTooLarge)
				return
			}
			// One byte more, so that the handler can tell a body that is too large from one that broke off.
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody+1)
			c.Request.SetPathValue("bot", c.Param("bot"))
			d.Telegram.ServeHTTP(c.Writer, c.Request)
		})
	}
	for name, provider := range d.SMS {
		engine.Any("/sms/"+name, func(c *gin.Context) {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody+1)
			provider.ServeHTTP(c.Writer, c.Request)
		})
	}
	if d.Links != nil {
		mountLinks(engine, d.Links, d.Logger)
	}
	return engine
}
