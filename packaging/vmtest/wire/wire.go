// Package wire is what the tests outside a virtual machine and the agent in it say
// to each other: JSON objects, a line each, requests in and answers out.
package wire

// Request asks for a command to be run in the machine.
type Request struct {
	ID      int      `json:"id"`   // chosen by who asks; every answer has it
	User    string   `json:"user"` // whose command it is: root, tester, mallory
	Dir     string   `json:"dir"`  // where it runs; empty is the user's home
	Env     []string `json:"env"`  // NAME=value, besides a clean environment
	Stdin   string   `json:"stdin"`
	Command []string `json:"command"`
}

// Answer is a piece of a command's output or its end, or, with Boot, what the
// agent says first after a boot.
type Answer struct {
	ID     int    `json:"id"`
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
	Exit   *int   `json:"exit,omitempty"` // the exit code; -1 when a signal ended it
	Boot   string `json:"boot,omitempty"` // the kernel's boot_id
}

// Summary is what the client in the machine prints at its end.
type Summary struct {
	Outcomes  map[string]int `json:"outcomes"`   // by status, "200", or one of the words below
	SlowestMS int64          `json:"slowest_ms"` // the slowest answer, in milliseconds
	OutageMS  int64          `json:"outage_ms"`  // the longest time without an answer of 200, in milliseconds
}

// What came instead of a status.
const (
	Refused = "connection refused"
	Broken  = "connection broken"
	Late    = "no answer within a minute"
)
