package gateway

import (
	"net/http"
	"net/textproto"
	"strings"
)

// Headers that belong to one connection, not to the message: RFC 9110, section 7.6.1.
var hopByHop = []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// requestHeaders are the client's headers as the upstream gets them: all of
// them, as they came, but for those of the connection, the credentials, and
// those that this hop sets itself. set are the provider's own.
func requestHeaders(in http.Header, set map[string]string) http.Header {
	out := make(http.Header, len(in)+4)
	for name, values := range in {
		if !dropRequestHeader(name) {
			out[name] = values
		}
	}
	dropNamed(out, in["Connection"])
	for _, name := range hopByHop {
		out.Del(name)
	}
	// The tap reads the answer, so it must come as it is.
	out.Set("Accept-Encoding", "identity")
	dropLogin(out)
	if out.Get("User-Agent") == "" {
		out["User-Agent"] = []string{""} // or the transport would name Go
	}
	for name, value := range set {
		out.Set(name, value)
	}
	return out
}

func dropRequestHeader(name string) bool {
	switch name {
	case "Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Cookie", "Chatgpt-Account-Id", "Host", "Content-Length", "Expect":
		return true
	}
	return strings.HasPrefix(name, "X-Ringlet-") || strings.HasPrefix(name, "Proxy-")
}

// responseHeaders copies an upstream's headers to the client: all but those of
// the connection and those that would speak to a browser about the upstream's
// site as if it were this one.
func responseHeaders(dst, in http.Header) {
	for name, values := range in {
		switch name {
		case "Set-Cookie", "Alt-Svc", "Strict-Transport-Security", "Clear-Site-Data", "Nel", "Report-To", "Content-Length", "Date":
			continue
		}
		if strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, "Access-Control-") || strings.HasPrefix(name, "X-Ringlet-") {
			continue
		}
		dst[name] = values
	}
	dropNamed(dst, in["Connection"])
	for _, name := range hopByHop {
		dst.Del(name)
	}
}

// dropNamed removes the headers that a Connection header lists.
func dropNamed(h http.Header, connection []string) {
	for _, list := range connection {
		for name := range strings.SplitSeq(list, ",") {
			h.Del(textproto.TrimString(name))
		}
	}
}
