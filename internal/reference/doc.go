// Command reference writes docs/rules-reference.md, the reference of the rule language, from the language itself: the keys
// that it reads by, what expressions see, functions with their examples, diagnostics, limits.
//
// page.tmpl holds what a program cannot know: the order of things and the sentences between them. Its marks are filled by the
// functions of page.go. Whatever the page shows as an example, the tests run.
package main

//go:generate go run . ../../docs/rules-reference.md
