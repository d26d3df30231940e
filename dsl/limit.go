package dsl

// Bounds of a rule file. What is above them is refused with the code limit; those of sizes before anything is parsed.
const (
	MaxSource     = 256 << 10 // bytes of a file
	MaxLines      = 20_000    // lines of a file
	MaxNesting    = 32        // levels of lists and mappings in one another
	MaxRules      = 1_000     // rules in a file
	MaxFields     = 100       // fields that a file keeps about a person
	MaxLists      = 200       // lists in a file
	MaxWords      = 5_000     // words in a list
	MaxLets       = 500       // named expressions in a file, and in a rule
	MaxPhrases    = 2_000     // phrases in a file
	MaxLanguages  = 50        // languages of one text
	MaxTargets    = 100       // entries of one direction of translation
	MaxKeep       = 500       // terms that are never translated
	MaxEvents     = 50        // events of one rule
	MaxEffects    = 50        // effects of one kind in one rule
	MaxRows       = 20        // rows of buttons under a reply
	MaxRowButtons = 8         // buttons in a row
	MaxButtons    = 100       // buttons under a reply
	MaxTests      = 500       // tests in a file
	MaxSteps      = 200       // steps of a test

	MaxText       = 4096 // characters of a text to send, and of a text that came
	MaxHoles      = 50   // holes in one text
	MaxName       = 64   // characters of the name of a rule, phrase, list, field or named expression
	MaxTag        = 64   // characters of a tag or a label
	MaxButtonText = 64   // characters on a button
	MaxButtonData = 64   // bytes that come back when a button is pressed
	MaxURL        = 2048 // characters of an address
	MaxWord       = 128  // characters of a word of a list
	MaxExpression = 4096 // characters of an expression
	MaxNodes      = 500  // parts of an expression
	MaxPattern    = 256  // characters of a pattern

	maxDiagnostics = 1_000  // of one run: more help nobody
	maxProperties  = 20_000 // places that look like anchors, aliases, tags and empty texts, before YAML is read
)

// Bounds of what expressions may cost in the worst case: with texts, tags, fields and lists of their largest size. The
// unit is the visit of one part of an expression, some ten nanoseconds.
const (
	MaxExpressionCost = 500_000    // steps of one expression
	MaxRuleCost       = 1_500_000  // steps of all expressions of one rule, with the named ones that it uses
	MaxFileCost       = 50_000_000 // steps of all rules of a file for one update
)
