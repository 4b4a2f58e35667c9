package health

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// wire is a connection and what was read ahead of it.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

// get asks /health once. Any answer that is not a report is NotRinglet.
func (c Client) get(w *wire, query, token string) (Report, error) {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/health%s", c.Port, query), nil)
	if err != nil {
		return Report{}, err
	}
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set(tokenHeader, token)
	}
	if err := req.Write(w.conn); err != nil {
		return Report{}, c.problem(NoAnswer, reason(err), err)
	}
	resp, err := http.ReadResponse(w.in, req)
	if err != nil {
		if gone(err) {
			return Report{}, c.problem(NoAnswer, reason(err), err)
		}
		return Report{}, c.problem(NotRinglet, "it does not speak HTTP", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReport+1))
	switch {
	case err != nil:
		return Report{}, c.problem(NoAnswer, reason(err), err)
	case len(body) > maxReport:
		return Report{}, c.problem(NotRinglet, "its answer has no end", nil)
	case resp.StatusCode == http.StatusUnauthorized && token != "":
		return Report{}, c.problem(BadProof, "", nil)
	case resp.StatusCode != http.StatusOK:
		return Report{}, c.problem(NotRinglet, "GET /health answers "+resp.Status, nil)
	}
	var r Report
	if err := json.Unmarshal(body, &r); err != nil || r.Profile == "" || r.Status == "" {
		return Report{}, c.problem(NotRinglet, "GET /health answers something else", err)
	}
	return r, nil
}

// gone reports whether err is a connection that ended, rather than an answer
// that makes no sense.
func gone(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// reason is a network error in words, without the addresses that net adds.
func reason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded):
		return "timed out"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "it closed the connection"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err.Error()
}
