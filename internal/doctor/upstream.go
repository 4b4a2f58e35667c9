package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Answer is what a host said to a request without a key.
type Answer struct {
	Status int
	Took   time.Duration
	Date   time.Time // its clock, by the Date header; zero where it sent none
	At     time.Time // ours, when the answer or the error came
}

// Asker sends one request without a key; whatever status comes back is an answer.
type Asker interface {
	Ask(ctx context.Context, url string) (Answer, error)
}

// Probe asks each host once, whoever wants to know.
type Probe struct {
	Bases []Base
	By    Asker

	once    sync.Once
	answers []hostAnswer
}

type hostAnswer struct {
	origin    string
	providers []string
	answer    Answer
	err       error
}

// probeTimeout bounds one request.
const probeTimeout = 5 * time.Second

func (p *Probe) all(ctx context.Context) []hostAnswer {
	p.once.Do(func() {
		for _, b := range p.Bases {
			u, err := url.Parse(b.URL)
			if err != nil || u.Host == "" {
				continue
			}
			origin := u.Scheme + "://" + u.Host
			i := slices.IndexFunc(p.answers, func(h hostAnswer) bool { return h.origin == origin })
			if i < 0 {
				i = len(p.answers)
				p.answers = append(p.answers, hostAnswer{origin: origin})
			}
			if h := &p.answers[i]; !slices.Contains(h.providers, b.Provider) {
				h.providers = append(h.providers, b.Provider)
			}
		}
		var wait sync.WaitGroup
		places := make(chan struct{}, atOnce)
		for i := range p.answers {
			wait.Go(func() {
				places <- struct{}{}
				defer func() { <-places }()
				ctx, cancel := context.WithTimeout(ctx, probeTimeout)
				defer cancel()
				h := &p.answers[i]
				h.answer, h.err = p.By.Ask(ctx, h.origin+"/")
			})
		}
		wait.Wait()
	})
	return p.answers
}

// Upstream is about the hosts that profiles send to.
type Upstream struct{ Probe *Probe }

// Name implements [Check].
func (Upstream) Name() string { return "upstream" }

// Run implements [Check].
func (u Upstream) Run(ctx context.Context) []Finding {
	var out []Finding
	for _, h := range u.Probe.all(ctx) {
		used := strings.Join(h.providers, ", ")
		try := "ringlet providers test " + h.providers[0]
		switch {
		case h.err != nil:
			out = append(out, failure("", reach(h.err)+": ringlet providers inspect "+h.providers[0], "%s (%s) cannot be reached: %v", h.origin, used, h.err))
		case h.answer.Status >= 500:
			out = append(out, warning("", "wait, then: "+try, "%s (%s) has trouble of its own: HTTP %d", h.origin, used, h.answer.Status))
		default:
			out = append(out, ok("", "%s (%s) answers: HTTP %d after %d ms", h.origin, used, h.answer.Status, h.answer.Took.Milliseconds()))
		}
	}
	return out
}

// reach says what to look at when a host cannot be reached.
func reach(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		dns       *net.DNSError
	)
	switch {
	case errors.As(err, &authority):
		return "where a proxy on the way looks into TLS, have SSL_CERT_FILE name its certificate, and the service too: ringlet proxy environment <alias> --record; or check the address"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "check the clock: timedatectl; or check the address"
	case errors.As(err, &host):
		return "it may be a page to log in to this network; or check the address"
	case errors.As(err, &record):
		return "it speaks no TLS there, which https:// asks for; check the address"
	case errors.As(err, &dns):
		return "check the network, its name server and the address"
	}
	return "check the network, HTTPS_PROXY and the address"
}

// Clock is about this machine's clock.
type Clock struct{ Probe *Probe }

// How far a clock may be off: cloud signatures are refused after five minutes
// (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv4.html), and a
// certificate long after that; a Date header is exact to the second.
const (
	clockWarns = 30 * time.Second
	clockFails = 5 * time.Minute
)

const setClock = "sudo timedatectl set-ntp true"

// Name implements [Check].
func (Clock) Name() string { return "clock" }

// Run implements [Check].
func (c Clock) Run(ctx context.Context) []Finding {
	best, found := time.Duration(0), false
	var early []Finding
	for _, h := range c.Probe.all(ctx) {
		// Without TLS there is no answer; but a certificate says since when it is valid.
		var invalid x509.CertificateInvalidError
		if errors.As(h.err, &invalid) && invalid.Reason == x509.Expired && h.answer.At.Before(invalid.Cert.NotBefore) {
			early = []Finding{failure("", setClock, "this machine's clock says %s, and the certificate of %s is valid from %s on",
				h.answer.At.UTC().Format(time.DateTime), h.origin, invalid.Cert.NotBefore.UTC().Format(time.DateTime))}
		}
		if h.err != nil || h.answer.Date.IsZero() {
			continue
		}
		// The host whose clock is nearest: a cache on the way can answer with an old date.
		if off := h.answer.At.Sub(h.answer.Date); !found || off.Abs() < best.Abs() {
			best, found = off, true
		}
	}
	if !found {
		return early
	}
	which := "ahead"
	if best < 0 {
		which = "behind"
	}
	switch off := best.Abs().Round(time.Second); {
	case off >= clockFails:
		return []Finding{failure("", setClock, "this machine's clock is %v %s", off, which)}
	case off >= clockWarns:
		return []Finding{warning("", setClock, "this machine's clock is %v %s", off, which)}
	}
	return []Finding{ok("", "this machine's clock is right")}
}
