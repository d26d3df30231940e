package api

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// decoded reads a picture as a phone's camera would, with a program that knows nothing of ours.
func decoded(t *testing.T, picture []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.png")
	require.NoError(t, os.WriteFile(path, picture, 0o600))
	out, err := exec.CommandContext(context.Background(), "zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	require.NoError(t, err, "zbarimg comes with zbar-tools: make deps installs it")
	return strings.TrimSpace(string(out))
}

var (
	sideForm = regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`)
	runForm  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
)

// drawn paints our SVG, which is rectangles of one row, at eight pixels a unit.
func drawn(t *testing.T, svg []byte) []byte {
	t.Helper()
	const scale = 8
	side := sideForm.FindSubmatch(svg)
	require.NotNil(t, side, "the picture has no size")
	number := func(raw []byte) int {
		n, err := strconv.Atoi(string(raw))
		require.NoError(t, err)
		return n
	}
	picture := image.NewGray(image.Rect(0, 0, number(side[1])*scale, number(side[2])*scale))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	runs := runForm.FindAllSubmatch(svg, -1)
	require.NotEmpty(t, runs)
	for _, run := range runs {
		x, y, width := number(run[1]), number(run[2]), number(run[3])
		require.Equal(t, width, number(run[4]), "the rectangle is closed")
		for px := x * scale; px < (x+width)*scale; px++ {
			for py := y * scale; py < (y+1)*scale; py++ {
				picture.SetGray(px, py, color.Gray{})
			}
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, picture))
	return out.Bytes()
}

func TestADecoderReadsTheCodes(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"https://t.me/acme_bot",
		"https://t.me/acme_bot?start=" + strings.Repeat("aZ_-", 16),
		"http://127.0.0.1:8082/a_bot_with_the_longest_name_there_bot?start=c_06f0qv5n2cxw3y7m1k9h",
	} {
		svg, err := qrSVG(link)
		require.NoError(t, err)
		require.Equal(t, link, decoded(t, drawn(t, svg)), "SVG")
		for _, size := range []int{0, 128, 512, 2048} {
			if size == 128 && len(link) > 60 {
				continue // under two pixels a module: no camera reads that
			}
			picture, err := qrPNG(link, size)
			require.NoError(t, err)
			require.Equal(t, link, decoded(t, picture), fmt.Sprintf("PNG of %d", size))
		}
	}
}
