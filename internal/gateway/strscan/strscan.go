// Package strscan finds the ends of JSON strings. An agent's requests are mostly long
// strings of code, with an escape every few bytes: each is a branch that a processor
// cannot foresee, so that going from one to the next takes longer than all else that
// is done with a large body. Where the processor has AVX2, 32 bytes are looked at
// together, without a branch for what is usual.
//
// The way to tell which bytes are escaped, and the way to look a set of bytes up by
// their two halves, are those of simdjson: Langdale and Lemire, Parsing Gigabytes of
// JSON per Second, 2019, https://arxiv.org/abs/1902.08318.
package strscan

// Step is how many bytes are looked at together; with fewer, Skip does nothing.
const Step = 32
