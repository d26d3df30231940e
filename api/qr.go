package api

import (
	"fmt"
	"html"
	"strings"

	"github.com/skip2/go-qrcode"
)

// defaultQRSize is the width of a PNG in pixels. The specification names the same.
const defaultQRSize = 512

// newQR encodes a link so that it survives a scratch: a sixth of the code may be lost.
func newQR(link string) (*qrcode.QRCode, error) {
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("encode QR code: %w", err)
	}
	return code, nil
}

// qrPNG draws a link as a square of size pixels, with the quiet zone around it.
func qrPNG(link string, size int) ([]byte, error) {
	code, err := newQR(link)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		size = defaultQRSize
	}
	picture, err := code.PNG(size)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return picture, nil
}

// qrSVG draws a link as one path: each run of dark modules of a row is a rectangle one unit high.
func qrSVG(link string) ([]byte, error) {
	code, err := newQR(link)
	if err != nil {
		return nil, err
	}
	modules := code.Bitmap() // with the quiet zone
	var path strings.Builder
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			run := 0
			for x+run < len(row) && row[x+run] {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x, y, run, run)
				x += run
			}
		}
	}
	side := len(modules)
	return fmt.Appendf(nil,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges" role="img">`+
			`<title>%s</title><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`+"\n",
		side, side, defaultQRSize, defaultQRSize, html.EscapeString(link), side, side, path.String()), nil
}
