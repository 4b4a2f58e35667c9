package health

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// External asks an engine that is not ringlet's own and cannot prove that it
// knows the local token: ultrallm. What is checked instead is who holds the
// port: this user, and the very process that the init system started.
type External struct {
	Port    int    // on 127.0.0.1
	Profile string // the alias, for errors
	Engine  string // "ultrallm"
	// PID is the engine's process as the init system has it; 0 for none.
	PID func(context.Context) (int, error)
}

// Check verifies the listener and asks GET /health, which has to answer 200. The
// report says no more than that. Errors are [*Error], or those of PID.
func (e External) Check(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c := Client{Port: e.Port, Profile: e.Profile}
	conn, err := c.dial(ctx)
	if err != nil {
		return Report{}, err
	}
	defer conn.Close()
	if err := c.checkOwner(conn); err != nil {
		return Report{}, err
	}
	pid, err := e.PID(ctx)
	if err != nil {
		return Report{}, err
	}
	if err := c.checkHolder(pid); err != nil {
		return Report{}, err
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	if err := c.ask(conn, "/health", nil); err != nil {
		return Report{}, err
	}
	return Report{Status: "ok", Profile: e.Profile, PID: pid, Engine: e.Engine}, nil
}

// Get is Check, and then what the engine answers to GET path, up to limit bytes.
func (e External) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if _, err := e.Check(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	c := Client{Port: e.Port, Profile: e.Profile}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := c.checkOwner(conn); err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	var body []byte
	err = c.ask(conn, path, func(r io.Reader) error {
		body, err = io.ReadAll(io.LimitReader(r, limit))
		return err
	})
	return body, err
}

// ask sends one GET on conn; take, where there is one, reads the body of a 200.
func (c Client) ask(conn net.Conn, path string, take func(io.Reader) error) error {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", c.Port, path), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	req.Close = true
	if err := req.Write(conn); err != nil {
		return c.problem(NoAnswer, reason(err), err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return c.problem(NoAnswer, reason(err), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c.problem(NoAnswer, "GET "+req.URL.Path+" answers "+resp.Status, nil)
	}
	if take == nil {
		return nil
	}
	if err := take(resp.Body); err != nil {
		return c.problem(NoAnswer, reason(err), err)
	}
	return nil
}

// checkHolder makes sure that the listener is one of the process pid. Where the
// kernel shows no sockets there is nothing to compare.
func (c Client) checkHolder(pid int) error {
	table := c.table
	if table == nil {
		table = socketTable
	}
	rows, ok, err := table()
	switch {
	case err != nil:
		return c.problem(NoAnswer, "its process cannot be looked up: "+err.Error(), err)
	case !ok:
		return nil
	case pid == 0:
		return &Error{Kind: OtherProcess, Port: c.Port, Profile: c.Profile}
	}
	held, err := socketsOf(pid)
	if err != nil {
		return c.problem(NoAnswer, fmt.Sprintf("the sockets of the process %d cannot be looked up: %v", pid, err), err)
	}
	for _, inode := range listeners(rows, c.Port) {
		if slices.Contains(held, inode) {
			return nil
		}
	}
	return &Error{Kind: OtherProcess, Port: c.Port, Profile: c.Profile, PID: pid}
}
