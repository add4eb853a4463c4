// Package store keeps everything: rows in, rows out, on SQLite or PostgreSQL by one SQL text.
//
// Changes are units of work (Unit). A writer takes the units that wait, loads what they need, runs
// them one after the other in memory, each seeing those before it, writes all changes in a handful
// of statements, commits once, and only then tells their Done functions. Reads do not go through
// writers: they are grouped the same way on connections of their own.
package store
