package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed pages
var pageFiles embed.FS

// pageSecurity lets the pages load their own style sheet and nothing else, from nowhere else. They have no scripts.
const pageSecurity = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pages are the texts that a browser may read without a key. They are rendered once, at start.
type pages struct {
	files map[string]rendered // by path
}

type rendered struct {
	contentType string
	body        []byte
	tag         string // for If-None-Match
}

func newPages(spec *specification) (*pages, error) {
	view, err := newReference(spec)
	if err != nil {
		return nil, err
	}
	templates, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("read page templates: %w", err)
	}
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("read style sheet: %w", err)
	}
	p := &pages{files: map[string]rendered{}}
	for path, name := range map[string]string{"/": "index.html", "/docs": "reference.html"} {
		var body bytes.Buffer
		if err := templates.ExecuteTemplate(&body, name, view); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		p.add(path, "text/html; charset=utf-8", bytes.TrimSpace(body.Bytes()))
	}
	p.add("/docs/style.css", "text/css; charset=utf-8", style)
	p.add("/openapi.yaml", "application/yaml", specYAML)
	p.add("/openapi.json", "application/json", spec.json)
	return p, nil
}

func (p *pages) add(path, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	p.files[path] = rendered{contentType: contentType, body: body, tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

func (p *pages) mount(engine *gin.Engine) {
	for path, file := range p.files {
		engine.GET(path, func(c *gin.Context) {
			c.Header("Content-Security-Policy", pageSecurity)
			c.Header("Cache-Control", "no-cache") // kept by the browser, and asked for at every use
			c.Header("ETag", file.tag)
			if c.GetHeader("If-None-Match") == file.tag {
				c.Status(http.StatusNotModified)
				return
			}
			c.Data(http.StatusOK, file.contentType, file.body)
		})
	}
}
