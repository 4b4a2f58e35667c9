package service_test

import (
	"os"
	"testing"

	"github.com/ringlet/ringlet/service/servicetest"
)

// TestMain makes the test binary the engine of the conformance suite.
func TestMain(m *testing.M) {
	servicetest.Main()
	os.Exit(m.Run())
}

func self(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}
