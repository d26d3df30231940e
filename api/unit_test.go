package api

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestLifetime(t *testing.T) {
	t.Parallel()
	for ttl, want := range map[string]time.Duration{
		"":      0,
		"90s":   90 * time.Second,
		"10m":   10 * time.Minute,
		"1h30m": 90 * time.Minute,
		"24h":   24 * time.Hour,
		"7d":    7 * 24 * time.Hour,
		"1d1s":  24*time.Hour + time.Second,

		"0s":                      unreadable,
		"10":                      unreadable,
		"m":                       unreadable,
		"-5m":                     unreadable,
		"5ms":                     unreadable,
		"5 m":                     unreadable,
		"1.5h":                    unreadable,
		"8d":                      unreadable,
		"999999999d":              unreadable,
		"9999999999999999999s":    unreadable,
		strings.Repeat("1s", 100): unreadable,
	} {
		require.Equal(t, want, lifetime(ttl), "ttl %q", ttl)
		if want != unreadable {
			require.Equal(t, want, lifetime(span(want)), "%s is written as %q", want, span(want))
		}
	}
	require.Equal(t, "1d2h3m4s", span(26*time.Hour+3*time.Minute+4*time.Second))
	require.Equal(t, "2m", span(2*time.Minute))
}

func TestPreferredWait(t *testing.T) {
	t.Parallel()
	for prefer, want := range map[string]time.Duration{
		"":                             0,
		"wait=10":                      10 * time.Second,
		"Wait = 10":                    10 * time.Second,
		`wait="10"`:                    10 * time.Second,
		"respond-async, wait=5; x=y":   5 * time.Second,
		"wait=60":                      time.Minute,
		"wait=61":                      time.Minute,
		"wait=2147483647":              time.Minute,
		"wait=0":                       0,
		"wait=-1":                      0,
		"wait=99999999999999999999999": 0,
		"wait":                         0,
		"wait=soon":                    0,
		"handling=lenient":             0,
	} {
		require.Equal(t, want, preferredWait(prefer), "Prefer: %s", prefer)
	}
}

func TestProblemTellsNothingFromInside(t *testing.T) {
	t.Parallel()
	inner := errors.New("dial tcp 10.0.0.7:5432: password wrong")
	for name, err := range map[string]error{
		"an error without a code":   inner,
		"a wrapped one":             fmt.Errorf("insert message: %w", inner),
		"a code with a cause":       &gateway.Error{Code: gateway.CodeMessengerDown, Message: "The messenger did not answer.", Err: inner},
		"a code that has no status": &gateway.Error{Code: "made:up", Message: "x", Err: inner},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := problem(err)
			require.NotContains(t, fmt.Sprintf("%+v", p), "10.0.0.7")
			require.GreaterOrEqual(t, p.Status, 500)
			require.NotEmpty(t, p.Detail)
		})
	}
}

func TestProblemListsAllFaults(t *testing.T) {
	t.Parallel()
	p := problem(fmt.Errorf("check: %w", gateway.Faults{
		gateway.Fault(gateway.CodeTextEmpty, "text", "The text is empty."),
		gateway.Fault(gateway.CodeTTL, "ttl", "No."),
	}))
	require.Equal(t, "text:empty", p.Code)
	require.Equal(t, "text", p.Field)
	require.Equal(t, 422, p.Status)
	require.Equal(t, "/docs#text:empty", p.Type)
	require.Len(t, p.Errors, 2)
	require.Equal(t, "ttl:invalid", p.Errors[1].Code)
}

// Both pictures must be the same code: the modules read back from the SVG's path are those of the PNG.
func TestQRPicturesAgree(t *testing.T) {
	t.Parallel()
	const link = "https://t.me/acme_bot?start=shop7&x=<y>"
	svg, err := qrSVG(link)
	require.NoError(t, err)
	require.Contains(t, string(svg), "<title>https://t.me/acme_bot?start=shop7&amp;x=&lt;y&gt;</title>")
	side, err := strconv.Atoi(regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(string(svg))[1])
	require.NoError(t, err)
	dark := map[[2]int]bool{}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`).FindAllStringSubmatch(string(svg), -1) {
		x, _ := strconv.Atoi(run[1])
		y, _ := strconv.Atoi(run[2])
		length, _ := strconv.Atoi(run[3])
		for i := range length {
			dark[[2]int{x + i, y}] = true
		}
	}
	const scale = 8
	picture, err := qrPNG(link, side*scale)
	require.NoError(t, err)
	image, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	require.Equal(t, side*scale, image.Bounds().Dx())
	for y := range side {
		for x := range side {
			r, _, _, _ := image.At(x*scale+scale/2, y*scale+scale/2).RGBA()
			require.Equal(t, r == 0, dark[[2]int{x, y}], "module %d,%d", x, y)
		}
	}
	require.False(t, dark[[2]int{3, 3}], "the quiet zone is four modules wide")
	require.True(t, dark[[2]int{4, 4}], "the finder pattern begins after it")
}
