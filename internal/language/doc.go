// Package language tells in which language a short text is written, such as what people write to a bot.
//
// [Detect] looks at the script first. Many have one language only. Among the languages of Cyrillic and Latin it counts
// common words of chats, letters that only some of them have, and parts of words: see profiles.txt. It is quick, takes
// little memory, does no I/O, and says when it does not know.
package language
