package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/elarian-go/elarian"
)

// screen is what the phone shows. Messages come at any time, so it is locked.
type screen struct {
	mu     sync.Mutex
	w      io.Writer
	asking bool // the prompt stands there without a line's end
}

// line begins a new line where the prompt stands in the way.
func (s *screen) line(text string) {
	if s.asking {
		fmt.Fprintln(s.w)
		s.asking = false
	}
	fmt.Fprintln(s.w, text)
}

// note tells what happens.
func (s *screen) note(format string, args ...any) { s.plain(fmt.Sprintf(format, args...)) }

// plain shows a text as it is.
func (s *screen) plain(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line(text)
}

// ask shows the prompt.
func (s *screen) ask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = true
	fmt.Fprint(s.w, "> ")
}

// answered takes the line that came after the prompt; it is shown unless it was typed, which shows it already.
func (s *screen) answered(line string, typed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !typed && s.asking {
		fmt.Fprintln(s.w, line)
	}
	s.asking = false
}

// end leaves the prompt, where it stands.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking {
		fmt.Fprintln(s.w)
	}
	s.asking = false
}

// message shows a message of an app.
func (s *screen) message(from elarian.MessagingChannelNumber, text string) {
	s.push("[%s from %s] %s", channelLabel(from.Channel), from.Number, text)
}

// push shows what has come by itself, and the prompt again where it was there.
func (s *screen) push(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asking := s.asking
	s.line(fmt.Sprintf(format, args...))
	if asking {
		s.asking = true
		fmt.Fprint(s.w, "> ")
	}
}

func channelLabel(c elarian.MessagingChannel) string {
	switch c {
	case elarian.ChannelSMS, elarian.ChannelUSSD:
		return strings.ToUpper(c.String())
	case elarian.ChannelWhatsApp:
		return "WhatsApp"
	case elarian.ChannelTelegram:
		return "Telegram"
	case elarian.ChannelMessenger:
		return "Messenger"
	case elarian.ChannelEmail:
		return "e-mail"
	}
	return c.String()
}

const boxWidth = 32

// box shows a menu as a phone does.
func (s *screen) box(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	border := strings.Repeat("─", boxWidth)
	s.line("┌" + border + "┐")
	for _, line := range wrap(text, boxWidth-2) {
		s.line("│ " + line + strings.Repeat(" ", boxWidth-2-utf8.RuneCountInString(line)) + " │")
	}
	s.line("└" + border + "┘")
}

// wrap breaks a text into lines of at most width characters, between words where it can.
func wrap(text string, width int) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", ""), "\n") {
		rest := []rune(strings.TrimRight(strings.ReplaceAll(line, "\t", " "), " "))
		for len(rest) > width {
			cut := width
			for i := width; i > 0; i-- {
				if rest[i] == ' ' {
					cut = i
					break
				}
			}
			lines = append(lines, strings.TrimRight(string(rest[:cut]), " "))
			rest = []rune(strings.TrimLeft(string(rest[cut:]), " "))
		}
		lines = append(lines, string(rest))
	}
	return lines
}
