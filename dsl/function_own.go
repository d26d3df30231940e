package dsl

// ownFunctions are those that the language adds to expr's.
func ownFunctions() []Function {
	text := Param{Name: "text", Kind: KindString}
	return []Function{
		{
			Name: "has", Own: true, Result: KindBool, Cost: Cost{Call: 8, PerByte: 160, PerItem: 8},
			Params: []Param{text, {Name: "word", Kind: KindString, Repeated: true, Literal: true}},
			Doc: "Tells whether a text has one of the words. Words are whole words in any case and any script; several words in " +
				"one string must follow one another. An apostrophe between letters belongs to the word, however it is typed. Scripts " +
				"that are written without spaces are compared character by character. The name of a list stands for its words.",
			Examples: []Example{
				{`has("What is the PRICE?", "price", "cost")`, `true`},
				{`has("overpriced", "price")`, `false`},
				{`has("Скільки КОШТУЄ доставка", "коштує")`, `true`},
				{`has("Моє ім’я Оля", "ім'я")`, `true`},
				{`has("give me a person, please", "person please")`, `true`},
				{`has("请问价格是多少", "价格")`, `true`},
				{`has("good 👍🏽", "👍")`, `true`},
				{`has("", "price")`, `false`},
			},
		},
		{
			Name: "like", Own: true, Result: KindBool, Cost: Cost{Call: 8, PerByte: 64},
			Params: []Param{text, {Name: "phrase", Kind: KindString, Literal: true}},
			Doc: "Tells whether a text has the words of a phrase one after another, typing errors allowed: a letter too many, one " +
				"missing, a wrong one, or two neighbours swapped. Words of up to 3 letters and numbers must be right, words of 4 to 7 letters may have one " +
				"error, longer ones two.",
			Examples: []Example{
				{`like("how much is the delivrey?", "delivery")`, `true`},
				{`like("достака", "доставка")`, `true`},
				{`like("cat", "car")`, `false`},
				{`like("where is my oder now", "my order")`, `true`},
				{`like("delicacy", "delivery")`, `false`},
			},
		},
		{
			Name: "find", Own: true, Result: KindString, MaybeNil: true, Cost: Cost{Call: 16, PerByte: 64},
			Params: []Param{text, {Name: "pattern", Kind: KindRegex, Literal: true}},
			Doc:    "Returns the first match of a regular expression (RE2), or nil if there is none.",
			Examples: []Example{
				{`find("order 123456, please", "[0-9]{6}")`, `"123456"`},
				{`find("no number", "[0-9]+")`, `nil`},
				{`find("Код: АБ-12", "(?i)аб-\\d+")`, `"АБ-12"`},
			},
		},
		{
			Name: "capture", Own: true, Result: KindMap, MaybeNil: true, Cost: Cost{Call: 32, PerByte: 128},
			Params: []Param{text, {Name: "pattern", Kind: KindRegex, Literal: true}},
			Doc: "Returns the named groups of the first match of a regular expression (RE2) as a map of texts, or nil if there is " +
				"no match. A group that took no part is nil.",
			Examples: []Example{
				{`capture("from Kyiv to Lviv", "from (?P<from>\\w+) to (?P<to>\\w+)")?.to`, `"Lviv"`},
				{`capture("to Lviv", "(from (?P<from>\\w+) )?to (?P<to>\\w+)")?.from`, `nil`},
				{`capture("hello", "from (?P<from>\\w+)")`, `nil`},
			},
		},
		{
			Name: "lang_of", Own: true, Result: KindString, Cost: Cost{Call: 500, PerByte: 64},
			Params: []Param{text},
			Doc:    `Returns the language of a text as a tag such as "uk", or "" if it cannot be told.`,
			Examples: []Example{
				{`lang_of("Скільки коштує доставка?")`, `"uk"`},
				{`lang_of("12345")`, `""`},
			},
		},
		{
			Name: "ago", Own: true, Result: KindFloat, Cost: Cost{Call: 2},
			Params: []Param{{Name: "time", Kind: KindTime}},
			Doc:    "Returns how many hours ago a time was; negative if it is still to come.",
			Examples: []Example{
				{`ago(now)`, `0.0`},
				{`ago(user.since) > 24`, `true`},
			},
		},
		{
			Name: "format", Own: true, Result: KindString, Cost: Cost{Call: 16, PerByte: 1},
			Params: []Param{{Name: "time", Kind: KindTime}, {Name: "layout", Kind: KindString}},
			Doc: "Writes a time in the file's timezone. The layout shows how Monday, 2 January 2006, 15:04:05 would be written: " +
				`"02.01.2006 15:04".`,
			Examples: []Example{
				{`format(now, "02.01.2006 15:04")`, `"02.03.2026 10:00"`},
			},
		},
		{
			Name: "link", Own: true, Result: KindString, Cost: Cost{Call: 4, PerByte: 1},
			Params: []Param{{Name: "url", Kind: KindString}},
			Doc: "Stands for a read link to an address: each person gets a short link of their own, and opening it proves that they " +
				"read the message.",
			Examples: []Example{
				{`link("https://acme.example/prices")`, `"{link:https://acme.example/prices}"`},
				{`"See " + link("https://acme.example/a b")`, `"See {link:https://acme.example/a%20b}"`},
			},
		},
	}
}
