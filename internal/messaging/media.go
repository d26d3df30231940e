package messaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"herald/internal/gateway"
)

// Limits of what a message carries, the Bot API's. What stands at an address the messenger fetches itself, with limits of
// its own: 5 MB for a photo, 20 MB for a document.
const (
	MaxCaption   = 1024     // UTF-16 units
	maxPhoto     = 10 << 20 // bytes
	maxPhotoSide = 10_000   // pixels, width and height together
	maxPhotoSlim = 20       // times as wide as it is high, or the other way round
)

// fileMargin is how long the file of a message is kept after the message's lifetime: an attempt may be under way.
const fileMargin = time.Hour

func (r Request) checkMedia() *gateway.Error {
	m := r.Media
	switch {
	case m == nil:
		return nil
	case m.Kind != gateway.Photo && m.Kind != gateway.Document:
		return gateway.Fault(gateway.CodeMedia, "media.kind", "A message carries one of: photo, document.")
	case (m.File == "") == (m.URL == ""):
		return gateway.Fault(gateway.CodeMedia, "media", "Media has either a file, which you have uploaded, or a url.")
	case m.URL != "" && !webAddress(m.URL):
		return gateway.Fault(gateway.CodeMedia, "media.url", "The address of a photo or document begins with https:// or http:// and has at most 2048 bytes.")
	case m.File != "" && !gateway.HasPrefix(string(m.File), "file"):
		return gateway.Fault(gateway.CodeFileNotFound, "media.file", gateway.ErrFileNotFound.Message)
	}
	for _, leg := range r.Cascade {
		if leg.Channel != gateway.ChannelSMS {
			return nil
		}
	}
	return gateway.Fault(gateway.CodeMedia, "media", "An SMS carries no photo or document: add telegram to the cascade, or leave the media out.")
}

// bySMS tells whether the message may go by SMS, which carries its text alone.
func (r Request) bySMS() bool {
	for _, leg := range r.Cascade {
		if leg.Channel == gateway.ChannelSMS {
			return true
		}
	}
	return false
}

// textLimit is how long the text of a message may be: under a photo or document it is a caption.
func textLimit(m *gateway.Media) int {
	if m == nil {
		return MaxText
	}
	return MaxCaption
}

// checkFileOf makes sure that the file of a message can be sent as what the message says, and tells its name.
func (s *Service) checkFileOf(ctx context.Context, m *gateway.Message) error {
	if m.Media == nil || m.Media.File == "" {
		return nil
	}
	f, err := s.store.File(ctx, m.AccountID, m.Media.File)
	if err != nil {
		return atFile(err)
	}
	if fault := checkFile(m.Media.Kind, f); fault != nil {
		return fault
	}
	m.Media.Name = f.Name
	return nil
}

// holdFile keeps the file of a message as long as the message lives.
func (s *Service) holdFile(ctx context.Context, m gateway.Message) error {
	if !m.HoldsFile() {
		return nil
	}
	_, err := s.store.HoldFile(ctx, m.AccountID, m.Media.File, m.ExpiresAt.Add(fileMargin))
	return atFile(err)
}

func atFile(err error) error {
	if errors.Is(err, gateway.ErrFileNotFound) {
		return gateway.Fault(gateway.CodeFileNotFound, "media.file", gateway.ErrFileNotFound.Message)
	}
	return err
}

// checkFile says why a file cannot be sent as a kind of media, nil if it can.
func checkFile(kind gateway.MediaKind, f gateway.File) *gateway.Error {
	switch {
	case kind != gateway.Photo:
		return nil
	case f.Width == 0 || f.Height == 0:
		return gateway.Fault(gateway.CodeMediaPhoto, "media.file", "A photo is a JPEG or PNG picture; this file is "+f.Type+". Send it as a document.")
	case f.Width+f.Height > maxPhotoSide || f.Width > maxPhotoSlim*f.Height || f.Height > maxPhotoSlim*f.Width:
		return gateway.Fault(gateway.CodeMediaPhoto, "media.file", fmt.Sprintf("A photo has at most 10000 pixels in width and height together, and is at most 20 times as long as it is narrow; this one has %d by %d. Send it as a document.", f.Width, f.Height))
	case f.Size > maxPhoto:
		return gateway.Fault(gateway.CodeMediaTooLarge, "media.file", fmt.Sprintf("A photo has at most 10 MB; this one has %.1f MB. Send it as a document.", float64(f.Size)/(1<<20)))
	default:
		return nil
	}
}

// attachment is what the call of a leg carries: by the messenger's own name for the file once this bot has sent it.
func (d *Deliverer) attachment(ctx context.Context, delivery gateway.Delivery) (*gateway.Attachment, error) {
	m := delivery.Message.Media
	if m == nil {
		return nil, nil
	}
	a := &gateway.Attachment{Kind: m.Kind, Name: m.Name, URL: m.URL}
	if m.File == "" {
		return a, nil
	}
	var err error
	if a.Handle, err = d.store.FileHandle(ctx, delivery.Message.AccountID, delivery.Bot.ID, *m); err != nil {
		return nil, &gateway.DeliveryError{Class: gateway.ClassUnavailable, Err: err}
	}
	if a.Handle != "" {
		return a, nil
	}
	body, err := d.store.OpenFile(ctx, delivery.Message.AccountID, m.File)
	switch {
	case errors.Is(err, gateway.ErrFileNotFound):
		return nil, &gateway.DeliveryError{Class: gateway.ClassNoFile, Err: err}
	case err != nil:
		return nil, &gateway.DeliveryError{Class: gateway.ClassUnavailable, Err: err}
	}
	a.Body = body
	return a, nil
}

// MediaStore is what a Deliverer needs to send files.
type MediaStore interface {
	// FileHandle returns what the messenger calls the account's file when this bot sends it as this kind, "" if it has not yet.
	FileHandle(ctx context.Context, account gateway.AccountID, bot gateway.BotID, m gateway.Media) (string, error)
	// OpenFile reads a file from its beginning.
	OpenFile(ctx context.Context, account gateway.AccountID, id gateway.FileID) (io.Reader, error)
}
