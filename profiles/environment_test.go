package profiles

import (
	"strings"
	"testing"
)

func TestCheckEnvironment(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"HTTPS_PROXY", "http://proxy.example:3128", ""},
		{"https_proxy", "proxy.example:3128", ""},
		{"NO_PROXY", "localhost, .example.com, me@odd", ""},
		{"SSL_CERT_FILE", "/etc/ssl/ours.pem", ""},
		{"SSL_CERT_DIR", "/etc/ssl/a:/etc/ssl/b", ""},
		{"HTTPS_PROXY", "http://me:secret@proxy.example:3128", "password"},
		{"http_proxy", "me@proxy.example:3128", "password"},
		{"SSL_CERT_FILE", "ours.pem", "absolute"},
		{"SSL_CERT_DIR", "/a:b", "absolute"},
		{"NO_PROXY", "a\nb", "characters"},
		{"NO_PROXY", "\xff", "characters"},
		{"NO_PROXY", "", "empty"},
		{"LD_PRELOAD", "/evil.so", "not about the network"},
	} {
		err := CheckEnvironment(tc.name, tc.value)
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s=%q: %v, want %q", tc.name, tc.value, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// What is kept for the engine stands in the profile's file, and is checked when it is read.
func TestEnvironmentInTheFile(t *testing.T) {
	p := Profile{Alias: "work", Agent: "claude", Provider: "anthropic"}.withDefaults()
	p.Proxy.Environment = map[string]string{"NO_PROXY": "localhost"}
	data, err := p.encode("")
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode("work.json", "work", data)
	if err != nil || back.Proxy.Environment["NO_PROXY"] != "localhost" {
		t.Errorf("%v: %+v", err, back)
	}
	_, err = decode("work.json", "work", []byte(strings.Replace(string(data), "NO_PROXY", "LD_PRELOAD", 1)))
	if err == nil || !strings.Contains(err.Error(), "LD_PRELOAD is not about the network") {
		t.Errorf("another variable: %v", err)
	}
}
