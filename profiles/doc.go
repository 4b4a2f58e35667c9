// Package profiles keeps the profiles: one JSON file each, the one source of
// truth, from which the engine's config.yaml is generated.
//
// [Open] a [Store]; [Store.Create], [Store.Update] and [Store.Delete] change
// profiles under one lock, so that two commands at once never lose an edit.
// Update validates everything before it writes anything: the routing table is
// compiled, each provider resolved. Then the profile is written, then its
// config.yaml. A crash between the two leaves the profile's seq ahead of the
// file's, which [Store.EnsureConfig] finds and mends.
//
// A profile's proxy needs a port ([Store.Assign]) and a local token. An enabled
// profile gets both, and its config.yaml, when it is updated; [Store.Release]
// gives them back.
//
// A file that cannot be parsed is reported with its path, line and column. It
// is never replaced by defaults, never skipped in a listing, never overwritten.
package profiles
