package routes

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// maxCondition bounds a condition's text, in bytes; nobody writes more by hand.
const maxCondition = 4096

// Condition is a compiled expression over [Request]. Its zero value never matches.
type Condition struct {
	text  string
	prog  *vm.Program
	sizes sizes
}

// ParseCondition compiles a condition. The syntax is a subset of expr's:
// comparisons (== != < <= > >= in matches contains startsWith endsWith) of the
// facts with constants or each other, joined by and, or, not and parentheses. Errors
// are *SyntaxError and name the column.
func ParseCondition(text string) (Condition, error) {
	if strings.TrimSpace(text) == "" {
		return Condition{}, conditionError(text, 0, "it is empty")
	}
	if len(text) > maxCondition {
		return Condition{}, conditionError(text[:40]+"…", 0, fmt.Sprintf("it is longer than %d bytes", maxCondition))
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return Condition{}, fromExpr(text, err)
	}
	s := subset{}
	ast.Walk(&tree.Node, &s)
	if s.problem != "" {
		return Condition{}, conditionError(text, s.column+1, s.problem)
	}
	size := sizesOf(&tree.Node)
	prog, err := expr.Compile(text, expr.Env(Request{}), expr.AsBool(), expr.DisableAllBuiltins())
	if err != nil {
		return Condition{}, fromExpr(text, err)
	}
	return Condition{text: text, prog: prog, sizes: size}, nil
}

func (c Condition) String() string { return c.text }

// IsAlways reports whether the condition is the bare word "always": such rules
// come after aliases at the same priority.
func (c Condition) IsAlways() bool { return strings.TrimSpace(c.text) == "always" }

// Match evaluates the condition. The error is an evaluation error, which the
// subset leaves no way to reach that is known to us.
func (c Condition) Match(r Request) (bool, error) { return c.match(newMatcher(r)) }

// matcher evaluates conditions over one request, with what they can share.
type matcher struct {
	request any
	machine vm.VM
}

func newMatcher(r Request) *matcher {
	r.Always = true
	return &matcher{request: r}
}

func (c Condition) match(m *matcher) (bool, error) {
	if c.prog == nil {
		return false, errors.New("condition was not compiled")
	}
	if c.IsAlways() {
		return true, nil
	}
	out, err := m.machine.Run(c.prog, m.request)
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", c.text, err)
	}
	ok, _ := out.(bool)
	return ok, nil
}

func conditionError(text string, column int, problem string) *SyntaxError {
	return &SyntaxError{What: "condition", Input: text, Column: column, Problem: problem,
		Remedy: `write for example "always", "thinking", "tokens > 100000" or "tools >= 10 and not subagent"; the facts are ` + strings.Join(facts(), ", ")}
}

// fromExpr keeps expr's sentence and column, without its snippet.
func fromExpr(text string, err error) *SyntaxError {
	// AsBool's own error carries no position: the whole condition is meant.
	if strings.HasPrefix(err.Error(), "expected bool, but got") {
		return conditionError(text, 0, `it must be true or false: compare the fact with something, as in "tokens > 100000"`)
	}
	var fe *file.Error
	if !errors.As(err, &fe) {
		return conditionError(text, 0, err.Error())
	}
	msg := fe.Message
	if name, ok := strings.CutPrefix(msg, "unknown name "); ok {
		name, _, _ = strings.Cut(name, " ")
		msg = fmt.Sprintf("unknown fact %q", name)
	}
	if msg == "unexpected token EOF" {
		// expr points at the last character, and speaks of its own tokens.
		return conditionError(text, utf8.RuneCountInString(text)+1, "it ends too early")
	}
	if fe.Line > 1 {
		return conditionError(text, 0, msg)
	}
	return conditionError(text, fe.Column+1, msg)
}

// subset refuses what the documented syntax does not have, so that a condition
// stays something that a table of rules can be read by.
type subset struct {
	problem string
	column  int // from 0
}

func (s *subset) Visit(node *ast.Node) {
	if s.problem != "" {
		return
	}
	refuse := func(problem string) {
		s.problem, s.column = problem, (*node).Location().From
	}
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if strings.HasPrefix(n.Value, "$") { // $env would be the whole environment
			refuse(fmt.Sprintf("unknown fact %q", n.Value))
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.ConstantNode, *ast.ArrayNode:
	case *ast.UnaryNode:
		if n.Operator != "not" && n.Operator != "!" && n.Operator != "-" {
			refuse(fmt.Sprintf("operator %q is not part of a condition", n.Operator))
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "==", "!=", "<", "<=", ">", ">=", "and", "&&", "or", "||", "in", "contains", "startsWith", "endsWith":
		case "matches":
			// A pattern that is not constant would be compiled, and could fail, at each request.
			if _, ok := n.Right.(*ast.StringNode); !ok {
				refuse("matches needs a quoted pattern on its right")
			}
		default:
			refuse(fmt.Sprintf("operator %q is not part of a condition", n.Operator))
		}
	case *ast.CallNode, *ast.BuiltinNode:
		refuse("functions are not part of a condition")
	default:
		refuse("this is not part of a condition")
	}
}
