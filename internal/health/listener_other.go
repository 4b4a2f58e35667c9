//go:build !linux

package health

// socketTable has no counterpart here: macOS tells the owner of a socket only
// through libproc, which needs cgo, or lsof, which takes up to seconds. What is
// left is the proof, which only an engine that knows the token can give.
func socketTable() (rows []tcpRow, ok bool, err error) { return nil, false, nil }

// listenerOf has none either.
func listenerOf(int) (row tcpRow, ok bool) { return tcpRow{}, false }

// socketsOf has no counterpart either; it is never asked without a table.
func socketsOf(int) ([]uint64, error) { return nil, nil }
