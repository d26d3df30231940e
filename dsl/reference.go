package dsl

// Mapping is a kind of mapping in rule files, as the reference describes it.
type Mapping struct {
	Name string // with its article
	Keys []KeyInfo
}

// KeyInfo is a key of a Mapping.
type KeyInfo struct {
	Name     string
	Required bool
	Doc      string
}

// Mappings returns all mappings with fixed keys, from the file downwards. Parse reads by the same tables.
func Mappings() []Mapping {
	return []Mapping{
		fileKeys.mapping(), translateKeys.mapping(), targetKeys.mapping(), ruleKeys.mapping(), replyKeys.mapping(), askKeys.mapping(),
		buttonKeys.mapping(), noticeKeys.mapping(), testKeys.mapping(), stepKeys.mapping(), actKeys.mapping(),
	}
}

func (o object[T]) mapping() Mapping {
	m := Mapping{Name: o.name}
	for _, k := range o.keys {
		m.Keys = append(m.Keys, KeyInfo{k.name, k.required, k.doc})
	}
	return m
}
