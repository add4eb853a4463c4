package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version",
		Example: "  elarian version",
		Args:    arguments(0, 0, ""),
		Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintf(c.OutOrStdout(), "elarian %s (%s, %s/%s)\n", elarian.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
