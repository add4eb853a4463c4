package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/examples"
)

func newExampleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "example go|js",
		Short: "Print a small app to begin with",
		Long:  "Print a small app to begin with, in Go or in JavaScript: appointments by USSD, and an answer to text messages.",
		Example: `  npm install elarian && elarian example js > app.js && node app.js
  elarian example go > main.go`,
		Args: arguments(1, 1, "go or js"),
		RunE: func(c *cobra.Command, args []string) error {
			app, ok := map[string][]byte{"go": examples.Go, "js": examples.JavaScript}[args[0]]
			if !ok {
				return usageError{fmt.Errorf("there is no example %q: use go or js", args[0])}
			}
			_, err := c.OutOrStdout().Write(app)
			return err
		},
	}
}
