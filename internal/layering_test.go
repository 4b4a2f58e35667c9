// Package internal_test holds the rules that no compiler checks: which package
// may know which, and how the files of this repository are kept.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ringlet/ringlet"

// leaves are known to everybody and know nobody: they are about files, errors
// and names, not about what ringlet is for.
const leaves = "internal/baseurl internal/fault internal/nearest internal/safefile internal/strict"

// layer says what a package may import of ours, and why not more.
type layer struct {
	may string // packages, besides the leaves
	why string
}

// layers has every package. A new one takes its place here first.
func layers() map[string]layer {
	return map[string]layer{
		"internal/baseurl":  {"", "a leaf: the rule about base URLs holds without any of the rest"},
		"internal/fault":    {"", "a leaf: errors for people are used by every package, so they can use none"},
		"internal/nearest":  {"", "a leaf: it compares names and does not know whose"},
		"internal/safefile": {"", "a leaf: how a file is trusted does not depend on what is in it"},
		"internal/strict":   {"", "a leaf: decoding does not know what is decoded"},

		"internal/busquery":  {"", "how questions go over D-Bus does not depend on what is asked"},
		"internal/shell":     {"", "a line for a shell is a line for a shell, whatever the variables are for"},
		"internal/paths":     {"", "it joins names; whoever needs a path would otherwise need what the path leads to"},
		"internal/providers": {"", "the catalogue is read by the store and by the app; it must not know profiles or keys"},
		"internal/secrets":   {"", "what knows keys knows as little else as possible"},
		"internal/usage":     {"", "the engine writes records, the command reads them; it knows neither"},
		"internal/logfile":   {"", "lines in files: whose proxy wrote them, and what else keeps logs, is known to whoever asks"},
		"internal/health":    {"", "the contract between engine and command: both import it, so it imports neither"},
		"routes":             {"", "the routing table is pure: the engine, the store and the tests decide alike"},
		"units":              {"", "a spec in, the text of unit files out: rendering is tested without any init system"},

		"internal/gateway/wire":    {"", "codecs are pure: bytes in, bytes out; which target gets them is decided elsewhere"},
		"internal/gateway/dialect": {"routes", "what a provider wants of a request is pure: it is tested without sending any"},
		"internal/gateway/cloud":   {"", "it authorizes any request, and does not know what is in it"},
		"internal/gateway/strscan": {"", "where a JSON string ends is a question about bytes"},
		"internal/gateway/h1":      {"", "an HTTP client does not know what is asked for"},
		"internal/gateway":         {"routes internal/gateway/h1 internal/gateway/strscan internal/health internal/logfile internal/usage internal/gateway/wire internal/gateway/dialect internal/gateway/cloud", "the engine reads one file and serves it; it must run without profiles, units or a catalogue"},
		"internal/session":         {"internal/health", "an engine without an init system is still only an engine with a lease"},
		"internal/agents":          {"routes internal/secrets", "an agent is pointed at an address; how that came about is not its business"},
		"profiles":                 {"routes internal/paths", "the store keeps profiles; what runs them stands above it"},
		"service":                  {"units internal/busquery internal/health internal/logfile", "a supervisor runs units; it must not know what is in a profile"},

		"internal/doctor": {"internal/health service", "what is wrong is told from facts; who gathers them, and what mending takes, is the app's"},

		"internal/app": {"internal/agents internal/doctor internal/gateway internal/health internal/logfile internal/paths internal/providers internal/secrets " +
			"internal/session internal/shell internal/usage profiles routes service units", "the one place where the parts are put together; it prints nothing"},
		"internal/cli": {"internal/app internal/doctor internal/secrets internal/shell internal/usage routes", "commands parse, call the app and print; what they do is tested without a terminal"},
		"cmd/ringlet":  {"internal/cli", "main is one call"},

		// What only tests and demonstrations use.
		"internal/markdown":                              {"", "it reads the documentation for tests"},
		"internal/porttest":                              {"", "a port for a test is a port, whatever will listen on it"},
		"internal/gateway/gatewaytest":                   {"", "a stand-in for a provider shares no code with what it tests"},
		"internal/gateway/gatewaytest/scripted-upstream": {"internal/gateway/gatewaytest", "it serves the stand-in"},
		"internal/ultrallmtest":                          {"internal/usage", "a stand-in for another engine shares no code with ours but the shape of the sums, of which there is one"},
		"internal/ultrallmtest/ultrallm":                 {"internal/ultrallmtest", "it serves the stand-in"},
		"internal/agents/agentstest":                     {"internal/agents internal/secrets routes", "the conformance suite of agents"},
		"service/launchctltest":                          {"service units", "a stand-in for launchd: it takes what the supervisor gives it, and the renderer's own list of keys"},
		"service/servicetest":                            {"internal/porttest service units", "the conformance suite of supervisors"},
		"packaging/demo":                                 {"internal/gateway/gatewaytest", "it shows the real binary, and uses none of its code"},
		"packaging/sdk":                                  {"internal/gateway/gatewaytest", "it drives the real binary with clients that nobody here wrote, and uses none of its code"},
		"packaging/dist":                                 {"internal/cli", "it packs the real binary; of its code it uses the commands' own words, for man pages and completions"},
		"packaging/vmtest":                               {"", "its tests drive a machine from outside, and know of it what a user sees"},
		"packaging/vmtest/wire":                          {"", "what is said between the tests and the machine"},
		"packaging/vmtest/guest":                         {"packaging/vmtest/wire", "it runs commands for the tests, whatever they are"},
		"packaging/vmtest/client":                        {"packaging/vmtest/wire", "an agent that only counts; it uses none of the code that it asks"},
		"packaging/bench":                                {"", "it measures the real binary, and uses none of its code"},
	}
}

