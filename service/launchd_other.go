//go:build !darwin

package service

import (
	"errors"
	"time"
)

// What launchd needs of macOS. Elsewhere it is only tested, with a folder of the
// test's own and files that are written as any other.

func launchAgents() (string, error) { return "", errors.New("this is no macOS") }

func systemPlists() plistFiles { return plainFiles{} }

// startedAt is not known here: status shows no time then.
func startedAt(int) (time.Time, bool) { return time.Time{}, false }
