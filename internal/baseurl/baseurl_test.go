package baseurl

import (
	"strings"
	"testing"
)

func TestOrigin(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.anthropic.com":            "https://api.anthropic.com",
		"https://API.Anthropic.com/v1":         "https://api.anthropic.com",
		"https://api.z.ai:443/api/anthropic":   "https://api.z.ai",
		"https://api.z.ai:8443/api":            "https://api.z.ai:8443",
		"http://127.0.0.1:9100":                "http://127.0.0.1:9100",
		"http://localhost:80/x":                "http://localhost",
		"http://[::1]:9100":                    "http://[::1]:9100",
		"https://[2001:db8::1]/v1":             "https://[2001:db8::1]",
		"HTTPS://llm.example.com":              "https://llm.example.com",
		"http://127.8.9.10":                    "http://127.8.9.10",
		"https://127.0.0.1.evil.example:443/x": "https://127.0.0.1.evil.example",
	} {
		got, err := Origin(base)
		if err != nil || got != want {
			t.Errorf("Origin(%q) = %q, %v; want %q", base, got, err, want)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for base, why := range map[string]string{
		"":                                   "https",
		"api.anthropic.com":                  "https",
		"ftp://example.com":                  "https",
		"file:///etc/passwd":                 "https",
		"https://":                           "name a host",
		"https://:8080":                      "name a host",
		"http://example.com":                 "plain http",
		"http://127.0.0.1.evil.example":      "plain http",
		"http://localhost.evil.example":      "plain http",
		"http://0.0.0.0:80":                  "plain http",
		"http://10.0.0.1":                    "plain http",
		"https://u:hunter2@example.com":      "credentials",
		"https://example.com?key=1":          "query",
		"https://example.com/?":              "query",
		"https://example.com#x":              "fragment",
		"https://exa mple.com":               "character",
		"https://example.com/\nx":            "character",
		"https://ex\u00e4mple.com":           "character",
		"https://example.com:port":           "parse",
		"http://[::1":                        "parse",
		"https://u:hunter2@example.com:port": "parse",
	} {
		err := Check(base)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Check(%q) = %v; want it to speak of %q", base, err, why)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Check(%q) gives the password away: %v", base, err)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://api.anthropic.com:443/v1")
	f.Add("http://[::1]:80")
	f.Fuzz(func(t *testing.T, base string) {
		origin, err := Origin(base)
		if err != nil {
			return
		}
		again, err := Origin(origin)
		if err != nil || again != origin {
			t.Errorf("the origin of %q is %q, whose own is %q, %v", base, origin, again, err)
		}
	})
}
