//go:build testbed

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringlet/ringlet/internal/markdown"
)

// docsKey is what the documentation's reader types, pipes or has in $MY_KEY.
const docsKey = "sk-of-the-documentation"

// TestDocs runs every console block of the documentation as it stands, each
// document in a home of its own under the real systemd. The README starts from
// nothing, as its reader does; the other documents with the profile "work" of
// the README. The providers are the scripted one in the place of the real ones,
// and claude is a stand-in.
func TestDocs(t *testing.T) {
	for _, file := range guides(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := readText(t, file)
			blocks, err := markdown.Blocks(text)
			if err != nil {
				t.Fatal(err)
			}
			b := newBed(t)
			b.documented()
			if filepath.Base(file) != "README.md" {
				b.okWith(docsKey+"\n", "providers", "login", "anthropic")
				b.ok("profiles", "create", "claude", "work", "--proxy", "-p", "anthropic")
			}
			for _, block := range blocks {
				if block.Lang == "console" {
					b.typed(file, block)
				}
			}
		})
	}
}

// documented makes the bed one in which the documentation holds: its profiles are
// deleted at the end, its providers are the scripted one, and ringlet and claude
// are in PATH.
func (b *bed) documented() {
	b.t.Helper()
	for _, alias := range []string{"work", "plan", "dev"} { // all that they make
		b.deleteAtEnd(alias)
	}
	bin := b.t.TempDir()
	if err := bringAlong(bin); err != nil {
		b.t.Fatal(err)
	}
	b.setenv("PATH", bin+":"+filepath.Dir(b.exe)+":/usr/local/bin:/usr/bin:/bin")
	b.setenv("MY_KEY", docsKey)
	for _, id := range []string{"anthropic", "minimax", "zai"} {
		var p struct {
			DefaultEndpoint string `json:"default_endpoint"`
		}
		if err := json.Unmarshal([]byte(b.ok("providers", "inspect", id, "--json").stdout), &p); err != nil {
			b.t.Fatal(err)
		}
		b.write(".config/ringlet/providers.d/"+id+".yaml",
			fmt.Sprintf("id: %s\nendpoints:\n  %s: { messages: %q }\n", id, p.DefaultEndpoint, b.upstream.URL+"/"+id))
	}
}

// typed runs a block in one shell that stops at the first command that fails.
// The shell counts the document's lines, so that it can name the one.
func (b *bed) typed(file string, block markdown.Block) {
	b.t.Helper()
	name, err := filepath.Rel(repository, file)
	if err != nil {
		b.t.Fatal(err)
	}
	script := []string{`trap 'echo "failed: $DOC:$LINENO: $BASH_COMMAND" >&2' ERR; set -o pipefail`}
	for _, c := range block.Commands() {
		for len(script) < c.Line-1 {
			script = append(script, "")
		}
		script = append(script, c.Text)
	}
	path := filepath.Join(b.t.TempDir(), "block.sh")
	if err := os.WriteFile(path, []byte(strings.Join(script, "\n")+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", path)
	cmd.Dir, cmd.Env = b.home, append([]string{"DOC=" + name}, b.env...)
	cmd.Stdin = strings.NewReader(docsKey + "\n") // for who asks for a key
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	b.t.Logf("%s:%d\n%s", name, block.Line, out)
	if err != nil {
		b.t.Fatalf("%s:%d: the block does not run as it stands: %v", name, block.Line, err)
	}
}
