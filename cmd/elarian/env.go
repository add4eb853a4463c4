package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/envfile"
	"github.com/elarian-go/elarian/internal/sandbox"
)

func newEnvCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "env",
		Short: "Print what an app needs to know, for a shell",
		Long: `Print what an app needs to know to connect to the elarian dev of a folder, as lines for a shell: HOST, PORT,
ORG_ID, APP_ID, API_KEY, the numbers of the channels, and NODE_EXTRA_CA_CERTS, by which apps in
JavaScript trust its certificate.`,
		Example: `  eval "$(elarian env)"
  eval "$(elarian env --dir /tmp/other)"`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			vars, err := readEnv(dir)
			if err != nil {
				return err
			}
			for _, v := range vars {
				fmt.Fprintln(c.OutOrStdout(), envfile.Export(v))
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", defaultDir, "folder of elarian dev")
	return c
}

// readEnv reads what elarian dev wrote into its folder.
func readEnv(dir string) ([]envfile.Var, error) {
	vars, err := envfile.Read(filepath.Join(dir, sandbox.EnvFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no sandbox in %s: start %q first, or say --dir", dir, "elarian dev")
	}
	return vars, err
}
