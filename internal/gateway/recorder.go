package gateway

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	spend "github.com/ringlet/ringlet/internal/usage"
)

// recorder writes records and events to the journal and to proxy.log, in a
// goroutine of its own: the end of an answer must not wait for a disk.
type recorder struct {
	journal JournalFunc
	stderr  io.Writer
	log     *proxyLog
	usage   *spend.Log
	queue   chan entry
	quit    chan struct{} // closed to end; queue never is, a late request may still write to it
	done    chan struct{}
	dropped atomic.Int64 // entries that found the queue full

	logFailing, journalFailing, usageFailing bool // it was reported; used by run alone
}

type entry struct {
	at       time.Time
	priority int
	message  string
	line     string // for proxy.log
	fields   map[string]string
	used     *spend.Record // nil where it is no request
}

// queueLength bounds what waits to be written; a disk that hangs costs records,
// not requests.
const queueLength = 4096

func newRecorder(o Options) *recorder {
	r := &recorder{journal: o.Journal, stderr: o.Stderr, log: newProxyLog(o.ConfigPath),
		usage: spend.NewLog(spend.Dir(filepath.Dir(o.ConfigPath))), queue: make(chan entry, queueLength), quit: make(chan struct{}), done: make(chan struct{})}
	go r.run()
	return r
}

// request records an answered request, whose target's tokens cost price, or
// nobody knows what.
func (r *recorder) request(rec *record, price *spend.Price) {
	fields := rec.fields()
	r.put(entry{time.Now(), rec.priority(), rec.message(), rec.line(fields), fields, rec.spent(price)})
}

// event records something about the engine itself. extra are names and values of
// journal fields.
func (r *recorder) event(priority int, profile, message string, extra ...string) {
	fields := map[string]string{"RINGLET_PROFILE": profile}
	for i := 0; i+1 < len(extra); i += 2 {
		fields[extra[i]] = extra[i+1]
	}
	level := map[int]string{priError: "error", priWarning: "warning"}[priority]
	if level == "" {
		level = "info"
	}
	var b strings.Builder
	pair(&b, "level", level)
	pair(&b, "msg", message)
	r.put(entry{time.Now(), priority, message, b.String(), fields, nil})
}

func (r *recorder) put(e entry) {
	select {
	case r.queue <- e:
	default:
		r.dropped.Add(1)
	}
}

func (r *recorder) run() {
	defer close(r.done)
	defer r.log.close()
	defer r.usage.Close()
	for {
		select {
		case e := <-r.queue:
			r.write(e)
			r.reportDropped()
		case <-r.quit:
			for len(r.queue) > 0 {
				r.write(<-r.queue)
			}
			return
		}
	}
}

func (r *recorder) reportDropped() {
	if n := r.dropped.Swap(0); n > 0 {
		r.write(entry{time.Now(), priWarning, fmt.Sprintf("%d log records were lost: the log could not be written fast enough", n), fmt.Sprintf("level=warning msg=\"%d records lost\"", n), nil, nil})
	}
}

func (r *recorder) write(e entry) {
	r.toJournal(e)
	r.report(&r.logFailing, "proxy.log", r.log.write(e.at, e.line), e)
	if e.used != nil {
		r.report(&r.usageFailing, "the usage file", r.usage.Append(*e.used), e)
	}
}

// report says of a file that it cannot be written, and when it can again: a full
// disk is said once, not once per request.
func (r *recorder) report(failing *bool, file string, err error, e entry) {
	if err != nil && !*failing {
		r.toJournal(entry{e.at, priError, fmt.Sprintf("%s cannot be written: %v; requests are served on", file, err), "", e.fieldsOfProfile(), nil})
	} else if err == nil && *failing {
		r.toJournal(entry{e.at, priNotice, file + " can be written again", "", e.fieldsOfProfile(), nil})
	}
	*failing = err != nil
}

func (e entry) fieldsOfProfile() map[string]string {
	return map[string]string{"RINGLET_PROFILE": e.fields["RINGLET_PROFILE"]}
}

func (r *recorder) toJournal(e entry) {
	if r.journal == nil {
		text := e.message
		if stack := e.fields["RINGLET_STACK"]; stack != "" {
			text += "\n" + stack
		}
		_, _ = fmt.Fprintln(r.stderr, text) // there is nowhere left to say that this failed
		return
	}
	err := r.journal(e.message, e.priority, e.fields)
	if err != nil && !r.journalFailing {
		_, _ = fmt.Fprintf(r.stderr, "the journal cannot be written: %v\n", err)
	}
	r.journalFailing = err != nil
}

// close writes what is queued, for at most two seconds: a disk that hangs must
// not keep the engine from ending.
func (r *recorder) close() {
	close(r.quit)
	select {
	case <-r.done:
	case <-time.After(2 * time.Second):
	}
}
