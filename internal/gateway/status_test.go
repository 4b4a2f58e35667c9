package gateway

import "testing"

func TestParseStatus(t *testing.T) {
	for line, want := range map[string]struct {
		seq     int64
		refusal string
		ok      bool
	}{
		"serving work on 127.0.0.1:8081, configuration 17":                                                         {17, "", true},
		"serving work on 127.0.0.1:8081, configuration 17; the newest configuration was refused: line 3: no":       {17, "line 3: no", true},
		"serving work on 127.0.0.1:8081, configuration 3; the newest configuration was refused: , configuration 9": {3, ", configuration 9", true},
		"serving worker on 127.0.0.1:8081, configuration 17":                                                       {17, "", false},
		"serving work on 127.0.0.1:8081, configuration ":                                                           {0, "", false},
		"draining": {0, "", false},
		"":         {0, "", false},
	} {
		seq, refusal, ok := ParseStatus(line, "work")
		if seq != want.seq || refusal != want.refusal || ok != want.ok {
			t.Errorf("%q: %d, %q, %t", line, seq, refusal, ok)
		}
	}
}

// What the engine says is what ParseStatus reads.
func FuzzParseStatus(f *testing.F) {
	f.Add(int64(17), "it is not YAML")
	f.Add(int64(0), "")
	f.Fuzz(func(t *testing.T, seq int64, refusal string) {
		refusal = oneLine(refusal)
		line := statusLine("work", "127.0.0.1:8081", seq, &refusal)
		gotSeq, gotRefusal, ok := ParseStatus(line, "work")
		if !ok || gotSeq != seq || gotRefusal != refusal {
			t.Errorf("%q: %d, %q, %t", line, gotSeq, gotRefusal, ok)
		}
	})
}
