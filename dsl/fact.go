package dsl

import "maps"

// plainNames are those that every file sees, whatever it decides about.
var plainNames = map[string]bool{"text": true, "now": true, "clock": true, "weekday": true, "date": true}

// names are what the expressions of a file see in this environment.
func (e Env) names(f *File) []Member {
	all := f.Names()
	if e.Facts == nil {
		return all
	}
	var seen []Member
	for _, m := range all {
		if plainNames[m.Name] {
			seen = append(seen, m)
		}
	}
	for _, fact := range e.Facts {
		t := Type{Kind: fact.Kind}
		switch fact.Kind {
		case KindString:
			t = stringType(maxShortText)
		case KindInt:
			t.Range = &span{0, 1 << 50}
		}
		seen = append(seen, Member{Name: fact.Name, Type: t, Doc: fact.Doc})
	}
	return seen
}

// inputs read what names returns.
func (e Env) inputs() map[string]func(*scope) value {
	all := inputs()
	if e.Facts == nil {
		return all
	}
	maps.DeleteFunc(all, func(name string, _ func(*scope) value) bool { return !plainNames[name] })
	for _, fact := range e.Facts {
		all[fact.Name] = func(s *scope) value { return factValue(fact.Kind, s.in.Facts[fact.Name]) }
	}
	return all
}

func (e Env) objects() map[string]*entity {
	if e.Facts == nil {
		return objects()
	}
	return map[string]*entity{}
}

// factValue is a fact as expressions see it; one of another kind than was declared is left out like one that is missing.
func factValue(kind Kind, given any) value {
	switch kind {
	case KindInt:
		n, _ := given.(int64)
		return intValue(n)
	case KindBool:
		b, _ := given.(bool)
		return boolValue(b)
	default:
		s, _ := given.(string)
		return stringValue(cut(s, maxShortBytes))
	}
}
