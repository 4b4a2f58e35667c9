package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	spend "github.com/ringlet/ringlet/internal/usage"
	"github.com/ringlet/ringlet/routes"
)

// recorder writes records and events to the journal and to proxy.log, in a
// goroutine of its own: the end of an answer must not wait for a disk.
type recorder struct {
	journal JournalFunc
	stderr  io.Writer
	log     *proxyLog
	usage   *spend.Log
	gather  time.Duration // how long more records are waited for
	queue   chan *entry
	quit    chan struct{} // closed to end; queue never is, a late request may still write to it
	done    chan struct{}
	dropped atomic.Int64               // entries that found the queue full
	bounds  atomic.Pointer[routes.Log] // of proxy.log, as the configuration has them

	// Used by run alone.
	last *entry       // the newest line of the next write
	text bytes.Buffer // for stderr

	logFailing, journalFailing, usageFailing bool // it was reported
}

type entry struct {
	at       time.Time
	priority int
	message  string
	line     string // for proxy.log
	fields   map[string]string

	rec   *record // a request: all else is made of it when it is written
	price *spend.Price
}

// queueLength bounds what waits to be written; a disk that hangs costs records,
// not requests.
const queueLength = 4096

func newRecorder(o Options) *recorder {
	r := &recorder{journal: o.Journal, stderr: o.Stderr, log: newProxyLog(o.ConfigPath),
		usage: spend.NewLog(spend.Dir(filepath.Dir(o.ConfigPath))), queue: make(chan *entry, queueLength), quit: make(chan struct{}), done: make(chan struct{})}
	if !o.testing {
		r.gather = gatherFor
	}
	go r.run()
	return r
}

// bound sets the bounds of proxy.log; nil are the default ones.
func (r *recorder) bound(to *routes.Log) {
	if to == nil {
		d := routes.DefaultLog()
		to = &d
	}
	r.bounds.Store(to)
}

// request records an answered request, whose target's tokens cost price, or
// nobody knows what.
func (r *recorder) request(rec *record, price *spend.Price) {
	copied := *rec
	r.put(&entry{at: time.Now(), rec: &copied, price: price})
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
	r.put(&entry{at: time.Now(), priority: priority, message: message, line: b.String(), fields: fields})
}

func (r *recorder) put(e *entry) {
	select {
	case r.queue <- e:
	default:
		r.dropped.Add(1)
	}
}

// gatherFor is how long more records are waited for after some were written. Under
// load the writer so wakes a hundred times a second, not for each request, and
// writes many lines at once.
const gatherFor = 10 * time.Millisecond

func (r *recorder) run() {
	defer close(r.done)
	defer r.log.close()
	defer r.usage.Close()
	pause := time.NewTimer(r.gather)
	defer pause.Stop()
	for {
		select {
		case e := <-r.queue:
			r.write(e)
			r.flush()
		case <-r.quit:
			r.flush()
			r.reportDropped()
			r.flush()
			return
		}
		pause.Reset(r.gather)
		select {
		case <-pause.C:
		case <-r.quit: // the loop sees it again
		}
		r.reportDropped()
		r.flush()
	}
}

// flush writes what is queued.
func (r *recorder) flush() {
	for more := true; more; {
		select {
		case e := <-r.queue:
			r.write(e)
		default:
			more = false
		}
	}
	if r.last != nil {
		var err error
		if b := r.bounds.Load(); b != nil {
			err = r.log.bound(*b)
		}
		r.report(&r.logFailing, "proxy.log", errors.Join(err, r.log.flush(r.last.at)), r.last)
		r.last = nil
	}
	if r.text.Len() > 0 {
		_, _ = r.stderr.Write(r.text.Bytes()) // there is nowhere left to say that this failed
		r.text.Reset()
	}
}

func (r *recorder) reportDropped() {
	if n := r.dropped.Swap(0); n > 0 {
		r.write(&entry{at: time.Now(), priority: priWarning, message: fmt.Sprintf("%d log records were lost: the log could not be written fast enough", n),
			line: fmt.Sprintf("level=warning msg=\"%d records lost\"", n)})
	}
}

func (r *recorder) write(e *entry) {
	if e.rec != nil {
		e.priority, e.message, e.line = e.rec.priority(), e.rec.message(), e.rec.line()
		if r.journal != nil {
			e.fields = e.rec.fields()
		}
		// First: who sees the request in the journal finds its usage.
		r.report(&r.usageFailing, "the usage file", r.usage.Append(*e.rec.spent(e.price)), e)
	}
	r.toJournal(e)
	r.log.add(e.at, e.line)
	r.last = e
}

// report says of a file that it cannot be written, and when it can again: a full
// disk is said once, not once per request.
func (r *recorder) report(failing *bool, file string, err error, e *entry) {
	if err != nil && !*failing {
		r.toJournal(&entry{at: e.at, priority: priError, message: fmt.Sprintf("%s cannot be written: %v; requests are served on", file, err), fields: e.about(file)})
	} else if err == nil && *failing {
		r.toJournal(&entry{at: e.at, priority: priNotice, message: file + " can be written again", fields: e.about(file)})
	}
	*failing = err != nil
}

// about are the fields of an event about a file that cannot be written, or can be
// again. RINGLET_UNWRITTEN tells it from what stands in that file as well.
func (e *entry) about(file string) map[string]string {
	return map[string]string{"RINGLET_PROFILE": e.fields["RINGLET_PROFILE"], "RINGLET_UNWRITTEN": file}
}

func (r *recorder) toJournal(e *entry) {
	if r.journal == nil {
		r.text.WriteString(e.message + "\n")
		if stack := e.fields["RINGLET_STACK"]; stack != "" {
			r.text.WriteString(stack + "\n")
		}
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
