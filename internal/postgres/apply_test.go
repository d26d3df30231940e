package postgres

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/postgres/dbsqlc"
)

// A statement that says less than ApplyChange says everything but what apply keeps from it.
func TestNothingOfAChangeIsLeftOut(t *testing.T) {
	t.Parallel()
	rare := map[string]bool{ // of evidence, translations, and events for rules
		"NewEvidence": true, "EvidenceAt": true, "SkipRest": true, "Raise": true, "RaiseBody": true, "MessageBotID": true,
		"Translated": true, "Translation": true, "TranslatedButtons": true, "TranslationReason": true, "TranslationCharacters": true, "TranslationKeys": true,
	}
	whole := filled[dbsqlc.ApplyChangeParams]()
	for _, said := range []reflect.Value{reflect.ValueOf(turn(whole)), reflect.ValueOf(outcome(whole))} {
		for _, field := range reflect.VisibleFields(said.Type()) {
			require.Equal(t, reflect.ValueOf(whole).FieldByName(field.Name).Interface(), said.FieldByName(field.Name).Interface(), field.Name)
		}
	}
	turns, slots := reflect.TypeFor[dbsqlc.ApplyTurnParams](), 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[dbsqlc.ApplyChangeParams]()) {
		_, said := turns.FieldByName(field.Name)
		require.NotEqual(t, rare[field.Name] || field.Name == "LeaveQueue", said, field.Name)
		if _, said := reflect.TypeFor[dbsqlc.ApplyOutcomeParams]().FieldByName(field.Name); !said && !rare[field.Name] {
			slots++
		}
	}
	require.Equal(t, 13, slots, "what is about the slots and the chat")
}

// filled is a struct of which no field is empty.
func filled[T any]() (filled T) {
	v := reflect.ValueOf(&filled).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString("x")
		case bool:
			f.SetBool(true)
		case int32, int64:
			f.SetInt(7)
		case float64:
			f.SetFloat(7)
		case *string:
			f.Set(reflect.ValueOf(new("x")))
		case time.Time, *time.Time:
			at := time.Unix(7, 0)
			if f.Kind() == reflect.Pointer {
				f.Set(reflect.ValueOf(&at))
			} else {
				f.Set(reflect.ValueOf(at))
			}
		default:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	return filled
}
