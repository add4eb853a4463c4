package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/elarian-go/elarian/internal/store"
)

// chooseOrg finds the org that a flag names, or the only one there is.
func chooseOrg(d *store.Directory, id string) (store.Org, error) {
	if id != "" {
		org, ok := d.Org(id)
		if !ok {
			return org, fmt.Errorf("there is no org %s: elarian org list shows all", id)
		}
		return org, nil
	}
	switch len(d.Orgs) {
	case 0:
		return store.Org{}, errors.New("there is no org yet: make one with: elarian org add NAME")
	case 1:
		return d.Orgs[0], nil
	}
	return store.Org{}, fmt.Errorf("there are %d orgs: say which by --org ID; elarian org list shows all", len(d.Orgs))
}

// chooseApp finds the app that is named, in whichever org, or the only one of the org.
func chooseApp(d *store.Directory, orgID, id string) (store.App, error) {
	var found []store.App
	for _, a := range d.Apps {
		if (orgID == "" || a.Org == orgID) && (id == "" || a.ID == id) {
			found = append(found, a)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case id != "" && len(found) == 0:
		return store.App{}, fmt.Errorf("there is no app %s: elarian app list shows all", id)
	case len(found) == 0:
		return store.App{}, errors.New("there is no app yet: make one with: elarian app add NAME")
	case id != "":
		return store.App{}, fmt.Errorf("app %s is in %d orgs: say which by --org ID", id, len(found))
	}
	return store.App{}, fmt.Errorf("there are %d apps: say which by --app ID; elarian app list shows all", len(found))
}

const maxName = 100

// checkName refuses names that would spoil a table.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("the name is empty")
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("the name has more than %d characters", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return errors.New("the name has characters that cannot be shown")
	}
	return nil
}
