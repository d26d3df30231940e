// Package dsl is the rule language: it parses, checks, compiles, runs, formats and tests rule files. It knows no message
// and does no I/O.
//
// A rule file goes through four stages. Parse reads YAML into a File, plain data in which every scalar remembers its
// place. Check finds all that is wrong with a File and returns Diagnostics. Compile turns a File without errors into a
// Program, which is immutable and safe for concurrent use. Program.Run looks at one Input, which is all that an update,
// its person and its bot are for the language, and returns a Verdict: the rules that matched and the effects they ask
// for. Whoever runs a Program carries the effects out.
//
// Compile turns expr's trees into functions of a scope (compile_expression.go and its neighbours), which is one update and
// what was found out about it so far (run_scope.go). On the way it asks what each condition needs (index_need.go): a word,
// a value, some bytes in a row. The index (index.go) is asked by Run which rules an update may be about, in the order of
// the file; all others cannot hold and are not tried. Explain tries every rule and notes the value of every part
// (explain.go); Program.Test plays a file's own tests (test.go). What functions there are is said once, in function.go and
// its neighbours, for the checker, the compiler, the reference and the tests.
package dsl
