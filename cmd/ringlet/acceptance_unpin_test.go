//go:build testbed

package main

import (
	"fmt"
	"strings"
	"testing"
)

// A port that was pinned is given up again by --port auto, and the proxy serves
// all the while where its configuration says.
func TestAcceptancePinAndUnpin(t *testing.T) {
	b := newBed(t)
	alias := b.alias("pin")
	b.create(alias)
	port := b.spare()
	b.ok("proxy", "enable", alias, "--port", fmt.Sprint(port))
	for _, line := range []string{fmt.Sprintf("Port: %d\n", port), fmt.Sprintf("Address: http://127.0.0.1:%d\n", port)} {
		if o := b.ok("proxy", "config", alias); !strings.Contains(o.stdout, line) {
			t.Errorf("%q is not in\n%v", line, o)
		}
	}
	b.ok("proxy", "enable", alias, "--port", "auto")
	if o := b.ok("proxy", "config", alias); !strings.Contains(o.stdout, "Port: auto\n") {
		t.Errorf("the port is still pinned\n%v", o)
	}
	if o := b.ok("proxy", "status", alias); !strings.Contains(o.stdout, " running ") {
		t.Errorf("it does not run\n%v", o)
	}
}
