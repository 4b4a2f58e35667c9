package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/ringlet/ringlet/internal/gateway/h1"
)

// transport is the client side. One serves all configurations: connections
// belong to hosts, and those of a host that a reload removed end idle.
type transport struct {
	near *h1.Transport   // servers on this machine
	far  *http.Transport // everything else: TLS, HTTP/2, HTTP proxies
}

func newTransport() *transport {
	dial := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	return &transport{
		near: &h1.Transport{Dial: dial, HeaderTimeout: responseTimeout, MaxHeader: maxHeader, IdleTimeout: 90 * time.Second, MaxIdle: 64},
		far:  farTransport(dial),
	}
}

// RoundTrip sends a request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.near.Takes(req) && isLoopback(req.URL.Hostname()) {
		return t.near.RoundTrip(req)
	}
	return t.far.RoundTrip(req)
}

// isLoopback names the hosts that no HTTP proxy of the environment stands before.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// CloseIdleConnections closes the kept connections.
func (t *transport) CloseIdleConnections() {
	t.near.CloseIdleConnections()
	t.far.CloseIdleConnections()
}

func farTransport(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		// HTTPS_PROXY, HTTP_PROXY and NO_PROXY; loopback is always direct.
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  responseTimeout,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // Accept-Encoding is ours to set
		ForceAttemptHTTP2:      true,
		// A connection that died quietly must not swallow new requests.
		HTTP2:           &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		WriteBufferSize: 64 << 10,
		ReadBufferSize:  16 << 10,
	}
}

// transportFailure says in our own words why no answer came: errors of the
// transport can quote what the upstream sent.
func transportFailure(err error) *failure {
	f := &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankNoAnswer, result: "no-answer"}
	var (
		dns     *net.DNSError
		op      *net.OpError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		errno   syscall.Errno
		timeout interface{ Timeout() bool }
	)
	isTimeout := errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.As(err, &dns):
		f.reason = fmt.Sprintf("the name %s could not be resolved", dns.Name)
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		f.reason = "its TLS certificate is not valid"
	case errors.As(err, &op) && op.Op == "dial":
		f.reason = "it cannot be reached"
		if errors.As(err, &errno) {
			f.reason += ": " + errno.Error()
		} else if isTimeout {
			f.reason += ": the connection timed out"
		}
	case errors.As(err, &op) && op.Op == "proxyconnect":
		f.reason = "the HTTP proxy of the environment cannot be reached"
	case isTimeout, errors.Is(err, context.DeadlineExceeded):
		f.status, f.kind, f.result = http.StatusGatewayTimeout, timedOut, "timeout"
		f.reason = "it did not answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.reason = "it closed the connection without an answer"
	default:
		f.reason = "the request failed"
	}
	return f
}
