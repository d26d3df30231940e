package terminal

import (
	"fmt"

	"github.com/skip2/go-qrcode"
)

// QR draws a QR code of a text in half blocks, with the quiet zone that cameras need. It reads on dark and on light
// terminals: cameras of today take both polarities.
func QR(text string) (string, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	return code.ToSmallString(false), nil
}
