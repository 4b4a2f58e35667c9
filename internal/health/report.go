// Package health is the contract of the engine's /health endpoint, and the
// client that asks it: is the listener on this port this user's own, is it the
// engine of this profile, and which configuration does it run.
package health

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Report is what /health answers. Without the local token only Status and
// Profile are there, and Proof where a nonce was sent.
type Report struct {
	Status  string `json:"status"` // "ok" or "draining"
	Profile string `json:"profile"`
	// Proof is the hexadecimal HMAC-SHA256 of the nonce, keyed with the SHA-256
	// of the current local token: only who knows that sum can answer.
	Proof string `json:"proof,omitempty"`

	Version        string     `json:"version,omitempty"`
	PID            int        `json:"pid,omitempty"`
	Engine         string     `json:"engine,omitempty"` // "builtin"
	Seq            int64      `json:"seq,omitempty"`    // ringlet.seq of the configuration in force
	ConfigSHA256   string     `json:"config_sha256,omitempty"`
	LoadedAt       *time.Time `json:"loaded_at,omitempty"`
	ReloadError    string     `json:"reload_error,omitempty"` // why the newest file was refused; the one before is in force
	Reloads        int64      `json:"reloads,omitempty"`      // reload attempts finished since the start
	KeysLoadedAt   *time.Time `json:"keys_loaded_at,omitempty"`
	Keys           []Key      `json:"keys,omitempty"`
	Draining       bool       `json:"draining,omitempty"`
	OpenStreams    int        `json:"open_streams,omitempty"` // requests being answered now
	Targets        []Target   `json:"targets,omitempty"`
	MemoryLimit    int64      `json:"memory_limit,omitempty"` // bytes at which the collector makes an effort
	BodyBudget     int64      `json:"body_budget,omitempty"`  // bytes that buffered bodies may hold together
	RequestsServed int64      `json:"requests_served,omitempty"`
	Goroutines     int        `json:"goroutines,omitempty"` // running or waiting in the engine: a number that only rises is a leak
}

// Key says where a provider's key was found, never the key.
type Key struct {
	Provider string `json:"provider"`
	Source   string `json:"source,omitempty"` // "systemd credential", "file", "environment"; empty when missing
	Problem  string `json:"problem,omitempty"`
}

// Target is what the engine saw of one target since its start.
type Target struct {
	Target     string `json:"target"`
	Requests   int64  `json:"requests"`
	Failures   int64  `json:"failures"`
	LastStatus int    `json:"last_status,omitempty"` // HTTP status of the last answer; 0 when there was none

	// Breaker is "closed", "open" (it failed too often in a row and is asked again at
	// OpenUntil) or "half-open" (one request tries it).
	Breaker   string     `json:"breaker"`
	OpenUntil *time.Time `json:"open_until,omitempty"`
	// CoolingUntil is the end of the time for which it asked to be left alone.
	CoolingUntil *time.Time `json:"cooling_until,omitempty"`
	// SuccessRate (0 to 1) and FirstByteMS are what the strategy adaptive goes by: means
	// that forget.
	SuccessRate *float64 `json:"success_rate,omitempty"`
	FirstByteMS int64    `json:"first_byte_ms,omitempty"`
}

// Lately is how the target did, to follow on what is said of it; "" where too little is
// known.
func (t Target) Lately() string {
	s := ""
	if t.SuccessRate != nil {
		s = fmt.Sprintf(", lately %.0f%% answered", 100**t.SuccessRate)
		if t.FirstByteMS > 0 {
			s += fmt.Sprintf(", first byte after %d ms", t.FirstByteMS)
		}
	}
	return s
}

// LeftAlone says why and until when the target is not asked, to follow on what is said
// of it; "" where it is asked.
func (t Target) LeftAlone() string {
	clock := func(at time.Time) string { return at.Local().Format(time.TimeOnly) }
	switch {
	case t.CoolingUntil != nil:
		return "; it asked to be left alone until " + clock(*t.CoolingUntil)
	case t.OpenUntil != nil:
		return "; it failed too often in a row and is tried again at " + clock(*t.OpenUntil)
	case t.Breaker == "half-open":
		return "; it failed too often in a row, and the next request tries it again"
	}
	return ""
}

// Proof computes the answer to nonce for a token whose SHA-256 is sum.
func Proof(sum [32]byte, nonce string) string {
	mac := hmac.New(sha256.New, sum[:])
	mac.Write([]byte(nonce))
	return hex.EncodeToString(mac.Sum(nil))
}
