// Package baseurl is the one rule about where a provider may be reached: by
// https, or by plain http on this machine; and what part of a URL a key is
// bound to, its origin.
package baseurl

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Check accepts https URLs, and http ones to loopback: a key must not cross a
// network in the clear. A base URL that Check accepts has an origin.
func Check(base string) error {
	_, err := parse(base)
	return err
}

// Origin is what a key entered for base may be sent to: "scheme://host", with
// ":port" where it is not the scheme's own; lower case.
func Origin(base string) (string, error) {
	u, err := parse(base)
	if err != nil {
		return "", err
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && (u.Scheme != "https" || port != "443") && (u.Scheme != "http" || port != "80") {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

func parse(base string) (*url.URL, error) {
	for _, r := range base {
		if r <= ' ' || r > '~' {
			return nil, fmt.Errorf("base URL %q holds a character that a URL cannot", base)
		}
	}
	u, err := url.Parse(base)
	if err != nil {
		// The parser's own error would repeat the URL, and with it a password.
		return nil, fmt.Errorf("base URL does not parse: %w", unquoted(err))
	}
	switch {
	case u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("base URL %q must start with https:// and name a host", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("base URL %q must not hold credentials, a query or a fragment", u.Redacted())
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("base URL %q is plain http to another machine; use https", base)
	}
	return u, nil
}

func unquoted(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
