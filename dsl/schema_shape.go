package dsl

// shape is what a value may be, as JSON Schema says it.
type shape func() map[string]any

func textShape() map[string]any {
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}

func flagShape() map[string]any { return map[string]any{"type": "boolean"} }

func lengthShape() map[string]any {
	return map[string]any{"type": "string", "pattern": `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`}
}

const languagePattern = `^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`

func languageShape() map[string]any {
	return map[string]any{"type": "string", "pattern": languagePattern}
}

// eventShape proposes the events, and takes commands.
func eventShape() map[string]any {
	return oneOf(choice(Events...), func() map[string]any {
		return map[string]any{"type": "string", "pattern": commandForm.String()}
	})()
}

// ref points to a definition of the schema.
func ref(name string) shape {
	return func() map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }
}

func choice(values ...string) shape {
	return func() map[string]any { return map[string]any{"enum": values} }
}

func listOf(item shape, limit int) shape {
	return func() map[string]any { return map[string]any{"type": "array", "items": item(), "maxItems": limit} }
}

// oneOf takes any of several shapes.
func oneOf(shapes ...shape) shape {
	return func() map[string]any {
		all := make([]any, len(shapes))
		for i, s := range shapes {
			all[i] = s()
		}
		return map[string]any{"anyOf": all}
	}
}

func oneOrListOf(item shape, limit int) shape { return oneOf(item, listOf(item, limit)) }

// mapOf is a mapping with free names.
func mapOf(value shape, limit int) shape {
	return func() map[string]any {
		return map[string]any{"type": "object", "additionalProperties": value(), "maxProperties": limit}
	}
}
