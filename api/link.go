package api

import (
	"context"
	_ "embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"

	"herald/internal/gateway"
)

// Links answers who opens a read link.
type Links interface {
	// ShowLink returns where the link leads. It proves nothing.
	ShowLink(ctx context.Context, token string) (address string, err error)
	// ConfirmLink takes it for read, once, and returns where the link leads.
	ConfirmLink(ctx context.Context, token string) (address string, err error)
}

//go:embed pages/link.html
var linkHTML string

//go:embed pages/link.js
var linkJS []byte

// maxToken bounds what is looked up: a token has 20 characters.
const maxToken = 64

// linkPages are the pages of read links: GET shows a page and counts nothing, since previews and scanners open links,
// too; the page posts its form by a script, or the person does by a button, and only that counts.
type linkPages struct {
	links  Links
	page   *template.Template
	logger *slog.Logger
}

func mountLinks(engine *gin.Engine, links Links, logger *slog.Logger) {
	p := linkPages{links: links, page: template.Must(template.New("link").Parse(linkHTML)), logger: logger}
	engine.GET("/r/:token", p.show)
	engine.HEAD("/r/:token", p.show)
	engine.POST("/r/:token", p.confirm)
	engine.GET("/r.js", func(c *gin.Context) { c.Data(http.StatusOK, "text/javascript; charset=utf-8", linkJS) })
}

func (p linkPages) show(c *gin.Context) {
	address, err := p.links.ShowLink(c.Request.Context(), bounded(c.Param("token")))
	if p.failed(c, err) {
		return
	}
	h := c.Writer.Header()
	// No form-action: browsers would hold the redirect, which leads anywhere, against it.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Content-Type", "text/html; charset=utf-8")
	c.Status(http.StatusOK)
	if err := p.page.Execute(c.Writer, struct{ Address string }{address}); err != nil {
		p.logger.InfoContext(c.Request.Context(), "writing the page of a read link", "error", err)
	}
}

func (p linkPages) confirm(c *gin.Context) {
	if robots.MatchString(c.Request.UserAgent()) {
		p.show(c)
		return
	}
	address, err := p.links.ConfirmLink(c.Request.Context(), bounded(c.Param("token")))
	if p.failed(c, err) {
		return
	}
	c.Redirect(http.StatusSeeOther, address)
}

// robots is what programs that open links by themselves call themselves. Telegram opens every link that it is to preview.
// There are phones named Cubot, so a bare "bot" would take people for robots.
var robots = regexp.MustCompile(`(?i)telegrambot|twitterbot|googlebot|bingbot|applebot|yandexbot|slackbot|discordbot|linkedinbot|` +
	`facebookexternalhit|facebookcatalog|meta-externalagent|whatsapp/|skypeuripreview|bingpreview|google-safety|` +
	`crawler|spider|curl/|wget/|python-requests/|go-http-client/`)

// failed answers a link that does not exist, and everything else, without telling more.
func (p linkPages) failed(c *gin.Context, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, gateway.ErrLinkNotFound):
		c.String(http.StatusNotFound, "There is no such link.")
	default:
		p.logger.WarnContext(c.Request.Context(), "opening a read link", "error", err)
		c.String(http.StatusServiceUnavailable, "This does not work at the moment. Please try again.")
	}
	return true
}

func bounded(token string) string {
	if len(token) > maxToken {
		return ""
	}
	return token
}
