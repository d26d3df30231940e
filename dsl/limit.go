package dsl

// Bounds of a rule file. What is above them is refused with the code limit; those of sizes before anything is parsed.
const (
	MaxSource     = 256 << 10 // bytes of a file
	MaxLines      = 20_000    // lines of a file
	MaxNesting    = 32        // of lists and mappings in one another
	MaxRules      = 1_000     // in a file
	MaxFields     = 100       // that a file keeps about a person
	MaxLists      = 200       // in a file
	MaxWords      = 5_000     // in a list
	MaxLets       = 500       // in a file, and in a rule
	MaxPhrases    = 2_000     // in a file
	MaxLanguages  = 50        // of one text
	MaxTargets    = 100       // of one direction of translation
	MaxKeep       = 500       // terms that are never translated
	MaxEvents     = 50        // of one rule
	MaxEffects    = 50        // of one kind in one rule
	MaxRows       = 20        // of buttons under a reply
	MaxRowButtons = 8         // in a row of buttons
	MaxButtons    = 100       // under a reply
	MaxTests      = 500       // in a file
	MaxSteps      = 200       // of a test

	MaxText       = 4096 // characters of a text to send, and of a text that came
	MaxHoles      = 50   // in one text
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
