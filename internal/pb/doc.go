// Package pb is the generated Go of proto/. Rebuild it with `go generate ./internal/pb`.
package pb

//go:generate go run ./gen ../../proto .