// TestGoFiles reads every Go file once, and holds it to the rules.
func TestGoFiles(t *testing.T) {
	all := goFiles(t)
	for name, rule := range map[string]func(*testing.T, []goFile){
		"DependenciesPointOneWay": dependenciesPointOneWay, "PurePackages": purePackages,
		"PackagesAreExplained": packagesAreExplained, "Code": code,
	} {
		t.Run(name, func(t *testing.T) { rule(t, all) })
	}
}

// dependenciesPointOneWay: cmd -> internal/cli -> internal/app -> the rest, and
// nothing back.
func dependenciesPointOneWay(t *testing.T, all []goFile) {
	table := layers()
	seen := map[string]bool{}
	for _, f := range all {
		dir := path.Dir(f.path)
		if f.test || dir == "internal" { // tests may reach for helpers and for the parts around
			continue
		}
		seen[dir] = true
		l, ok := table[dir]
		if !ok {
			t.Errorf("%s: the package %s has no place among the layers; give it one in layering_test.go, and say why", f.path, dir)
			continue
		}
		may := append(strings.Fields(l.may), strings.Fields(leaves)...)
		if strings.Contains(leaves, dir) {
			may = nil
		}
		for _, spec := range f.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, ok := strings.CutPrefix(name, module+"/")
			if ok && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s: %s", f.at(spec.Pos()), ours, l.why)
			}
		}
	}
	for dir := range table {
		if !seen[dir] {
			t.Errorf("layering_test.go speaks of the package %s, which is not there", dir)
		}
	}
}

// purePackages: what is called pure reaches no disk, no network, no process.
func purePackages(t *testing.T, all []goFile) {
	pure := []string{"routes", "units", "internal/paths", "internal/fault", "internal/nearest", "internal/strict", "internal/shell"}
	for _, f := range all {
		if f.test || !slices.Contains(pure, path.Dir(f.path)) {
			continue
		}
		for _, spec := range f.ast.Imports {
			switch spec.Path.Value {
			case `"os"`, `"os/exec"`, `"net"`, `"net/http"`, `"syscall"`, `"golang.org/x/sys/unix"`:
				t.Errorf("%s imports %s: the package %s is pure, so that it can be tested and reasoned about without a machine",
					f.at(spec.Pos()), spec.Path.Value, path.Dir(f.path))
			}
		}
	}
}

