package providers

import "testing"

func TestEditSettings(t *testing.T) {
	for _, tt := range []struct {
		name, before string
		given        map[string]string
		want         string // "" for an error
	}{
		{"none yet", "id: azure\n", map[string]string{"endpoint": "https://a.openai.azure.com"}, "id: azure\nsettings:\n  endpoint: https://a.openai.azure.com\n"},
		{"comments and order stay", "# mine\nid: bedrock\nsettings:\n  region: us-east-1 # near\n  profile: work\nname: Ours\n", map[string]string{"region": "eu-north-1"},
			"# mine\nid: bedrock\nsettings:\n  region: eu-north-1 # near\n  profile: work\nname: Ours\n"},
		{"taken back", "id: bedrock\nsettings: {region: x, profile: y}\n", map[string]string{"region": "", "nothing": ""}, "id: bedrock\nsettings: {profile: y}\n"},
		{"what looks like a number stays text", "id: vertexai\n", map[string]string{"project": "12345"}, "id: vertexai\nsettings:\n  project: \"12345\"\n"},
		{"not a map", "id: azure\nsettings: [a]\n", map[string]string{"endpoint": "x"}, ""},
		{"not a file", "- a\n", map[string]string{"endpoint": "x"}, ""},
		{"no YAML", "id: [\n", map[string]string{"endpoint": "x"}, ""},
	} {
		got, err := EditSettings([]byte(tt.before), tt.given)
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %v\ngot  %q\nwant %q", tt.name, err, got, tt.want)
		}
	}
}
