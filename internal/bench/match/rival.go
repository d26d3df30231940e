package match

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
)

// Rival tries conditions one after another.
type Rival struct {
	Name string
	// Prepare compiles conditions. The function that it returns looks at an update and returns which condition is the
	// first that holds.
	Prepare func([]Condition) (func(*Update) (int, error), error)
}

// person and sight are the environment of expr, as its documentation advises: structs, so that it knows all types.
type person struct {
	Lang     string   `expr:"lang"`
	Tags     []string `expr:"tags"`
	Messages int      `expr:"messages"`
}

type sight struct {
	Text   string          `expr:"text"`
	Button string          `expr:"button"`
	Clock  string          `expr:"clock"`
	Words  map[string]bool `expr:"words"`
	User   person          `expr:"user"`
}

// Expr is bare expr: a program for each condition, run by one machine.
func Expr() Rival {
	return Rival{Name: "expr", Prepare: func(conditions []Condition) (func(*Update) (int, error), error) {
		programs := make([]*vm.Program, len(conditions))
		for i, c := range conditions {
			program, err := expr.Compile(c.Expr, expr.Env(sight{}), expr.AsBool())
			if err != nil {
				return nil, fmt.Errorf("compile %s: %w", c.Expr, err)
			}
			programs[i] = program
		}
		machine := &vm.VM{}
		return func(u *Update) (int, error) {
			env := sight{
				Text: u.Text, Button: u.Button, Clock: u.At.Format("15:04"), Words: u.Words(),
				User: person{Lang: u.Lang, Tags: u.Tags, Messages: u.Messages},
			}
			for i, program := range programs {
				holds, err := machine.Run(program, env)
				if err != nil {
					return 0, fmt.Errorf("run %s: %w", conditions[i].Expr, err)
				}
				if holds.(bool) {
					return i, nil
				}
			}
			return -1, nil
		}, nil
	}}
}

// Lowered is the text in small letters, for rivals that have no function for it.
func (u *Update) Lowered() string { return strings.ToLower(u.Text) }
