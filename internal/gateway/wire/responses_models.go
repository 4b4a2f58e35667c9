package wire

import (
	"slices"
	"strings"
)

// respModel is what an upstream's model takes. OpenAI refuses fields that a model
// does not know, so its families are told apart by name
// (https://platform.openai.com/docs/guides/reasoning); others mostly ignore what they
// do not know, and get what all of them have.
type respModel struct {
	reasons bool     // takes reasoning, and gives encrypted_content
	samples bool     // takes temperature and top_p
	efforts []string // from least to most
}

func respModelOf(name string) respModel {
	name = strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	}
	switch {
	case has("gpt-3", "gpt-4", "chatgpt-"):
		return respModel{samples: true}
	case has("o1", "o3", "o4"):
		return respModel{reasons: true, efforts: []string{"low", "medium", "high"}}
	case has("gpt-5-pro"):
		return respModel{reasons: true, efforts: []string{"high"}}
	case has("gpt-5-codex"):
		return respModel{reasons: true, efforts: []string{"low", "medium", "high"}}
	case name == "gpt-5", has("gpt-5-"):
		return respModel{reasons: true, efforts: []string{"minimal", "low", "medium", "high"}}
	case has("gpt-5.1-codex-max"):
		return respModel{reasons: true, efforts: []string{"none", "low", "medium", "high", "xhigh"}}
	case has("gpt-5.1"):
		return respModel{reasons: true, efforts: []string{"none", "low", "medium", "high"}}
	case has("gpt-"):
		return respModel{reasons: true, efforts: []string{"none", "low", "medium", "high", "xhigh"}}
	}
	return respModel{reasons: true, samples: true, efforts: []string{"none", "low", "medium", "high"}}
}

// respEfforts are all efforts, from least to most.
func respEfforts() []string {
	return []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}
}

// effort is the model's nearest to what the client asked for; "" is its default.
//
//	effort        itself, or the nearest that the model has
//	budget        below 4,096 tokens low, below 16,384 medium, from there high
//	adaptive      the model's default
//	disabled      the least that the model has
func (m respModel) effort(r Reasoning) string {
	want := r.Effort
	switch {
	case r.Mode == "disabled":
		want = "none"
	case want != "":
	case r.Mode != "enabled" || r.Budget <= 0:
		return ""
	case r.Budget < 4096:
		want = "low"
	case r.Budget < 16384:
		want = "medium"
	default:
		want = "high"
	}
	all := respEfforts()
	at, best, distance := slices.Index(all, want), "", len(all)
	if at < 0 {
		return "" // a word of the future
	}
	for _, have := range m.efforts {
		if n := slices.Index(all, have) - at; max(n, -n) < distance {
			best, distance = have, max(n, -n)
		}
	}
	return best
}
