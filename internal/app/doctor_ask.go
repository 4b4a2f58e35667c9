package app

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/ringlet/ringlet/internal/doctor"
)

// asker sends requests without a key.
type asker struct{ client *http.Client }

func newAsker() asker {
	return asker{&http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		// A redirect is an answer; where it leads is not asked.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Ask implements [doctor.Asker].
func (a asker) Ask(ctx context.Context, target string) (doctor.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return doctor.Answer{}, err
	}
	req.Header.Set("User-Agent", "ringlet/"+Version())
	start := time.Now()
	resp, err := a.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address is in the sentence already
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer in time")
		}
		return doctor.Answer{At: time.Now()}, err
	}
	defer resp.Body.Close()
	answer := doctor.Answer{Status: resp.StatusCode, At: time.Now()}
	answer.Took = answer.At.Sub(start)
	// RFC 9110, 6.6.1. One that cannot be read is as good as none.
	answer.Date, _ = http.ParseTime(resp.Header.Get("Date"))
	return answer, nil
}

// readable is why a file or folder cannot be opened.
func readable(path string) error {
	f, err := os.Open(path)
	if err == nil {
		_ = f.Close()
	}
	return err
}
