//go:build !ringlet_faults

package gateway

// faults are bugs on demand, for the tests of supervision; a build without the
// tag ringlet_faults has none.
type faults struct{}

func (*faults) gate() {}

func (*faults) serve(*exchange) bool { return false }
