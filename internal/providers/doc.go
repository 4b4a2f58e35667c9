// Package providers is the catalogue: where models are served, how their
// providers are asked, what they cost.
//
// It is put together from three sources, the later ones correcting the earlier:
// the provider data in charm.land/catwalk, an overlay of our own (base URLs by
// wire format, authentication, documented short names, newer models), and the
// user's files in ~/.config/ringlet/providers.d. Start with [Load].
//
// Every provider of catwalk is offered; one that needs to know something of its
// user first (a resource, a region) says so: see [Setting].
package providers
