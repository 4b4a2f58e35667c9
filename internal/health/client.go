package health

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

const (
	// checkTimeout bounds one check where the caller's context does not. A busy
	// engine answers within milliseconds.
	checkTimeout = 3 * time.Second
	// maxReport bounds what is read of an answer, in bytes. A report with a
	// hundred targets is under 20 KiB.
	maxReport = 1 << 20
	// tokenHeader carries the local token; the engine never forwards it.
	tokenHeader = "X-Ringlet-Token"
)

// Client asks one profile's engine how it is. It hands the token to nobody but
// an engine that has proved to know it.
type Client struct {
	Port    int    // on 127.0.0.1
	Profile string // the alias that the engine must serve
	Token   string // the profile's local token
	// Previous is the token before that, which an engine may still have while the
	// tokens are rotated; "" for none. It is sent to who proves to know it.
	Previous string

	// table and uid replace the kernel's socket table and this user in tests.
	table func() ([]tcpRow, bool, error)
	uid   func() int
}

// String leaves the token out.
func (c Client) String() string { return fmt.Sprintf("health of %s on port %d", c.Profile, c.Port) }

// LogValue leaves the token out.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Check verifies the listener and returns its full report. In this order:
//
//  1. the listening socket belongs to this user, by the kernel's socket table
//     (on Linux; elsewhere, and where the kernel has no table, this is left out);
//  2. without the token, it answers a random nonce with the right profile and
//     the right [Proof];
//  3. on that same connection, it is given the token and answers in detail.
//
// Whoever takes the port after the engine has left fails 1 or 2 and learns
// nothing. Errors are [*Error]. Proxies of the environment are not used,
// redirects are not followed.
func (c Client) Check(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return Report{}, err
	}
	defer conn.Close()
	if err := c.checkOwner(conn); err != nil {
		return Report{}, err
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	// One connection by hand, not an http.Client: what proved itself on it is
	// what gets the token, with no second dial, proxy or redirect in between.
	w := &wire{conn: conn, in: bufio.NewReader(io.LimitReader(conn, 2*maxReport))}

	nonce := rand.Text()
	first, err := c.get(w, "?nonce="+nonce, "")
	if err != nil {
		return Report{}, err
	}
	if first.Profile != c.Profile {
		return Report{}, &Error{Kind: WrongProfile, Port: c.Port, Profile: c.Profile, Other: first.Profile}
	}
	token := c.Token
	if c.Previous != "" && proves(first, c.Previous, nonce) {
		token = c.Previous
	} else if !proves(first, token, nonce) {
		return Report{}, c.problem(BadProof, "", nil)
	}
	full, err := c.get(w, "", token)
	if err != nil {
		return Report{}, err
	}
	if full.Profile != c.Profile {
		return Report{}, &Error{Kind: WrongProfile, Port: c.Port, Profile: c.Profile, Other: full.Profile}
	}
	full.Proof = first.Proof
	return full, nil
}

// proves says whether a report's proof is that of who knows the token.
func proves(r Report, token, nonce string) bool {
	want := Proof(sha256.Sum256([]byte(token)), nonce)
	return hmac.Equal([]byte(want), []byte(r.Proof))
}

// dial connects to the port.
func (c Client) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)))
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, c.problem(NotListening, "", err)
	}
	if err != nil {
		return nil, c.problem(NoAnswer, reason(err), err)
	}
	return conn, nil
}

// checkOwner makes sure that the listener that conn reached is this user's.
func (c Client) checkOwner(conn net.Conn) error {
	table, uid := c.table, c.uid
	if table == nil {
		table = func() ([]tcpRow, bool, error) {
			if row, ok := listenerOf(c.Port); ok {
				return []tcpRow{row}, true, nil
			}
			return socketTable()
		}
	}
	if uid == nil {
		uid = os.Getuid
	}
	rows, ok, err := table()
	if err != nil {
		return c.problem(NoAnswer, "its owner cannot be looked up: "+err.Error(), err)
	}
	if !ok {
		return nil
	}
	held := owners(rows, c.Port)
	for _, owner := range held {
		if owner != uid() {
			return &Error{Kind: Foreign, Port: c.Port, Profile: c.Profile, UID: owner, User: userName(owner)}
		}
	}
	if len(held) > 0 {
		return nil
	}
	// Connected, and yet no listener: it went away in between, unless the table
	// is an empty pretence, which does not show our own end either.
	if lists(rows, addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())) {
		return c.problem(NoAnswer, "its listener was closed during the check", nil)
	}
	return nil
}

func (c Client) problem(kind Kind, detail string, cause error) *Error {
	return &Error{Kind: kind, Port: c.Port, Profile: c.Profile, Detail: detail, Err: cause}
}

func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func userName(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return u.Username
}
