package app

import (
	"context"
	"fmt"

	"herald/internal/language"
	"herald/internal/translate"
)

// TranslationOptions say who translates, and how much.
type TranslationOptions = translate.Config

// startTranslation makes the translator. It says so at every start when texts of real bots are not translated.
func (a *App) startTranslation(ctx context.Context) (string, error) {
	translator, err := translate.New(ctx, a.o.Translation, translate.Deps{
		Store: a.store, Sealer: a.sealer, IDs: a.ids, Now: now, Logger: a.logger("translation"),
	})
	if err != nil {
		return "", fmt.Errorf("set up translation: %w", err)
	}
	a.translator = translator
	a.onStop(func(context.Context) error { return translator.Close() })
	return translator.Describe(), nil
}

// languageOf is what the rule language's lang_of says.
func languageOf(text string) string {
	found, _ := language.Detect(text)
	return found
}
