package profiles

import "testing"

// What a client may ask for without a rule has its price, unless there are too
// many to write out.
func TestOwnPrices(t *testing.T) {
	s := Store{cat: fakeCatalogue{3}}
	for provider, want := range map[string]int{"zeta": 1, "chatty": 0, "acme": 0} {
		c, _, err := s.generate(Profile{Alias: "work", Agent: "claude", Provider: provider, Endpoint: "default"}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Ringlet.Prices) != want {
			t.Errorf("%s: %v", provider, c.Ringlet.Prices)
		}
	}
	c, _, err := s.generate(Profile{Alias: "work", Agent: "claude", Provider: "zeta", Endpoint: "default"}.withDefaults())
	if p := c.Ringlet.Prices["zeta/small-1"]; err != nil || p.Input != 1 || p.Output != 2 {
		t.Errorf("%v, %+v", err, p)
	}
}
