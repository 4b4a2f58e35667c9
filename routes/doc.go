// Package routes decides which upstream model answers a request.
//
// It is pure: no clock, no disk, no network. The vocabulary, from the bottom:
//
//   - a [Target] is "provider/model": where a request can go;
//   - a [Condition] is an expression over [Request], the facts about one request
//     ("tokens > 100000 and not subagent");
//   - a [Rule] sends requests whose condition holds to a target, with a priority;
//   - an alias gives another target to a requested model's name;
//   - a [Strategy] says which target comes first, and what happens when it fails;
//   - [Inputs] are what a strategy goes by: the conversation, prices, what was seen;
//   - a [Table] is all of that compiled; [Table.Decide] answers with targets in order,
//     each with its reason;
//   - a [Config] is the config.yaml that carries it to the engine.
//
// Start with [Compile] and [Table.Decide].
package routes
