// Package usage is what a proxy remembers of its requests, beyond its log: one
// [Record] for each, appended to a file per month ([Log]), read back ([Read])
// and added up ([Sums]); what tokens cost ([Price]); and the form in which
// engines tell their sums over HTTP ([Analytics]).
//
// The files are ~/.<agent>-profiles/<alias>/.ultrallm/usage/2026-11.jsonl, a
// JSON object per line. Their fields are stable: new ones may follow, none is
// renamed or changes its unit.
//
// It knows neither profiles nor the gateway: the engine writes with it, the
// command reads with it.
package usage
