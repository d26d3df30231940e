// Package translate translates texts with Google Cloud Translation, so that whatever must not change does not.
//
// A text is masked first: placeholders, links, codes, tags, marks, names, emoji and terms to keep become tokens, {1}, {2}
// and so on, and only what is left is seen by the translator. Its answer may move the tokens; anything else that it does to
// them is found out, and then the text is translated once more, piece by piece around what is locked. What comes back is
// whole, or it is an error, and the caller goes on with the original.
//
// [Service] is the Translator of an installation. It looks into the account's cache, joins equal requests that run at the
// same time, counts what they cost, keeps the account's limit, and leaves a translator alone that fails again and again.
// Texts of sandbox bots reach nobody: they are marked with the language that they would be in.
package translate
