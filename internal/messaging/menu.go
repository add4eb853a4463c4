package messaging

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MenuLength is how many characters a phone shows in one USSD menu.
const MenuLength = 182

// Page cuts a menu that is too long for one screen: into what is shown first, with an option that asks
// for more, and what is shown then. more is the input of that option, "" where nothing is cut.
func (m Menu) Page() (first Menu, rest []string, more string) {
	if utf8.RuneCountInString(m.Text) <= MenuLength {
		return m, nil, ""
	}
	more = moreKey(m.Text)
	option := "\n" + more + ". More"
	text := m.Text
	var pages []string
	for utf8.RuneCountInString(text) > MenuLength {
		page, left := cut(text, MenuLength-len(option))
		pages = append(pages, page+option)
		text = left
	}
	pages = append(pages, text)
	return Menu{Text: pages[0]}, pages[1:], more
}

// moreKey is an input that the menu does not offer itself.
func moreKey(text string) string {
	for n := 98; n < 1000; n++ {
		key := fmt.Sprint(n)
		if !strings.Contains(text, key) {
			return key
		}
	}
	return "#"
}

// cut takes up to n characters, at the end of a line where that leaves a good part of the page, else
// between words, else between characters.
func cut(text string, n int) (page, rest string) {
	end := 0
	for range n {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	page = text[:end]
	if text[end] == '\n' {
		return page, text[end+1:]
	}
	if i := strings.LastIndexByte(page, '\n'); i > end/3 {
		return page[:i], text[i+1:]
	}
	if i := strings.LastIndexByte(page, ' '); i > end/2 {
		return page[:i], text[i+1:]
	}
	return page, text[end:]
}
