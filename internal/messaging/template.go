package messaging

import (
	"fmt"
	"regexp"
)

var placePattern = regexp.MustCompile(`{{\s*([\w.-]+)\s*}}`)

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
