// Package providers is the catalogue: where models are served, how their
// providers are asked, what they cost.
//
// It is put together from three sources, the later ones correcting the earlier:
// the provider data in charm.land/catwalk, an overlay of our own (base URLs by
// wire format, authentication, documented short names, newer models), and the
// user's files in ~/.config/ringlet/providers.d. Start with [Load].
//
// Only providers whose wire formats the engine can serve are offered; others
// that catwalk knows are not.
package providers
