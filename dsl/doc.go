// Package dsl is the rule language: it parses, checks, compiles, runs, formats and tests rule files. It knows no message
// and does no I/O.
//
// A rule file goes through four stages. Parse reads YAML into a File, plain data in which every scalar remembers its
// place. Check finds all that is wrong with a File and returns Diagnostics. Compile turns a File without errors into a
// Program, which is immutable and safe for concurrent use. Program.Run looks at one Input, which is all that an update,
// its person and its bot are for the language, and returns a Verdict: the rules that matched and the effects they ask
// for. Whoever runs a Program carries the effects out.
package dsl
