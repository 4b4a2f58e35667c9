package app

import (
	"strings"
	"testing"

	"github.com/ringlet/ringlet/service"
)

func TestMendedSentence(t *testing.T) {
	for name, tc := range map[string]struct {
		m    service.Mended
		want string
	}{
		"none at all": {service.Mended{Status: 217, Started: true}, "exit status 217; its unit does without user namespaces, which this machine"},
		"some":        {service.Mended{Status: 226, Namespaces: true, Refused: []string{"ProcSubset"}, Started: true}, "exit status 226; its unit does without what does not work here any more (ProcSubset), and it is started again; after a boot that allows it again, take"},
		"another's":   {service.Mended{Status: 226, Namespaces: true, Started: true}, "does without what did not work, and it is started again"},
		"a drop-in":   {service.Mended{Status: 226, Namespaces: true}, "left as it is: look at its drop-ins (systemctl --user cat ringlet-proxy@work.service), then: ringlet proxy start work"},
	} {
		if got := mendedSentence("work", tc.m); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
