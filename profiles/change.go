package profiles

import (
	"fmt"
	"strings"

	"github.com/ringlet/ringlet/routes"
)

// Catalogue is what the store asks about providers and models. Unknown
// providers and endpoints are errors that explain themselves and lead to exit
// code 3; unknown models are not errors.
type Catalogue interface {
	// Upstream is how a provider's endpoint is reached. endpoint "" or "default" is
	// the provider's default.
	Upstream(provider, endpoint string) (routes.Upstream, error)
	// Model resolves what a user calls a model to the provider's own id. price is
	// nil where it is not known; nearest are known ids that may have been meant.
	Model(provider, model string) (id string, price *routes.Price, known bool, nearest []string, err error)
	// Prices are those of all models of a provider that have one, by the provider's own id.
	Prices(provider string) (map[string]routes.Price, error)
	// Limits are the sizes of a model by the provider's own id; zero where they are not known.
	Limits(provider, id string) (routes.Limits, error)
}

// Tokens keeps the local tokens.
type Tokens interface {
	// MakeToken makes sure that a profile has a local token.
	MakeToken(alias string) error
	// TokenSums are the hex SHA-256 sums of the valid tokens, in the words of
	// [routes.ParseToken]; none is no error.
	TokenSums(alias string) ([]string, error)
	// RemoveToken deletes it; a missing one is no error.
	RemoveToken(alias string) error
}

// Change is what a command did to a profile's files.
type Change struct {
	Profile    bool   // the profile's file was written
	Config     bool   // config.yaml was written
	ConfigPath string // where config.yaml is or would be
	Seq        int64  // the profile's seq now: what a reload has to prove
	Port       int    // the proxy's port; 0 when it has none
	Aside      string // where Regenerate kept the config.yaml that it replaced; else ""
	Warnings   []Warning
}

// Warning is something accepted that may not be what was meant.
type Warning struct {
	Target  string   // the target with a model that the catalogue does not know
	Nearest []string // known targets that may have been meant
}

func (w Warning) String() string {
	s := fmt.Sprintf("the model of %q is not in the catalogue; requests for it are sent as they are", w.Target)
	if len(w.Nearest) > 0 {
		s += "; known are for example " + strings.Join(w.Nearest, ", ")
	}
	return s
}
