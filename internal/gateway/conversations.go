package gateway

import (
	"container/list"
	"net/http"
	"sync"
	"time"

	"github.com/ringlet/ringlet/routes"
)

const (
	// maxConversations bounds how many conversations are remembered; of more, those
	// that were quiet for longest are forgotten. One takes about 300 bytes.
	maxConversations = 4096
	// maxWarm bounds how many targets' prompt caches are remembered of one.
	maxWarm = 4
	// cacheLife is how long a prompt cache stays warm after it was last used: five
	// minutes unless a client pays for more.
	// https://docs.claude.com/en/docs/build-with-claude/prompt-caching
	cacheLife = 5 * time.Minute
	// A ratio between an upstream's count and the estimate that is further from 1
	// than this says that one of the two counts something else.
	ratioLeast, ratioMost = 0.25, 4
)

// conversation is what is remembered of one conversation: the sum of an agent's
// requests that go on with each other.
type conversation struct {
	key uint64

	mu     sync.Mutex
	home   routes.Target // where its requests are meant to go; zero before the first
	ratio  float64       // of the size that an upstream reported to our estimate; 0: none was reported
	output float64       // running mean of its answers' length, in tokens; 0: none was reported
	warm   []warmth      // newest last
}

// warmth is a target's prompt cache of one conversation.
type warmth struct {
	target routes.Target
	tokens int
	at     time.Time
}

// correct is an estimate of a prompt's size, corrected by what the upstream last
// reported of this conversation.
func (c *conversation) correct(estimate int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ratio == 0 {
		return estimate
	}
	return int(float64(estimate)*c.ratio + 0.5)
}

// learn compares an uncorrected estimate with the size that the upstream reported,
// cached parts included.
func (c *conversation) learn(estimate int, reported int64) {
	if estimate <= 0 || reported <= 0 {
		return
	}
	ratio := float64(reported) / float64(estimate)
	if ratio < ratioLeast || ratio > ratioMost {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ratio = ratio
}

// answered remembers what an answer of t reported.
func (c *conversation) answered(t routes.Target, u usage, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u.output >= 0 {
		// A conversation's answers change with its work, so few of them count.
		c.output = forgetfulMean(c.output, float64(u.output), 4)
	}
	for i, w := range c.warm {
		if w.target == t {
			c.warm = append(c.warm[:i], c.warm[i+1:]...)
			break
		}
	}
	cached := max(0, u.cacheRead) + max(0, u.cacheWrite)
	if cached == 0 {
		return
	}
	if len(c.warm) >= maxWarm {
		c.warm = append(c.warm[:0], c.warm[1:]...)
	}
	c.warm = append(c.warm, warmth{t, int(cached), now})
}

// cached is how much of the conversation's prompt t has in its cache, in tokens.
func (c *conversation) cached(t routes.Target, now time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.warm {
		if w.target == t && now.Sub(w.at) < cacheLife {
			return w.tokens
		}
	}
	return 0
}

// expects is how long the conversation's answers are, in tokens; 0 for unknown.
func (c *conversation) expects() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.output + 0.5)
}

// at is the target that the conversation is on.
func (c *conversation) at() routes.Target {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.home
}

func (c *conversation) settle(t routes.Target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.home = t
}

// conversations remembers those that were last heard of.
type conversations struct {
	mu    sync.Mutex
	byKey map[uint64]*list.Element
	order *list.List // of *conversation, the newest first
}

func newConversations() *conversations {
	return &conversations{byKey: map[uint64]*list.Element{}, order: list.New()}
}

// get is the conversation with the key, begun where there is none.
func (c *conversations) get(key uint64) *conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*conversation)
	}
	if c.order.Len() >= maxConversations {
		oldest := c.order.Back()
		delete(c.byKey, oldest.Value.(*conversation).key)
		c.order.Remove(oldest)
	}
	conv := &conversation{key: key}
	c.byKey[key] = c.order.PushFront(conv)
	return conv
}

// conversationKey tells conversations apart. An agent's session has several:
// the main one, its subagents' and short ones for titles share a session header,
// and have their own agent ids or system prompts. Without a session the system
// prompt and the first message stand for it: they stay the same while it goes on.
func conversationKey(h http.Header, system, opening uint64) uint64 {
	sum := newSum()
	session := ""
	// Claude Code; codex; opencode.
	for _, name := range [...]string{"X-Claude-Code-Session-Id", "Session-Id", "Thread-Id", "X-Session-Affinity", "X-Session-Id"} {
		if session = h.Get(name); session != "" {
			break
		}
	}
	sum = sum.text(session).text(h.Get("X-Claude-Code-Agent-Id")).number(system)
	if session == "" {
		sum = sum.number(opening)
	}
	return uint64(sum)
}

// sum is FNV-1a, 64 bits: the same in every process, so that a conversation draws
// the same target after a restart.
type sum uint64

func newSum() sum { return 14695981039346656037 }

func (s sum) text(t string) sum {
	for i := range len(t) {
		s = (s ^ sum(t[i])) * 1099511628211
	}
	return (s ^ 0xff) * 1099511628211 // no text has this byte
}

func (s sum) number(n uint64) sum {
	for i := range 8 {
		s = (s ^ sum(n>>(8*i)&0xff)) * 1099511628211
	}
	return s
}
