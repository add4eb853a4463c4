// Package examples has small apps to begin with, also inside the program elarian.
package examples

import _ "embed"

// Go and JavaScript are the clinic's app in either language: the same menus and app data.
var (
	//go:embed clinic/main.go
	Go []byte
	//go:embed clinic/app.js
	JavaScript []byte
)
