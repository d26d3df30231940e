package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"herald/client"
	"herald/client/wire"
)

// Carried is what a message carries besides its text, and how it arrives.
type Carried struct {
	Photo    string `placeholder:"FILE|URL" env:"HERALD_SEND_PHOTO" help:"A photo: a JPEG or PNG file of at most 10 MB, or an https:// address from which the messenger fetches it. The text is its caption, and may be left out."`
	Document string `placeholder:"FILE|URL" env:"HERALD_SEND_DOCUMENT" help:"A document: any file of at most 50 MB, or an https:// address."`
	Silent   *bool  `negatable:"" env:"HERALD_SEND_SILENT" help:"Let it arrive without a sound, or with one where the defaults of the account are without."`
	Protect  bool   `env:"HERALD_SEND_PROTECT" help:"Keep the person's messenger from forwarding and saving it."`
}

// given tells whether the message carries something.
func (m Carried) given() bool { return m.Photo != "" || m.Document != "" }

// attach puts it into the message, and uploads a file first. The key of the send names the upload, too.
func (m Carried) attach(ctx context.Context, api *client.Client, to *client.NewMessage, key string) error {
	to.Silent, to.ProtectContent = m.Silent, m.Protect
	kind, source := wire.Photo, m.Photo
	switch {
	case !m.given():
		return nil
	case m.Photo != "" && m.Document != "":
		return errBoth
	case m.Document != "":
		kind, source = wire.Document, m.Document
	}
	to.Media = client.NewMedia{Kind: kind}
	if isAddress(source) {
		to.Media.URL = source
		return nil
	}
	uploaded, err := upload(ctx, api, source, key)
	to.Media.File = uploaded.ID
	return err
}

var errBoth = &exitError{code: exitUsage, text: "a message carries --photo or --document, not both; see: herald send --help"}

func isAddress(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

func upload(ctx context.Context, api *client.Client, path, key string) (client.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return client.File{}, fmt.Errorf("open the file to send: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return client.File{}, errors.New(path + " is not a file that can be sent")
	}
	if key != "" {
		key += "/file"
	}
	return api.UploadFile(ctx, client.NewFile{Name: filepath.Base(path), Body: file, Key: key})
}
