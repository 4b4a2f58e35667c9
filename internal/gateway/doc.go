// Package gateway is the built-in engine: one profile's local proxy. It takes
// requests in three wire formats on loopback, decides by package routes which
// upstream model answers each, and passes bytes both ways untouched but for the
// model's name and the credentials.
//
// A request's walk, one file per step:
//
//	checks.go    Host, Origin, method, token, content type
//	body.go      the body is read once, under a budget that all requests share
//	inspect.go   one scan finds what conditions ask about, and where the model's name stands
//	lane.go      the wire format of the request's path: what events mean, how errors look
//	forward.go   the candidates of routes.Table.Decide, one after the other
//	attempt.go   one candidate: model and credentials swapped, sent, the answer judged
//	translate.go where the target speaks another format: package wire, both ways
//	stream.go    an event stream: held until its first content, then passed on event by event
//	whole.go     an answer in one piece
//	keepalive.go what a client hears while nothing comes
//	count.go     the tokens of a prompt, counted by a target or estimated
//	record.go    one record per request, to the journal and to proxy.log
//
// Around it: [Run] (run.go) with reload.go, drain.go and watchdog.go, and
// health.go, which answers /health.
//
// What goes to the client comes from one target only. As long as no content of
// an answer has been passed on, a failed target is followed by the next
// candidate; what came before the first content is held back and dropped with
// the target that sent it. After content there is no second try: an upstream
// that dies leaves an error event and an aborted connection.
//
// Two things of a request are not kept: the casing of header names (HTTP says
// that it means nothing, and HTTP/2 has none) and the order of the headers.
//
// The package knows nothing of systemd: readiness, the watchdog and the journal
// come in through [Options].
package gateway
