// Package rules lets bots answer by rule files: the rule language of package dsl meets Herald's people, bots and messages
// here.
//
// Engine keeps compiled rule files and looks at updates: Input says in the language's words what an update is, a Program
// decides, and Apply turns what it decided into what is kept about the person and what is to be sent. Service stores rule
// files in versions, checks and tests them before one may answer, explains decisions by making them again, and runs
// recorded updates through a draft.
package rules
