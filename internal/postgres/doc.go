// Package postgres keeps Herald's truth in PostgreSQL: migrations, queries typed by sqlc (dbsqlc), and one file per noun
// that turns rows into the words of package gateway.
//
// Hot paths count their round trips: accepting a message is one statement, each change of a delivery is a locked
// read of three queries and one statement that writes.
package postgres
