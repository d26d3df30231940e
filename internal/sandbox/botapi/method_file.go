package botapi

import (
	"bytes"
	"image"
	_ "image/gif"  // decoders of the pictures that bots and people send
	_ "image/jpeg" //
	_ "image/png"  //
	"mime"
	"net/url"
	"path"
	"strings"

	"herald/internal/sandbox/network"
	"herald/internal/sandbox/wire"
)

// maxPhoto is the largest photo, in bytes.
const maxPhoto = 10 << 20

func (c *call) sendPhoto() (any, error)    { return c.sendFile("photo") }
func (c *call) sendDocument() (any, error) { return c.sendFile("document") }

func (c *call) sendFile(field string) (any, error) {
	chat, err := c.params.chat("chat_id")
	if err != nil {
		return nil, err
	}
	d, err := c.draft()
	if err != nil {
		return nil, err
	}
	if d.Caption, d.CaptionMark, err = c.caption(); err != nil {
		return nil, err
	}
	if err := c.Network.Reach(c.bot, chat); err != nil {
		return nil, err
	}
	if d.File, err = c.file(field); err != nil {
		return nil, err
	}
	return c.send(chat, d)
}

// file finds the file of a call: uploaded under the field's own name, uploaded under another one that the field names as
// attach://name, or sent before and named by its file_id.
func (c *call) file(field string) (*network.File, error) {
	ref := c.params.str(field)
	upload, uploaded := c.params.files[field]
	if name, attached := strings.CutPrefix(ref, "attach://"); attached {
		if upload, uploaded = c.params.files[strings.ToLower(name)]; !uploaded {
			return nil, network.BadRequest("can't parse InputFile: file \"" + cut(name, 64) + "\" not found")
		}
	}
	if uploaded {
		return NewFile(c.Network, field == "photo", upload.name, upload.mime, upload.body)
	}
	switch {
	case ref == "":
		return nil, network.BadRequest("there is no " + field + " in the request")
	case strings.HasPrefix(ref, "http://"), strings.HasPrefix(ref, "https://"):
		return c.fetchFile(field, ref)
	}
	f, ok := c.Network.File(ref)
	if !ok || f.ID != ref {
		return nil, network.BadRequest("wrong file identifier/HTTP URL specified")
	}
	if f.Photo != (field == "photo") {
		return nil, network.BadRequest("can't use file of this type as " + map[bool]string{true: "Photo", false: "Document"}[field == "photo"])
	}
	return f, nil
}

// Limits of a file that is fetched from an address, in bytes.
const (
	maxFetchedPhoto    = 5 << 20
	maxFetchedDocument = 20 << 20
)

// fetchFile gets the file of a call from an address, as Telegram's servers do.
func (c *call) fetchFile(field, address string) (*network.File, error) {
	limit := int64(maxFetchedDocument)
	if field == "photo" {
		limit = maxFetchedPhoto
	}
	body, kind, err := c.Robot.Download(c.ctx, address, limit)
	switch {
	case err != nil: // one that is too large, too
		return nil, network.BadRequest("failed to get HTTP URL content")
	case strings.HasPrefix(kind, "text/html"):
		return nil, network.BadRequest("wrong type of the web page content")
	}
	name := ""
	if u, err := url.Parse(address); err == nil {
		name = path.Base(u.Path)
	}
	return NewFile(c.Network, field == "photo", name, kind, body)
}

// NewFile checks an uploaded file and keeps it in the network.
func NewFile(n *network.Network, photo bool, name, kind string, body []byte) (*network.File, error) {
	if len(body) == 0 {
		return nil, network.BadRequest("file must be non-empty")
	}
	f := network.File{Name: path.Base(name), Mime: kind, Photo: photo, Body: body}
	if parsed, _, err := mime.ParseMediaType(kind); err != nil || parsed == "" {
		f.Mime = "application/octet-stream"
	}
	if photo {
		config, _, err := image.DecodeConfig(bytes.NewReader(body))
		switch {
		case len(body) > maxPhoto:
			return nil, network.BadRequest("file is too big for a photo; the maximum size is 10485760 bytes")
		case err != nil:
			return nil, network.BadRequest("IMAGE_PROCESS_FAILED")
		case config.Width+config.Height > 10_000 || config.Width == 0 || config.Height == 0:
			return nil, network.BadRequest("PHOTO_INVALID_DIMENSIONS")
		}
		f.Width, f.Height = config.Width, config.Height
	}
	return n.AddFile(f)
}

func (c *call) getFile() (any, error) {
	id := c.params.str("file_id")
	if id == "" {
		return nil, network.BadRequest("file_id not specified")
	}
	f, ok := c.Network.File(id)
	if !ok || f.ID != id {
		return nil, network.BadRequest("wrong file_id or the file is temporarily unavailable")
	}
	if f.Size > 20<<20 {
		return nil, network.BadRequest("file is too big")
	}
	return wire.File{FileID: f.ID, FileUniqueID: f.UniqueID, FileSize: f.Size, FilePath: f.Path}, nil
}
