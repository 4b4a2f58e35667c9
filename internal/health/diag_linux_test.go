package health

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Where the kernel answers, it says what its table says, whatever a listener is
// bound to, and nothing of what does not listen.
func TestListenerOf(t *testing.T) {
	if !kernelAnswers(t) {
		return // the table is read then, which has its own tests
	}
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		network := "tcp"
		if strings.HasPrefix(address, "1") || strings.HasPrefix(address, "0") {
			network = "tcp4"
		} else if _, err := os.Stat("/proc/net/if_inet6"); errors.Is(err, fs.ErrNotExist) {
			continue // no IPv6 here
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		row, ok := listenerOf(port)
		rows, table, err := socketTable()
		if err != nil || !table {
			t.Fatal(table, err)
		}
		if !ok || row.uid != os.Getuid() || !slices.Contains(listeners(rows, port), row.inode) || !slices.Equal(owners([]tcpRow{row}, port), []int{os.Getuid()}) {
			t.Errorf("%s: %+v, %v; the table has %v of %v", address, row, ok, listeners(rows, port), owners(rows, port))
		}
		l.Close()
		if row, ok := listenerOf(port); ok {
			t.Errorf("%s: %+v, and it is closed", address, row)
		}
	}
	// An address beside the one that is asked for.
	l, err := net.Listen("tcp4", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if row, ok := listenerOf(l.Addr().(*net.TCPAddr).Port); ok {
		t.Errorf("%+v is not what 127.0.0.1 reaches", row)
	}
	// A connection's own end is bound and does not listen.
	conn, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if row, ok := listenerOf(conn.LocalAddr().(*net.TCPAddr).Port); ok {
		t.Errorf("%+v does not listen", row)
	}
}

// kernelAnswers says whether this kernel has the question at all.
func kernelAnswers(t *testing.T) bool {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, ok := listenerOf(l.Addr().(*net.TCPAddr).Port)
	t.Log("the kernel answers:", ok, "port", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	return ok
}

// An answer that is cut, an error, or one about another socket says nothing.
func TestAnswersThatSayNothing(t *testing.T) {
	good := make([]byte, diagAnswer)
	binary.NativeEndian.PutUint16(good[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint32(good[8:], 1)
	good[diagHeader], good[diagHeader+1] = unix.AF_INET, diagListen
	binary.BigEndian.PutUint16(good[diagHeader+4:], 8081)
	copy(good[diagHeader+8:], []byte{127, 0, 0, 1})
	binary.NativeEndian.PutUint32(good[diagHeader+64:], 1000)
	row, err := parseDiag(good, 8081)
	if err != nil || row.uid != 1000 || row.local.String() != "127.0.0.1:8081" {
		t.Fatalf("%+v, %v", row, err)
	}
	bent := func(at int, b byte) []byte { out := slices.Clone(good); out[at] ^= b; return out }
	for name, answer := range map[string][]byte{
		"nothing": nil, "cut": good[:diagAnswer-1], "an error": bent(4, 0xff), "another question's": bent(8, 2),
		"another port": bent(diagHeader+5, 1), "it does not listen": bent(diagHeader+1, 1),
	} {
		if row, err := parseDiag(answer, 8081); err == nil {
			t.Errorf("%s: %+v", name, row)
		}
	}
}

func FuzzParseDiag(f *testing.F) {
	f.Add(diagQuestion(8081))
	f.Add(make([]byte, diagAnswer))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = parseDiag(data, 8081) })
}
