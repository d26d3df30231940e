// Command cel measures how soon rules are found beside bare expr and cel-go. It is a module of its own, so that Herald does not
// depend on cel-go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"herald/internal/bench/figure"
	"herald/internal/bench/match"

	"github.com/google/cel-go/cel"
)

func main() {
	rounds := flag.Int("rounds", 5, "how many slices of each contender are measured")
	slice := flag.Duration("slice", 200*time.Millisecond, "how long one slice takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *slice); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, slice time.Duration) error {
	figures, err := match.Run(ctx, match.Options{
		Rivals: []match.Rival{match.Expr(), rival()}, Rounds: rounds, Slice: slice, Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	return figure.WriteLines(os.Stdout, figures)
}

// rival is cel-go: a program for each condition, its environment declared as its documentation advises.
func rival() match.Rival {
	return match.Rival{Name: "cel", Prepare: func(conditions []match.Condition) (func(*match.Update) (int, error), error) {
		env, err := cel.NewEnv(
			cel.Variable("text", cel.StringType), cel.Variable("lowered", cel.StringType), cel.Variable("button", cel.StringType),
			cel.Variable("clock", cel.StringType), cel.Variable("words", cel.MapType(cel.StringType, cel.BoolType)),
			cel.Variable("user.lang", cel.StringType), cel.Variable("user.tags", cel.ListType(cel.StringType)),
			cel.Variable("user.messages", cel.IntType),
		)
		if err != nil {
			return nil, fmt.Errorf("make an environment: %w", err)
		}
		programs := make([]cel.Program, len(conditions))
		for i, c := range conditions {
			ast, issues := env.Compile(c.CEL)
			if issues.Err() != nil {
				return nil, fmt.Errorf("compile %s: %w", c.CEL, issues.Err())
			}
			if programs[i], err = env.Program(ast, cel.EvalOptions(cel.OptOptimize)); err != nil {
				return nil, fmt.Errorf("plan %s: %w", c.CEL, err)
			}
		}
		return func(u *match.Update) (int, error) {
			vars := map[string]any{
				"text": u.Text, "lowered": u.Lowered(), "button": u.Button, "clock": u.At.Format("15:04"), "words": u.Words(),
				"user.lang": u.Lang, "user.tags": u.Tags, "user.messages": int64(u.Messages),
			}
			activation, err := cel.NewActivation(vars)
			if err != nil {
				return 0, fmt.Errorf("make an activation: %w", err)
			}
			for i, program := range programs {
				out, _, err := program.Eval(activation)
				if err != nil {
					return 0, fmt.Errorf("run %s: %w", conditions[i].CEL, err)
				}
				holds, isBool := out.Value().(bool)
				if !isBool {
					return 0, errors.New("a condition is neither true nor false")
				}
				if holds {
					return i, nil
				}
			}
			return -1, nil
		}, nil
	}}
}