// packagesAreExplained: a newcomer can start at every package's comment.
func packagesAreExplained(t *testing.T, all []goFile) {
	docs := map[string]string{}
	names := map[string]string{}
	for _, f := range all {
		dir := path.Dir(f.path)
		if f.test && dir != "internal" {
			continue
		}
		names[dir] = f.ast.Name.Name
		if f.ast.Doc != nil {
			if docs[dir] != "" {
				t.Errorf("%s: the package %s has a second doc comment", f.path, dir)
			}
			docs[dir] = f.ast.Doc.Text()
		}
	}
	for dir, name := range names {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(docs[dir], want) {
			t.Errorf("the package in %s has no comment that begins with %q", dir, want)
		}
	}
}

// code: small files, no init functions, no sleeping and no skipping in tests.
func code(t *testing.T, all []goFile) {
	for _, f := range all {
		if lines := f.set.File(f.ast.Pos()).LineCount(); lines > 500 {
			t.Errorf("%s has %d lines; a file with more than 500 has more than one concern", f.path, lines)
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init runs whether it is wanted or not; call it where it is", f.at(fn.Pos()))
			}
		}
		if f.test {
			checkTest(t, f)
		}
	}
}

// checkTest looks for real sleeps: those inside synctest.Test cost no time and
// are exact.
func checkTest(t *testing.T, f goFile) {
	t.Helper()
	var bubbles []ast.Node
	ast.Inspect(f.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch name(call.Fun) {
		case "synctest.Test":
			bubbles = append(bubbles, call)
		case "time.Sleep":
			if !slices.ContainsFunc(bubbles, func(b ast.Node) bool { return b.Pos() < n.Pos() && n.End() <= b.End() }) {
				t.Errorf("%s: a test waits for what it needs, not for a time; a sleep is too short on a slow machine and too long on every other", f.at(n.Pos()))
			}
		case "t.Skip", "t.Skipf", "t.SkipNow", "b.Skip":
			t.Errorf("%s: a test that did not run must not look like one that passed; fail and say what is missing", f.at(n.Pos()))
		}
		return true
	})
}

// name is a call's function as package.Function or receiver.Method.
func name(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// TestTextSpeaksOfItself: the repository names no package registry, which the
// ordinary clients know, and no place on the machine of who wrote it.
func TestTextSpeaksOfItself(t *testing.T) {
	// In pieces, for this file is read as well.
	var forbidden []string
	for _, host := range []string{"proxy.golang+.org", "sum.golang+.org", "registry.npmjs+.", "pypi+.org", "files.pythonhosted+.",
		"deb.debian+.org", "archive.ubuntu+.com", "rubygems+.org", "crates+.io", " /wo+rk/", "\"/wo+rk/", "`/wo+rk/", "(/wo+rk/"} {
		forbidden = append(forbidden, strings.ReplaceAll(host, "+", ""))
	}
	for file := range files(t) {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range forbidden {
			if before, _, found := strings.Cut(string(text), word); found {
				t.Errorf("%s:%d names %q", file, 1+strings.Count(before, "\n"), word)
			}
		}
	}
}

// goFile is a parsed file.
type goFile struct {
	path string // from the top of the repository, with slashes
	test bool
	set  *token.FileSet
	ast  *ast.File
}

func (f goFile) at(pos token.Pos) string {
	p := f.set.Position(pos)
	return f.path + ":" + strconv.Itoa(p.Line)
}

// goFiles parses every Go file, whatever its build constraints.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var out []goFile
	for file := range files(t) {
		if path.Ext(file) != ".go" || strings.Contains(file, "testdata/") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, filepath.Join("..", file), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, goFile{file, strings.HasSuffix(file, "_test.go"), set, parsed})
	}
	if len(out) < 100 {
		t.Fatalf("only %d Go files were found", len(out))
	}
	return out
}

// files yields the repository's files, without what is built or belongs to git.
func files(t *testing.T) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel("..", name)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			switch {
			case rel == ".git": // a folder, or a file where this is a second work tree
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case d.IsDir() && (rel == "build" || rel == "dist"):
				return fs.SkipDir
			case !d.Type().IsRegular(), slices.Contains([]string{".test", ".out"}, path.Ext(rel)):
				return nil // see .gitignore
			case !yield(rel):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
