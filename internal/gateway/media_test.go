package gateway

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// encoded is an image file in base64.
func encoded(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestDimensions(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 300, 170), color.Palette{color.Black, color.White})
	pngFile := encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
	jpegFile := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) })
	// An EXIF segment before the size, as cameras write it.
	raw, _ := base64.StdEncoding.DecodeString(jpegFile)
	exif := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0x40, 0x02}, make([]byte, 0x4000)...)
	webp := func(chunk string, rest ...byte) string {
		return base64.StdEncoding.EncodeToString(append([]byte("RIFF\x00\x00\x00\x00WEBP"+chunk), append(rest, make([]byte, 20)...)...))
	}
	for name, data := range map[string]string{
		"PNG":           pngFile,
		"JPEG":          jpegFile,
		"JPEG, EXIF":    base64.StdEncoding.EncodeToString(append(exif, raw[2:]...)),
		"GIF":           encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }),
		"data URL":      "data:image/png;base64," + pngFile,
		"WebP":          webp("VP8 ", 0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 300&0xff, 300>>8, 170, 0),
		"WebP lossless": webp("VP8L", 0, 0, 0, 0, 0x2f, 299&0xff, 299>>8|169&3<<6, 169>>2, 0),
		"WebP extended": webp("VP8X", 0, 0, 0, 0, 0, 0, 0, 0, 299&0xff, 299>>8, 0, 169, 0, 0),
	} {
		if w, h := dimensions([]byte(data)); w != 300 || h != 170 {
			t.Errorf("%s: %v × %v, want 300 × 170", name, w, h)
		}
	}
	for _, data := range []string{"", "iVBO", "data:image/png,x", "data:image/png;base64,", "https://example.com/a.png", "/9j/4A==", "UklGRgAAAABXRUJQ"} {
		if w, h := dimensions([]byte(data)); w != 0 || h != 0 {
			t.Errorf("%q: %v × %v, want nothing", data, w, h)
		}
	}
}

// The examples of the documentation.
func TestImagePrices(t *testing.T) {
	pngOf := func(w, h int) []byte {
		return []byte(encoded(t, func(b *bytes.Buffer) error {
			return png.Encode(b, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black}))
		}))
	}
	for _, tc := range []struct{ w, h, anthropic, openai int }{
		{200, 200, 53, 255},
		{1000, 1000, 1333, 765},
		{1092, 1092, 1589, 765},
		{1024, 1024, 1398, 765},
		{2048, 4096, 1600, 1105},
	} {
		data := pngOf(tc.w, tc.h)
		if got := imageTokens(data); abs(got-tc.anthropic) > 2 {
			t.Errorf("%d × %d: %d tokens, want %d", tc.w, tc.h, got, tc.anthropic)
		}
		if got := imageTiles(data, "high"); got != tc.openai {
			t.Errorf("%d × %d: %d tokens by tiles, want %d", tc.w, tc.h, got, tc.openai)
		}
		if got := imageTiles(data, "low"); got != 85 {
			t.Errorf("%d × %d: %d tokens without detail, want 85", tc.w, tc.h, got)
		}
	}
	if imageTokens(nil) != defaultImage {
		t.Error("an image of unknown size has no price")
	}
}

func FuzzDimensions(f *testing.F) {
	f.Add([]byte("iVBORw0KGgoAAAANSUhEUgAAASwAAACqAQMAAAAA"))
	f.Add([]byte("/9j/2wCEAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8U"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := imageTokens(data); n < 1 || n > defaultImage {
			t.Fatalf("%d tokens", n)
		}
		if n := imageTiles(data, ""); n < 85 || n > 85+170*16 {
			t.Fatalf("%d tokens by tiles", n)
		}
	})
}
