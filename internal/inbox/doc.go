// Package inbox turns updates into verdicts: who wrote, what it says about their connection and their phone, and the
// line that History keeps.
//
// Updates of one chat are processed in the order in which they were stored, one at a time over all processes; chats go
// in parallel. A verdict is written in one transaction with the update's end, so a crash at any point loses nothing and
// repeats nothing. An update that cannot be understood is put aside with its error and never holds up its bot.
package inbox
