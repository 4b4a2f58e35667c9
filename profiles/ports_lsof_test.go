package profiles

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestLsofHolder(t *testing.T) {
	for text, want := range map[string]string{
		"p501\ncnginx\nf6\n":                     "nginx (pid 501)",
		"p501\ncGoogle Chrome\nf6\nf7\np9\ncx\n": "Google Chrome (pid 501)",
		"p7\nf3\n":                               "a program (pid 7)",
		"":                                       "", "cx\n": "", "px\ncy\n": "", "p-1\ncy\n": "",
	} {
		if got := lsofHolder(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The lsof of this machine, where there is one, says it in that form.
func TestLsofItself(t *testing.T) {
	lsof, err := exec.LookPath("lsof")
	if err != nil {
		t.Log("there is no lsof here; its form is tested above")
		return
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, err := exec.CommandContext(t.Context(), lsof, "-nP", "+c0", "-iTCP:"+strconv.Itoa(l.Addr().(*net.TCPAddr).Port), "-sTCP:LISTEN", "-Fpc").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := lsofHolder(string(out)); !strings.HasSuffix(got, "(pid "+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("%q of %q", got, out)
	}
}

func FuzzLsofHolder(f *testing.F) {
	f.Add("p501\ncnginx\nf6\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := lsofHolder(text); got != "" && !strings.Contains(got, "(pid ") {
			t.Errorf("%q", got)
		}
	})
}
