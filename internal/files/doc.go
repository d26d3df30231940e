// Package files is what accounts upload to send it: photos and documents.
//
// Upload reads a body part by part into the store and never holds more of it than one part; what the file is, its first
// part tells. A file that turns out too large, empty or over the account's quota leaves nothing behind. Messages name
// files by id (see package messaging); files that no message needs expire and are swept away.
package files
