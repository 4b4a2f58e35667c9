package providers

import "testing"

// BenchmarkLoad is what every command pays at its start.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("/nonexistent"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstQuestion is what those pay that ask for a provider.
func BenchmarkFirstQuestion(b *testing.B) {
	for b.Loop() {
		c, err := Load("/nonexistent")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Provider("anthropic"); err != nil {
			b.Fatal(err)
		}
	}
}
