package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/store"
)

type keyView struct {
	Org       string     `json:"org"`
	ID        string     `json:"id"`
	Hint      string     `json:"hint"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Key       string     `json:"key,omitempty"` // when it is made, and never again
}

// keyID is the short name of a key: the beginning of its hash.
func keyID(k store.APIKey) string { return k.Hash[:12] }

func viewKey(k store.APIKey) keyView {
	v := keyView{Org: k.Org, ID: keyID(k), Hint: k.Hint, Name: k.Name, CreatedAt: k.CreatedAt}
	if !k.RevokedAt.IsZero() {
		v.RevokedAt = &k.RevokedAt
	}
	return v
}

func newKeyCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID, name string
	add := &cobra.Command{
		Use:   "add",
		Short: "Make an API key of an org and show it, this once",
		Example: `  elarian key add --org el_org_… --name "web shop"
  API_KEY="$(elarian key add)"`,
		Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if name != "" {
				if err := checkName(name); err != nil {
					return err
				}
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, orgID)
				if err != nil {
					return err
				}
				key, secret, err := st.AddKey(org, name)
				if err != nil {
					return err
				}
				view := viewKey(key)
				view.Key = secret
				if !show.json {
					fmt.Fprintf(c.ErrOrStderr(), "Keep this key, it is not shown again. Its id is %s.\n", view.ID)
				}
				return show.one(c.OutOrStdout(), view, secret)
			})
		},
	}
	add.Flags().StringVar(&name, "name", "", "what the key is for")
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the keys by their ids and first characters",
		Example: "  elarian key list",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				keys, err := ofOrg(d, orgID, d.Keys, func(k store.APIKey) string { return k.Org })
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(keys, viewKey), []string{"ORG", "ID", "KEY", "NAME", "CREATED", "REVOKED"},
					each(keys, func(k store.APIKey) []string {
						return []string{k.Org, keyID(k), k.Hint + "…", cmp.Or(k.Name, "-"), when(k.CreatedAt), when(k.RevokedAt)}
					}))
			})
		},
	}
	revoke := &cobra.Command{
		Use:   "revoke KEY",
		Short: "Make a key worthless and cut its connections",
		Long:  "Make a key worthless: its connections are cut, and so are those with tokens made by it. KEY is its id, as key list shows it, or the key itself.",
		Example: `  elarian key list
  elarian key revoke 3f9a02c41b7e`,
		Args: arguments(1, 1, "KEY"),
		RunE: func(c *cobra.Command, args []string) error {
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				key, err := chooseKey(d, orgID, args[0])
				if err != nil {
					return err
				}
				if err := st.RevokeKey(key); err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewKey(key), "revoked "+keyID(key))
			})
		},
	}
	c := group("key", "Make, list and revoke API keys", "An API key opens all apps of its org. Only a hash of it is kept.", add, list, revoke)
	c.PersistentFlags().StringVar(&orgID, "org", "", "id of the org (not needed where there is one)")
	database.register(c)
	show.register(c)
	return c
}

// chooseKey finds a valid key by the key itself, or by at least 6 characters of its id.
func chooseKey(d *store.Directory, orgID, name string) (store.APIKey, error) {
	var found []store.APIKey
	for _, k := range d.Keys {
		if orgID != "" && k.Org != orgID {
			continue
		}
		if k.Hash == store.HashSecret(name) || len(name) >= 6 && strings.HasPrefix(k.Hash, name) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0:
		return store.APIKey{}, errors.New("there is no such key: elarian key list shows the ids of all")
	case len(found) > 1:
		return store.APIKey{}, fmt.Errorf("%s is the beginning of %d ids: say more of it", name, len(found))
	case !found[0].RevokedAt.IsZero():
		return store.APIKey{}, fmt.Errorf("key %s was revoked already, on %s", keyID(found[0]), when(found[0].RevokedAt))
	}
	return found[0], nil
}
