package messaging

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestWhatAPhotoMayBe(t *testing.T) {
	t.Parallel()
	picture := func(width, height int, size int64) gateway.File {
		return gateway.File{Type: "image/jpeg", Width: width, Height: height, Size: size}
	}
	for _, c := range []struct {
		name string
		kind gateway.MediaKind
		file gateway.File
		code gateway.Code
	}{
		{"a picture", gateway.Photo, picture(800, 600, 1<<20), ""},
		{"the largest", gateway.Photo, picture(5000, 5000, maxPhoto), ""},
		{"a byte over 10 MB", gateway.Photo, picture(800, 600, maxPhoto+1), gateway.CodeMediaTooLarge},
		{"that as a document", gateway.Document, picture(800, 600, maxPhoto+1), ""},
		{"a pixel too much", gateway.Photo, picture(5001, 5000, 1<<20), gateway.CodeMediaPhoto},
		{"just slim enough", gateway.Photo, picture(2000, 100, 1<<10), ""},
		{"too slim", gateway.Photo, picture(2001, 100, 1<<10), gateway.CodeMediaPhoto},
		{"too narrow", gateway.Photo, picture(100, 2001, 1<<10), gateway.CodeMediaPhoto},
		{"no picture", gateway.Photo, gateway.File{Type: "text/plain", Size: 5}, gateway.CodeMediaPhoto},
		{"that as a document", gateway.Document, gateway.File{Type: "text/plain", Size: 5}, ""},
	} {
		got := checkFile(c.kind, c.file)
		if c.code == "" {
			require.Nil(t, got, c.name)
			continue
		}
		require.NotNil(t, got, c.name)
		require.Equal(t, c.code, got.Code, c.name)
		require.Equal(t, "media.file", got.Field, c.name)
		require.Contains(t, got.Message, "Send it as a document.", c.name)
	}
}
