package dsl

import "github.com/expr-lang/expr/ast"

type index struct{ rules int }

type indexScope struct{}

type indexBuilder struct{ rules int }

type need struct{}

func newIndexBuilder(*compiler) *indexBuilder { return &indexBuilder{} }

func (b *indexBuilder) needOf(expressions, ast.Node) need { return need{} }

func (b *indexBuilder) add(*rule, need) { b.rules++ }

func (b *indexBuilder) build() *index { return &index{rules: b.rules} }

func (x *index) candidates(*scope, *events) []int32 {
	every := make([]int32, x.rules)
	for i := range every {
		every[i] = int32(i)
	}
	return every
}
