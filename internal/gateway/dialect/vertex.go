package dialect

import (
	"net/url"
	"strconv"
	"strings"
)

// vertexVersion is the only value that Vertex takes for Claude:
// https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
const vertexVersion = "vertex-2023-10-16"

// rawPredict makes a Vertex request of a Messages request: the model stands in
// the path, the version in the body.
// https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude
func (u *Upstream) rawPredict(base string, c Call) (Prepared, error) {
	drop := []string{"model", "anthropic_version"}
	out := base + "/" + url.PathEscape(c.Model)
	switch {
	case c.Count:
		// .../partner-models/claude/count-tokens: the model stays in the body.
		out, drop = base+"/count-tokens:rawPredict", drop[1:]
	case c.Stream:
		out += ":streamRawPredict"
	default:
		out += ":rawPredict"
	}
	betas := knownBetas(c.Header, vertexBetas())
	c.Header.Del("Anthropic-Beta")
	c.Header.Del("Anthropic-Version")
	if len(betas) > 0 {
		c.Header.Set("Anthropic-Beta", strings.Join(betas, ","))
	}
	var add []member
	if !c.Count {
		add = []member{{"anthropic_version", strconv.Quote(vertexVersion)}}
	}
	body, err := withMembers(c.Body(), drop, add)
	return Prepared{URL: out, Body: body}, err
}
