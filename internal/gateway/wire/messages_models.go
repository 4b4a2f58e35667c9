package wire

import "strings"

// messagesModel is what differs between the models that speak the format, as
// their names tell. Another vendor's models get the oldest and most common forms.
//
// Which Claude takes what: https://platform.claude.com/docs/en/about-claude/models/migration-guide,
// https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking and …/effort.
type messagesModel struct {
	claude   bool
	thinks   bool // takes thinking at all
	budget   bool // thinking with budget_tokens; refused since Opus 4.7
	adaptive bool // thinking of type adaptive, since 4.6
	always   bool // thinks always and refuses to be told not to
	effort   bool // output_config.effort
	max      bool // effort max
	xhigh    bool // effort xhigh
	sampling bool // temperature, top_p, top_k; refused since Opus 4.7
	both     bool // temperature and top_p in one request; refused by Claude since 4.5
	prefill  bool // a conversation that ends with the assistant; refused since 4.6
	schema   bool // output_config.format
}

func messagesModelOf(name string) messagesModel {
	name = strings.ToLower(name)
	at := strings.Index(name, "claude")
	if at < 0 {
		return messagesModel{thinks: true, budget: true, sampling: true, both: true}
	}
	name = name[at:]
	// The newest families go without a version at times, and a name without one is a newer model.
	always := strings.Contains(name, "mythos") || strings.Contains(name, "fable")
	v := messagesVersion(name)
	if v == 0 {
		v = 500
	}
	return messagesModel{
		claude:   true,
		thinks:   v >= 307,
		budget:   v >= 307 && v <= 406 && !always,
		adaptive: v >= 406 || always,
		always:   always,
		effort:   v >= 406 || always || v == 405 && strings.Contains(name, "opus"),
		max:      v >= 406 || always,
		xhigh:    v >= 407,
		sampling: v < 407 && !always,
		both:     v < 405,
		prefill:  v < 406 && !always,
		schema:   v >= 405 || always,
	}
}

// messagesVersion reads 4.6 as 406 from claude-opus-4-6, claude-4.6-opus or
// claude-opus-4-6-v1; a date (claude-sonnet-4-20250514) is no version. 0: none.
func messagesVersion(name string) int {
	major := -1
	for _, f := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-.@:/", r) }) {
		n := 0
		for i := 0; i < len(f); i++ {
			if f[i] < '0' || f[i] > '9' || len(f) > 2 {
				n = -1
				break
			}
			n = n*10 + int(f[i]-'0')
		}
		switch {
		case n < 0 && major >= 0:
			return major * 100
		case n < 0:
		case major < 0:
			major = n
		default:
			return major*100 + n
		}
	}
	return max(major, 0) * 100
}
