package control

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/link"
	"herald/internal/sandbox/network"
)

// maxUpload bounds a file that a person sends, with the form around it, in bytes.
const maxUpload = 50 << 20

func (a *API) sendPhoto(r *http.Request) (int, any, error)    { return a.sendFile(r, "photo") }
func (a *API) sendDocument(r *http.Request) (int, any, error) { return a.sendFile(r, "document") }

// sendFile takes a form with a file in any field and, optionally, a caption.
func (a *API) sendFile(r *http.Request, kind string) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	form, err := r.MultipartReader()
	if err != nil {
		return 0, nil, invalid("body:invalid", "the body must be multipart/form-data with a file")
	}
	var name, kindOf, caption string
	var content []byte
	left := int64(maxUpload)
	for parts := 0; ; parts++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || parts > 16 {
			return 0, nil, invalid("body:invalid", "the form cannot be read")
		}
		raw, err := io.ReadAll(io.LimitReader(part, left+1))
		if left -= int64(len(raw)); err != nil || left < 0 {
			return 0, nil, invalid("body:too_large", "the form has more than %d bytes", maxUpload)
		}
		switch {
		case part.FileName() != "":
			name, kindOf, content = part.FileName(), part.Header.Get("Content-Type"), raw
		case part.FormName() == "caption":
			caption = string(raw)
		}
	}
	f, err := botapi.NewFile(a.Network, kind == "photo", name, kindOf, content)
	if refusal, ok := network.AsRefusal(err); ok {
		return 0, nil, invalid("file:invalid", "%s", refusal.Description)
	}
	if err != nil {
		return 0, nil, err
	}
	m, err := a.Network.SendFile(id, r.PathValue("chat"), f, caption)
	return http.StatusCreated, m, err
}

// getFile gives a photo or document to a page. Only pictures are shown, anything else is a download.
func (a *API) getFile(w http.ResponseWriter, r *http.Request) {
	f, ok := a.Network.File(r.PathValue("file"))
	if !ok {
		fail(w, &network.Problem{Kind: network.NotFound, Code: "file:not_found", Message: "there is no such file"})
		return
	}
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Content-Length", strconv.Itoa(len(f.Body)))
	if kind := http.DetectContentType(f.Body); f.Photo && len(kind) > 6 && kind[:6] == "image/" {
		header.Set("Content-Type", kind)
	} else {
		header.Set("Content-Type", "application/octet-stream")
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	}
	_, _ = io.Copy(w, bytes.NewReader(f.Body)) // a client that is gone needs no answer
}

type openInput struct {
	URL string    `json:"url"`
	As  link.Kind `json:"as"`
}

// openLink opens a link as a person, as Telegram's preview robot or as a scanner.
func (a *API) openLink(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	if _, err := a.Network.Person(id); err != nil {
		return 0, nil, err
	}
	in := openInput{As: link.Person}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	if in.As != link.Person && in.As != link.Preview && in.As != link.Scanner {
		return 0, nil, invalid("open:as", "as must be person, preview_robot or scanner")
	}
	result, err := a.Robot.Open(r.Context(), in.URL, in.As)
	switch {
	case errors.Is(err, link.ErrForbidden):
		return 0, nil, invalid("open:forbidden", "%v", link.ErrForbidden)
	case err != nil:
		return 0, nil, &network.Problem{Kind: network.Conflict, Code: "open:unreachable", Message: "the link cannot be opened: " + err.Error()}
	}
	return http.StatusOK, result, nil
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	fail(w, &network.Problem{Kind: network.NotFound, Code: "path:not_found", Message: "the control API has no such path or method"})
}
