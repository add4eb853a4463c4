package messaging

import (
	"fmt"
	"regexp"
	"strings"
)

var placePattern = regexp.MustCompile(`{{\s*([\pL\pM\pN_.-]+)\s*}}`)

// CheckPlaces refuses a template's text with braces that are no place for a value: customers would read them.
func CheckPlaces(body string) error {
	rest := placePattern.ReplaceAllString(body, "")
	for _, braces := range []string{"{{", "}}"} {
		if i := strings.Index(rest, braces); i >= 0 {
			return fmt.Errorf("%.20q is no place for a value: that is {{name}}, a name of letters, digits, \"_\", \".\" and \"-\"", rest[i:])
		}
	}
	return nil
}

// Render puts the values into a template's text; one that is missing is refused by its name.
func (t *Template) Render(body string) (string, error) {
	var missing string
	text := placePattern.ReplaceAllStringFunc(body, func(place string) string {
		name := placePattern.FindStringSubmatch(place)[1]
		value, found := t.Params[name]
		if !found && missing == "" {
			missing = name
		}
		return value
	})
	if missing != "" {
		return "", &Refusal{InvalidRequest, fmt.Sprintf("message.body.template.params: %s is missing, which template %s needs", missing, t.ID)}
	}
	return text, nil
}
