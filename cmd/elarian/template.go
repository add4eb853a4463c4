package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/store"
)

type templateView struct {
	Org  string `json:"org"`
	ID   string `json:"id"`
	Body string `json:"body"`
}

func viewTemplate(t store.Template) templateView { return templateView{t.Org, t.ID, t.Body} }

const maxTemplate = 64 << 10

// checkTemplate refuses what no message could be made of.
func checkTemplate(id, body string) error {
	switch {
	case id == "" || len(id) > 128 || strings.ContainsAny(id, " \t\n\x00"):
		return errors.New("the template's id must be a word of up to 128 bytes")
	case strings.TrimSpace(body) == "":
		return errors.New("the template's text is empty")
	case len(body) > maxTemplate:
		return fmt.Errorf("the template's text has more than %d bytes", maxTemplate)
	case !utf8.ValidString(body) || strings.IndexByte(body, 0) >= 0:
		return errors.New("the template's text is no UTF-8 text")
	}
	return messaging.CheckPlaces(body)
}

func newTemplateCommand() *cobra.Command {
	var database storeFlags
	var show output
	var orgID, file string
	add := &cobra.Command{
		Use:   "add ID [TEXT]",
		Short: "Store a template, or replace it; {{name}} stands for a value that the message gives",
		Example: `  elarian template add visit 'Dear {{name}}, your visit is on {{day}}.'
  elarian template add terms --file terms.txt`,
		Args: arguments(1, 2, "ID and TEXT"),
		RunE: func(c *cobra.Command, args []string) error {
			body := strings.Join(args[1:], "")
			if file != "" {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				body = string(b)
			}
			if err := checkTemplate(args[0], body); err != nil {
				return err
			}
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, orgID)
				if err != nil {
					return err
				}
				t := store.Template{Org: org.ID, ID: args[0], Body: body}
				if err := st.AddTemplate(t); err != nil {
					return err
				}
				return show.one(c.OutOrStdout(), viewTemplate(t), t.ID)
			})
		},
	}
	add.Flags().StringVar(&file, "file", "", "read the text from a file")
	list := &cobra.Command{
		Use: "list", Short: "List the templates", Example: "  elarian template list", Args: arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			return database.with(c, false, func(_ *store.Store, d *store.Directory) error {
				templates, err := ofOrg(d, orgID, d.Templates, func(t store.Template) string { return t.Org })
				if err != nil {
					return err
				}
				return show.list(c.OutOrStdout(), each(templates, viewTemplate), []string{"ORG", "ID", "TEXT"},
					each(templates, func(t store.Template) []string { return []string{t.Org, t.ID, fmt.Sprintf("%.60q", t.Body)} }))
			})
		},
	}
	remove := &cobra.Command{
		Use: "remove ID", Short: "Remove a template", Example: "  elarian template remove visit", Args: arguments(1, 1, "ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return database.with(c, false, func(st *store.Store, d *store.Directory) error {
				org, err := chooseOrg(d, orgID)
				if err != nil {
					return err
				}
				if _, found := d.Template(org.ID, args[0]); !found {
					return fmt.Errorf("there is no template %s: elarian template list shows all", args[0])
				}
				return st.RemoveTemplate(org.ID, args[0])
			})
		},
	}
	c := group("template", "Texts with places for values, for messages", "", add, list, remove)
	c.PersistentFlags().StringVar(&orgID, "org", "", "org (default: the only one)")
	database.register(c)
	show.register(c)
	return c
}
