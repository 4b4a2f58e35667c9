package wire

import "testing"

// eventOrder holds the events of a decoder to the order that event.go promises.
type eventOrder struct {
	t                    testing.TB
	started, open, ended bool
	next                 int
}

func (o *eventOrder) see(e *Event) {
	o.t.Helper()
	wrong := func(what string) {
		o.t.Helper()
		o.t.Errorf("%s: %+v", what, *e)
	}
	if o.ended {
		wrong("an event after the end")
	}
	if !o.started && e.Kind != Start && e.Kind != Failure {
		wrong("an event before the start")
	}
	switch e.Kind {
	case Start:
		if o.started {
			wrong("a second start")
		}
		o.started = true
	case PartStart:
		if o.open || e.Index != o.next || e.Part == nil || e.Part.Kind == ToolCall && e.Part.Call == nil {
			wrong("a part begins wrongly")
		}
		o.open = true
	case PartDelta, PartSign:
		if !o.open || e.Index != o.next {
			wrong("a piece of no part")
		}
	case PartEnd:
		if !o.open || e.Index != o.next {
			wrong("an end of no part")
		}
		o.open = false
		o.next++
	case UsageReport:
	case Finish:
		if o.open || e.Stop.Reason == "" {
			wrong("a wrong finish")
		}
		o.ended = true
	case Failure:
		if e.Err == nil {
			wrong("a failure without an error")
		}
		o.ended = true
	default:
		wrong("an event of no kind")
	}
}
