package dsl

// exprFunctions are those of expr's own functions that the language has. What expr has besides does not exist here.
func exprFunctions() []Function {
	text := Param{Name: "text", Kind: KindString}
	list := Param{Name: "list", Kind: KindList}
	test := Param{Name: "test", Kind: KindTest}
	number := Param{Name: "number", Kind: KindNumber}
	letters := Cost{Call: 2, PerByte: 8}
	each := Cost{Call: 2, PerItem: 1}
	return []Function{
		{
			Name: "lower", Params: []Param{text}, Result: KindString, Cost: letters, Doc: "Writes a text in small letters.",
			Examples: []Example{{`lower("ПРИВІТ, World")`, `"привіт, world"`}},
		},
		{
			Name: "upper", Params: []Param{text}, Result: KindString, Cost: letters, Doc: "Writes a text in capitals.",
			Examples: []Example{{`upper("привіт, World")`, `"ПРИВІТ, WORLD"`}},
		},
		{
			Name: "trim", Result: KindString, Cost: letters,
			Params:   []Param{text, {Name: "characters", Kind: KindString, Optional: true}},
			Doc:      "Takes blanks, or the given characters, off both ends of a text.",
			Examples: []Example{{`trim("  hi ")`, `"hi"`}, {`trim("(hi)", "()")`, `"hi"`}},
		},
		{
			Name: "split", Result: KindList, Cost: Cost{Call: 2, PerByte: 64},
			Params: []Param{
				text, {Name: "separator", Kind: KindString}, {Name: "most", Kind: KindInt, Optional: true},
			},
			Doc:      "Cuts a text at a separator into a list, of at most so many texts if that is said.",
			Examples: []Example{{`split("a,b,c", ",")`, `["a", "b", "c"]`}, {`split("a,b,c", ",", 2)`, `["a", "b,c"]`}},
		},
		{
			Name: "join", Result: KindString, Cost: Cost{Call: 2, PerByte: 1, PerItem: 2},
			Params:   []Param{list, {Name: "separator", Kind: KindString, Optional: true}},
			Doc:      "Puts the texts of a list together, with a separator in between.",
			Examples: []Example{{`join(["a", "b"], ", ")`, `"a, b"`}, {`join(split("a-b", "-"))`, `"ab"`}},
		},
		{
			Name: "len", Params: []Param{{Name: "value", Kind: KindAny}}, Result: KindInt, Cost: Cost{Call: 1, PerByte: 4},
			Doc:      "Counts the characters of a text, the elements of a list or the entries of a map.",
			Examples: []Example{{`len("їжак")`, `4`}, {`len([1, 2, 3])`, `3`}},
		},
		{
			Name: "int", Params: []Param{{Name: "value", Kind: KindAny}}, Result: KindInt, MaybeNil: true, Cost: letters,
			Doc:      "Makes a whole number of a number, whose fraction is cut off, or of a text; nil of a text that is none. A number that is too large becomes the largest.",
			Examples: []Example{{`int("42")`, `42`}, {`int(2.9)`, `2`}, {`int("a dozen")`, `nil`}, {`int(1 / 0)`, `9223372036854775807`}},
		},
		{
			Name: "float", Params: []Param{{Name: "value", Kind: KindAny}}, Result: KindFloat, MaybeNil: true, Cost: letters,
			Doc:      "Makes a number with a fraction of a number or a text; nil of a text that is none.",
			Examples: []Example{{`float("1.5")`, `1.5`}, {`float(2)`, `2.0`}, {`float("?")`, `nil`}},
		},
		{
			Name: "string", Params: []Param{{Name: "value", Kind: KindAny}}, Result: KindString, Cost: Cost{Call: 8, PerItem: 8},
			Doc:      "Writes a value as a text, as a hole in a text does.",
			Examples: []Example{{`string(42)`, `"42"`}, {`string(1.50)`, `"1.5"`}, {`string(true)`, `"true"`}},
		},
		{
			Name: "min", Result: KindNumber, Cost: each, Params: []Param{number, {Name: "number", Kind: KindNumber, Optional: true, Repeated: true}},
			Doc: "Returns the smallest of some numbers.", Examples: []Example{{`min(3, 1, 2)`, `1`}, {`min(0.5, 2)`, `0.5`}},
		},
		{
			Name: "max", Result: KindNumber, Cost: each, Params: []Param{number, {Name: "number", Kind: KindNumber, Optional: true, Repeated: true}},
			Doc: "Returns the largest of some numbers.", Examples: []Example{{`max(3, 1, 2)`, `3`}},
		},
		{
			Name: "round", Params: []Param{number}, Result: KindFloat, Cost: Cost{Call: 1}, Doc: "Rounds to the nearest whole number, halves away from zero.",
			Examples: []Example{{`round(2.5)`, `3.0`}, {`round(-2.4)`, `-2.0`}},
		},
		{
			Name: "abs", Params: []Param{number}, Result: KindNumber, Cost: Cost{Call: 1}, Doc: "Returns a number without its sign.",
			Examples: []Example{{`abs(-3)`, `3`}, {`abs(-1.5)`, `1.5`}},
		},
		{
			Name: "first", Params: []Param{list}, Result: KindAny, MaybeNil: true, Cost: Cost{Call: 1}, Doc: "Returns the first element of a list, nil of an empty one.",
			Examples: []Example{{`first(["a", "b"])`, `"a"`}, {`first([])`, `nil`}},
		},
		{
			Name: "last", Params: []Param{list}, Result: KindAny, MaybeNil: true, Cost: Cost{Call: 1}, Doc: "Returns the last element of a list, nil of an empty one.",
			Examples: []Example{{`last(["a", "b"])`, `"b"`}, {`last([])`, `nil`}},
		},
		{
			Name: "any", Params: []Param{list, test}, Result: KindBool, Cost: each, Doc: "Tells whether a condition holds for at least one element.",
			Examples: []Example{{`any([1, 2, 3], # > 2)`, `true`}, {`any([], # > 2)`, `false`}},
		},
		{
			Name: "all", Params: []Param{list, test}, Result: KindBool, Cost: each, Doc: "Tells whether a condition holds for every element.",
			Examples: []Example{{`all(["ab", "ac"], # startsWith "a")`, `true`}, {`all([], # > 2)`, `true`}},
		},
		{
			Name: "none", Params: []Param{list, test}, Result: KindBool, Cost: each, Doc: "Tells whether a condition holds for no element.",
			Examples: []Example{{`none([1, 2], # > 2)`, `true`}},
		},
		{
			Name: "filter", Params: []Param{list, test}, Result: KindList, Cost: each, Doc: "Returns the elements for which a condition holds.",
			Examples: []Example{{`filter([1, 2, 3], # != 2)`, `[1, 3]`}},
		},
		{
			Name: "map", Params: []Param{list, {Name: "value", Kind: KindBody}}, Result: KindList, Cost: each, Doc: "Returns the list of what an expression makes of each element.",
			Examples: []Example{{`map([1, 2], # * 10)`, `[10, 20]`}},
		},
		{
			Name: "count", Result: KindInt, Cost: each,
			Params:   []Param{list, {Name: "test", Kind: KindTest, Optional: true}},
			Doc:      "Counts the elements for which a condition holds, or those that are true.",
			Examples: []Example{{`count([1, 2, 3], # >= 2)`, `2`}, {`count([true, false])`, `1`}},
		},
	}
}
