package cloud

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestGoogle fetches one token by a refresh token, as gcloud's login has it, and
// uses it for every request. The address of the token server cannot be set in
// such a file, so an identity of another kind, which names its own, stands in.
func TestGoogle(t *testing.T) {
	asked := 0
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Method != http.MethodPost || r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != "refresh-1" {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"ya29.token","token_type":"Bearer","expires_in":3600}`))
	}))
	defer sts.Close()
	file := filepath.Join(t.TempDir(), "adc.json")
	write(t, file, `{"type":"external_account_authorized_user","audience":"//iam.googleapis.com/locations/global/workforcePools/p/providers/q",
		"client_id":"id","client_secret":"secret","refresh_token":"refresh-1","token_url":"`+sts.URL+`"}`, 0o600)
	g := &Google{File: file}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			r := request(t)
			if err := g.Authorize(t.Context(), r, ""); err != nil || r.Header.Get("Authorization") != "Bearer ya29.token" {
				t.Errorf("%v, %q", err, r.Header.Get("Authorization"))
			}
		})
	}
	all.Wait()
	if asked != 1 {
		t.Errorf("the token was fetched %d times", asked)
	}
}

func TestGoogleMissing(t *testing.T) {
	for name, text := range map[string]string{"no file": "", "no JSON": "x", "another type": `{"type":"external_account_authorized_user"}`} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "adc.json")
			if text != "" {
				write(t, file, text, 0o600)
			}
			g := &Google{File: file}
			err := g.Authorize(t.Context(), request(t), "")
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "gcloud auth application-default login") || !strings.Contains(err.Error(), file) {
				t.Errorf("%v", err)
			}
		})
	}
}
