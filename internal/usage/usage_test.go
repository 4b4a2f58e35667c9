package usage

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func n(v int64) *int64 { return &v }

// at is a request of 1,000 tokens in, half of them cached, and 100 out.
func at(t time.Time, target string) Record {
	return Record{Time: t, Profile: "work", Path: "/v1/messages", Model: "claude-sonnet-4", Rule: "default", Target: target, Status: 200, Outcome: "ok",
		Input: n(400), CacheRead: n(500), CacheWrite: n(100), Output: n(100), FirstByte: n(20), Duration: 80}
}

// The names and the nulls are a promise to who reads the files.
func TestRecordIsStable(t *testing.T) {
	r := Record{Time: time.Date(2026, 11, 26, 10, 30, 0, 5e6, time.FixedZone("", 3600)), Profile: "work", Path: "/v1/messages", Model: "m<>&", Outcome: "refused", Status: 401}
	line, err := encode(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"2026-11-26T10:30:00.005+01:00","profile":"work","path":"/v1/messages","model":"m<>&","rule":"","target":"","tried":[],"status":401,"outcome":"refused",` +
		`"input_tokens":null,"output_tokens":null,"cache_read_tokens":null,"cache_write_tokens":null,"estimated_tokens":null,"cost_usd":null,"first_byte_ms":null,"duration_ms":0}` + "\n"
	if string(line) != want {
		t.Errorf("got  %swant %s", line, want)
	}
}

func TestCost(t *testing.T) {
	p := &Price{Input: 3, Output: 15, CacheRead: 0.3, CacheWrite: 3.75}
	full := at(time.Now(), "a/m")
	for name, tt := range map[string]struct {
		record Record
		price  *Price
		want   float64 // negative: unknown
	}{
		"all parts":            {full, p, (400*3 + 500*0.3 + 100*3.75 + 100*15) / 1e6},
		"no price":             {full, nil, -1},
		"no tokens":            {Record{}, p, -1},
		"some tokens":          {Record{Output: n(1_000_000)}, p, 15},
		"a free model is free": {full, &Price{}, 0},
	} {
		got := tt.record.Priced(tt.price).Cost
		switch {
		case tt.want < 0 && got != nil:
			t.Errorf("%s: %v, want it unknown", name, *got)
		case tt.want >= 0 && (got == nil || math.Abs(*got-tt.want) > 1e-12):
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if Tokens(-1) != nil || *Tokens(0) != 0 {
		t.Error("0 tokens are known, -1 are not")
	}
}

func readAll(t *testing.T, dir string, since time.Time) (records []Record, bad []*BadLine) {
	t.Helper()
	if err := Read(dir, since, func(r Record) { records = append(records, r) }, func(b *BadLine) { bad = append(bad, b) }); err != nil {
		t.Fatal(err)
	}
	return records, bad
}

func TestAppendAndRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "usage")
	l := NewLog(dir)
	defer l.Close()
	october := time.Date(2026, 10, 31, 23, 59, 59, 0, time.Local)
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local)
	for _, r := range []Record{at(october, "a/m"), at(november, "a/m"), at(november.Add(time.Hour), "b/m")} {
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	for path, mode := range map[string]os.FileMode{dir: os.ModeDir | 0o700, dir + "/2026-10.jsonl": 0o600, dir + "/2026-11.jsonl": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	all, bad := readAll(t, dir, time.Time{})
	if len(all) != 3 || len(bad) > 0 || !all[0].Time.Equal(october) || *all[0].Input != 400 || all[2].Target != "b/m" {
		t.Errorf("%+v, %v", all, bad)
	}
	if some, _ := readAll(t, dir, november.Add(time.Minute)); len(some) != 1 {
		t.Errorf("%d records since a time", len(some))
	}
	if none, _ := readAll(t, filepath.Join(dir, "nothing"), time.Time{}); none != nil {
		t.Errorf("%v", none)
	}
}

// The month of a request is that of the user's clock, whatever zone the record
// came in.
func TestMonthIsLocal(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("test", 3*3600)
	t.Cleanup(func() { time.Local = local })
	dir := t.TempDir()
	l := NewLog(dir)
	defer l.Close()
	if err := l.Append(at(time.Date(2026, 10, 31, 22, 0, 0, 0, time.UTC), "a/m")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "2026-11.jsonl")); err != nil {
		t.Error(err)
	}
}

// Lines that are none are named and left out; one that a full disk cut short
// does not spoil the next; one that is being written is left for the next time.
func TestBadLines(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "2026-11.jsonl")
	now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.Local)
	good, err := encode(at(now, "a/m"))
	if err != nil {
		t.Fatal(err)
	}
	text := "not json\n" + string(good) + "{}\n\n" + strings.Replace(string(good), `"input_tokens":400`, `"input_tokens":-4`, 1) +
		strings.Repeat("x", maxLine+1) + "\n" + string(good[:30])
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	records, bad := readAll(t, dir, time.Time{})
	var lines []int
	for _, b := range bad {
		lines = append(lines, b.Line)
		if !strings.HasPrefix(b.Error(), path+":") || b.Unwrap() == nil {
			t.Errorf("%v", b)
		}
	}
	if len(records) != 1 || !slices.Equal(lines, []int{1, 3, 5, 6}) {
		t.Errorf("%d records, bad lines %v", len(records), lines)
	}
	l := NewLog(dir)
	defer l.Close()
	if err := l.Append(at(now, "b/m")); err != nil {
		t.Fatal(err)
	}
	if records, bad := readAll(t, dir, time.Time{}); len(records) != 2 || len(bad) != 5 || records[1].Target != "b/m" {
		t.Errorf("after the torn line: %d records, %d bad", len(records), len(bad))
	}
}

func TestFilesThatAreNotTrusted(t *testing.T) {
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "x")
	now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.Local)
	if err := os.Symlink(elsewhere, filepath.Join(dir, "2026-11.jsonl")); err != nil {
		t.Fatal(err)
	}
	l := NewLog(dir)
	defer l.Close()
	if err := l.Append(at(now, "a/m")); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a link: %v", err)
	}
	if _, err := os.Lstat(elsewhere); err == nil {
		t.Error("the link was followed")
	}
	if err := Read(dir, time.Time{}, func(Record) {}, func(*BadLine) {}); err == nil {
		t.Error("a link was read")
	}
	linked := filepath.Join(t.TempDir(), "usage")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	if err := NewLog(linked).Append(at(now, "a/m")); err == nil {
		t.Error("a linked folder was written to")
	}
}

// A file that was moved away or deleted is made anew.
func TestMovedFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "2026-11.jsonl")
	l := NewLog(dir)
	defer l.Close()
	now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.Local)
	if err := l.Append(at(now, "a/m")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(at(now.Add(2*recheck), "b/m")); err != nil {
		t.Fatal(err)
	}
	if records, _ := readAll(t, dir, time.Time{}); len(records) != 1 || records[0].Target != "b/m" {
		t.Errorf("%+v", records)
	}
}

func TestSums(t *testing.T) {
	day := time.Date(2026, 11, 2, 12, 0, 0, 0, time.Local)
	price := &Price{Input: 1, Output: 1, CacheRead: 1, CacheWrite: 1}
	s := NewSums(ByTarget)
	for i := range 20 {
		r := at(day, "a/m").Priced(price)
		r.FirstByte = n(int64(i + 1))
		s.Add(r)
	}
	s.Add(at(day, "b/m"))
	failed := at(day, "b/m")
	failed.Outcome, failed.FirstByte, failed.Input, failed.Output, failed.CacheRead, failed.CacheWrite = "failed", n(5000), nil, nil, nil, nil
	s.Add(failed)
	left := failed
	left.Outcome, left.Status = "left", 499
	s.Add(left)
	refused := Record{Time: day, Path: "/v1/messages", Outcome: "refused", Status: 401}
	s.Add(refused)
	counted := at(day, "a/m")
	counted.Path = "/v1/messages/count_tokens"
	s.Add(counted)
	g := s.Groups()
	if len(g) != 3 || g[0].Key != "a/m" || g[1].Key != "b/m" || g[2].Key != "" {
		t.Fatalf("%+v", g)
	}
	if median, p95, ok := g[0].FirstByte(); median != 10 || p95 != 19 || !ok {
		t.Errorf("median %d, p95 %d", median, p95)
	}
	if a := g[0]; a.Requests != 20 || a.In() != 20_000 || a.Output != 2000 || math.Abs(a.Cost-20*1100/1e6) > 1e-9 || a.Priced != 20 || a.Unpriced != 0 {
		t.Errorf("%+v", a)
	}
	if b := g[1]; b.Requests != 3 || b.Failed != 1 || b.Unpriced != 1 || b.Priced != 0 {
		t.Errorf("%+v", b)
	}
	if s.Total.Requests != 24 || s.Total.Failed != 2 || !slices.Equal(s.Unpriced(), []string{"b/m"}) {
		t.Errorf("%+v, %v", s.Total, s.Unpriced())
	}
	if _, _, ok := g[2].FirstByte(); ok {
		t.Error("a refused request has a time to the first byte")
	}
	for by, want := range map[By]string{ByProfile: "work", ByModel: "claude-sonnet-4", ByRule: "default", ByDay: "2026-11-02"} {
		s := NewSums(by)
		s.Add(at(day, "a/m"))
		if got := s.Groups()[0].Key; got != want {
			t.Errorf("by %s: %q", by, got)
		}
	}
}

func TestDaysAreInOrder(t *testing.T) {
	s := NewSums(ByDay)
	for _, d := range []int{3, 1, 2, 2} {
		s.Add(at(time.Date(2026, 11, d, 12, 0, 0, 0, time.Local), "a/m"))
	}
	var days []string
	for _, g := range s.Groups() {
		days = append(days, g.Key)
	}
	if !slices.Equal(days, []string{"2026-11-01", "2026-11-02", "2026-11-03"}) {
		t.Errorf("%v", days)
	}
}

func TestGenerates(t *testing.T) {
	for path, want := range map[string]bool{"/v1/messages": true, "/messages": true, "/v1/chat/completions": true, "/chat/completions": true, "/v1/responses": true, "/responses": true,
		"/v1/messages/count_tokens": false, "/v1/models": false, "/health": false, "": false, "/v1": false} {
		if got := (Record{Path: path}).Generates(); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

func TestParseSince(t *testing.T) {
	zone := time.FixedZone("x", -5*3600)
	now := time.Date(2026, 11, 26, 15, 30, 0, 0, zone)
	for in, want := range map[string]string{"1d": "2026-11-26T00:00:00-05:00", "7d": "2026-11-20T00:00:00-05:00", "30d": "2026-10-28T00:00:00-05:00",
		"12h": "2026-11-26T03:30:00-05:00", "2026-11-01": "2026-11-01T00:00:00-05:00", "2026-10": "2026-10-01T00:00:00-05:00"} {
		if got, err := ParseSince(in, now); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "0d", "7", "-7d", "7w", "2026-13-01", "2026-11-27", "yesterday", "999999d"} {
		if got, err := ParseSince(in, now); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
	if _, err := ParseBy("colour"); err == nil {
		t.Error("a group that is none was taken")
	}
}

// What one engine tells another's reader adds up to the same.
func TestAnalytics(t *testing.T) {
	price := &Price{Input: 2, Output: 2, CacheRead: 2, CacheWrite: 2}
	a, want := NewAnalyst(), NewSums(ByTarget)
	for _, d := range []int{1, 2} {
		day := time.Date(2026, 11, d, 12, 0, 0, 0, time.Local)
		failed := at(day, "a/m")
		failed.Status, failed.Outcome, failed.Input, failed.Output, failed.CacheRead, failed.CacheWrite = 500, "failed", nil, nil, nil, nil
		for _, r := range []Record{at(day, "a/m").Priced(price), at(day, "b/m"), failed, {Time: day, Path: "/health", Outcome: "ok"}} {
			a.Add(r)
			want.Add(r)
		}
	}
	text, err := json.Marshal(a.Analytics())
	if err != nil {
		t.Fatal(err)
	}
	var told Analytics
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	if len(told.Results) != 2 || told.Results[0].Date != "2026-11-02" || len(told.Results[0].Breakdown.Models) != 2 {
		t.Fatalf("%s", text)
	}
	m := told.Metadata
	if m.APIRequests != 6 || m.FailedRequests != 2 || m.SuccessfulRequests != 4 || m.UnpricedRequests != 2 || m.PromptTokens != 4000 || m.TotalTokens != 4400 ||
		m.Spend == nil || math.Abs(*m.Spend-2*1100*2/1e6) > 1e-9 {
		t.Errorf("%+v", m)
	}
	if b := told.Results[0].Breakdown.Models["b/m"].Metrics; b.Spend != nil || b.APIRequests != 1 {
		t.Errorf("an unknown price has a cost: %+v", b)
	}
	got := NewSums(ByTarget)
	got.AddAnalytics("work", told, time.Time{})
	for i, g := range got.Groups() {
		w := want.Groups()[i]
		if g.Key != w.Key || g.Requests != w.Requests || g.Failed != w.Failed || g.In() != w.In() || g.CacheRead != w.CacheRead || g.Output != w.Output ||
			math.Abs(g.Cost-w.Cost) > 1e-9 || g.Unpriced != w.Unpriced {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
	if !slices.Equal(got.Unpriced(), []string{"b/m"}) {
		t.Errorf("%v", got.Unpriced())
	}
	later := NewSums(ByDay)
	later.AddAnalytics("work", told, time.Date(2026, 11, 2, 0, 0, 0, 0, time.Local))
	if g := later.Groups(); len(g) != 1 || g[0].Key != "2026-11-02" || g[0].Requests != 3 {
		t.Errorf("%+v", g)
	}
}

func FuzzParse(f *testing.F) {
	good, err := encode(at(time.Now(), "a/m"))
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(good), "{}", "null", "[]", `{"time":"2026-11-26T10:30:00Z","outcome":"ok","input_tokens":9223372036854775807}`, `{"cost_usd":1e400}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parse(line)
		if err != nil {
			return
		}
		s := NewSums(ByTarget)
		s.Add(r)
		if again, err := encode(r); err == nil {
			if _, err := parse(again); err != nil {
				t.Errorf("%s is read and its copy is not: %v", line, err)
			}
		}
	})
}

// Two engines may append while a third process reads: no line is torn, none lost.
func TestConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.Local)
	const writers, each = 4, 200
	var tasks sync.WaitGroup
	for range writers {
		tasks.Go(func() {
			l := NewLog(dir)
			defer l.Close()
			for range each {
				if err := l.Append(at(now, "a/m")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { tasks.Wait(); close(written) }()
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		if _, bad := readAll(t, dir, time.Time{}); len(bad) > 0 {
			t.Fatal(bad[0])
		}
	}
	if records, _ := readAll(t, dir, time.Time{}); len(records) != writers*each {
		t.Errorf("%d records, want %d", len(records), writers*each)
	}
}
