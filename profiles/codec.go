package profiles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ringlet/ringlet/internal/strict"
	"github.com/ringlet/ringlet/routes"
)

// profileFile is a profile's file. It says more than Profile does: what can
// only have one value yet is written out, so that a file means the same to a
// later version.
type profileFile struct {
	Version   int        `json:"version"`
	Alias     string     `json:"alias"`
	Agent     string     `json:"agent"`
	Provider  string     `json:"provider"`
	Endpoint  string     `json:"endpoint"`
	Model     string     `json:"model"`
	Isolate   bool       `json:"isolate_home,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	LastUsed  *time.Time `json:"last_used"`
	Seq       int64      `json:"seq"`
	Proxy     proxyFile  `json:"proxy"`
	WrittenBy string     `json:"written_by,omitempty"` // the version of the ringlet that wrote it; a newer one names itself so
}

type proxyFile struct {
	Enabled  bool              `json:"enabled"`
	Port     *int              `json:"port"`
	Engine   string            `json:"engine"`
	Path     string            `json:"engine_path,omitempty"` // of the ultrallm binary that enable found
	Idle     string            `json:"idle,omitempty"`        // "15m"; left out it is off
	Limits   *limitsFile       `json:"limits,omitempty"`      // left out they are the unit's own
	Log      *logFile          `json:"log,omitempty"`         // left out it is the engine's own
	Strategy string            `json:"strategy"`
	Rules    []ruleFile        `json:"rules"`
	Aliases  map[string]string `json:"aliases"`
	Env      map[string]string `json:"environment,omitempty"` // variables for the engine
}

type limitsFile struct {
	MemoryMax string `json:"memory_max,omitempty"`
	TasksMax  int    `json:"tasks_max,omitempty"`
	CPUQuota  string `json:"cpu_quota,omitempty"`
}

type logFile struct {
	Size string `json:"size,omitempty"`
	Keep *int   `json:"keep,omitempty"`
}

type ruleFile struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Target    string `json:"target"`
	Priority  int    `json:"priority"`
	Weight    *int   `json:"weight"` // left out it is 1
}

// MarshalJSON is the profile's file, which is also its documented JSON form.
func (p Profile) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // "tokens > 100000" is to be read by people
	if err := enc.Encode(p.file()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// encode is the file's bytes, as written by a version of ringlet ("" for not said).
func (p Profile) encode(by string) ([]byte, error) {
	f := p.file()
	f.WrittenBy = by
	var compact bytes.Buffer
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("encode the profile %q: %w", p.Alias, err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact.Bytes(), "", "  "); err != nil {
		return nil, fmt.Errorf("encode the profile %q: %w", p.Alias, err)
	}
	return b.Bytes(), nil
}

func (p Profile) file() profileFile {
	f := profileFile{
		Version: Version, Alias: string(p.Alias), Agent: p.Agent, Provider: p.Provider, Endpoint: p.Endpoint, Model: p.Model, Isolate: p.IsolateHome,
		CreatedAt: p.CreatedAt, LastUsed: p.LastUsed, Seq: p.Seq,
		Proxy: proxyFile{Enabled: p.Proxy.Enabled, Port: p.Proxy.Port, Engine: p.Proxy.Engine, Path: p.Proxy.EnginePath, Strategy: string(p.Proxy.Strategy),
			Rules: []ruleFile{}, Aliases: p.Proxy.Aliases, Env: p.Proxy.Environment},
	}
	for _, r := range p.Proxy.Rules {
		weight := r.Share()
		f.Proxy.Rules = append(f.Proxy.Rules, ruleFile{r.Name, r.Condition, r.Target, r.Priority, &weight})
	}
	if p.Proxy.Idle > 0 {
		f.Proxy.Idle = FormatIdle(p.Proxy.Idle)
	}
	if p.Proxy.Limits != (Limits{}) {
		l := limitsFile(p.Proxy.Limits)
		f.Proxy.Limits = &l
	}
	if p.Proxy.Log != (Log{}) {
		l := logFile(p.Proxy.Log)
		f.Proxy.Log = &l
	}
	if f.Proxy.Aliases == nil {
		f.Proxy.Aliases = map[string]string{}
	}
	return f
}

// decode reads a profile's file and checks it. Errors are *strict.Error: path,
// line, column.
func decode(path string, alias Alias, data []byte) (Profile, error) {
	var f profileFile
	older := false
	err := strict.JSON(path, data, &f)
	if err != nil || f.Version != Version {
		// A newer file is best told by its version, not by the first field that is new in it.
		if data, older, err = upgrade(path, data, profileSteps()); err != nil {
			return Profile{}, err
		}
		f = profileFile{}
		if err := strict.JSON(path, data, &f); err != nil {
			return Profile{}, byWhom(err, data)
		}
	}
	bad := func(err error, keys ...any) (Profile, error) {
		return Profile{}, problem(path, data, err.Error(), keys...)
	}
	if f.Alias != string(alias) {
		return bad(fmt.Errorf("alias is %q, but the file's name says %q", f.Alias, alias), "alias")
	}
	p := Profile{
		Alias: alias, Agent: f.Agent, Provider: f.Provider, Endpoint: f.Endpoint, Model: f.Model, IsolateHome: f.Isolate,
		CreatedAt: f.CreatedAt, LastUsed: f.LastUsed, Seq: f.Seq, older: older,
		Proxy: Proxy{Enabled: f.Proxy.Enabled, Port: f.Proxy.Port, Engine: f.Proxy.Engine, EnginePath: f.Proxy.Path,
			Strategy: routes.Strategy(f.Proxy.Strategy), Aliases: f.Proxy.Aliases, Environment: f.Proxy.Env},
	}
	if p.Proxy.Idle, err = ParseIdle(f.Proxy.Idle); err != nil {
		return bad(err, "proxy", "idle")
	}
	if f.Proxy.Limits != nil {
		p.Proxy.Limits = Limits(*f.Proxy.Limits)
	}
	if f.Proxy.Log != nil {
		p.Proxy.Log = Log(*f.Proxy.Log)
	}
	for i, r := range f.Proxy.Rules {
		weight := 1
		if r.Weight != nil {
			weight = *r.Weight
		}
		if err := routes.CheckWeight(weight); err != nil || weight == 0 {
			return bad(fmt.Errorf("rule %q has weight %d; it must be 1 to %d", r.Name, weight, routes.MaxWeight), "proxy", "rules", i, "weight")
		}
		p.Proxy.Rules = append(p.Proxy.Rules, routes.Rule{Name: r.Name, Condition: r.Condition, Target: r.Target, Priority: r.Priority, Weight: weight})
	}
	p = p.withDefaults()
	if where, err := p.check(); err != nil {
		return bad(err, where...)
	}
	return p, nil
}

// byWhom says who wrote a field that this ringlet does not know: a newer one, of
// the same format, can have.
func byWhom(err error, data []byte) error {
	var unknown *strict.Error
	var v versioned
	if !errors.As(err, &unknown) || unknown.Remedy != "" || !strings.Contains(unknown.Problem, "unknown field") || json.Unmarshal(data, &v) != nil || v.WrittenBy == "" {
		return err
	}
	unknown.Remedy = fmt.Sprintf("ringlet %s wrote the file: use that one or a newer one, or take the field out", v.WrittenBy)
	return unknown
}

// problem is an error at a place in the file.
func problem(path string, data []byte, text string, keys ...any) *strict.Error {
	line, column := locate(data, keys...)
	return &strict.Error{Path: path, Line: line, Column: column, Problem: text}
}
