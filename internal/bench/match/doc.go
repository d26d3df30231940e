// Package match measures how the cost of an update depends on the number of rules: a rule file of mixed conditions, matched
// by the language's index, beside the same conditions tried one after another by rivals.
//
// Conditions and the update are made up (condition.go): each rule is about words, buttons, tags and numbers of its own, as
// rules of one file are, and the update is a sentence that only the last rule takes. Rivals get the update in the form
// that suits them best (rival.go) and say the same conditions in their own words. Slices of all contenders alternate, so
// that a busy machine slows all of them; figures are medians over the rounds (run.go).
package match
