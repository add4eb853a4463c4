// Survey asks all who have joined a question by SMS, and sends one summary of the answers to whoever asked.
// Start `elarian dev`, and in another terminal run the app with the environment that it shows. Then some phones
// join, the manager's phone asks, the others answer with a number from 1 to 5 and a word if they like, and when
// the time of the survey is over (five minutes, see --for), and a minute for counting, the summary comes to the manager:
//
//	eval "$(elarian env)" && go run .
//	elarian phone --number +254710000001 sms 83044 "Join"
//	elarian phone --number +254710000009 sms 83044 "Ask How was your visit?"
//	elarian phone --number +254710000001 sms 83044 "4 friendly people"
//	elarian phone --number +254710000009 listen
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elarian-go/elarian"
)

// Answer is what the app remembers of a customer until the survey is over.
type Answer struct {
	Score int    `json:"score"` // 1 to 5, 0 for none
	Words string `json:"words"`
}

var (
	from    = elarian.SMS("83044")
	members = elarian.Tag{Key: "survey", Value: "member"}
)

// A survey ends by two reminders: one of each member, who has the answer in the app data, and a little
// later one of the manager. The server keeps both, so that the app may be restarted meanwhile.
const (
	endOfMember = "survey-member"
	endOfSurvey = "survey-summary"
	counting    = time.Minute // between the two
)

type survey struct {
	manager  string
	duration time.Duration

	mu      sync.Mutex
	answers map[string]Answer // by customer, while they are counted
}

func main() {
	manager := flag.String("manager", "+254710000009", "phone that may ask, and gets the summary")
	duration := flag.Duration("for", 5*time.Minute, "how long answers are taken")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	fmt.Println("Ready for surveys (Ctrl-C ends)")
	if err := newSurvey(elarian.ConfigFromEnv(), *manager, *duration).Run(ctx); err != nil {
		log.Fatal(err)
	}
}

func newSurvey(config elarian.Config, manager string, duration time.Duration) *elarian.Client {
	client := elarian.New(config)
	s := &survey{manager: manager, duration: duration, answers: map[string]Answer{}}
	elarian.OnSMS(client, func(ctx context.Context, m *elarian.ReceivedMessage, a *Answer) (elarian.Body, error) {
		word, rest, _ := strings.Cut(strings.TrimSpace(m.Text), " ")
		switch {
		case strings.EqualFold(word, "join"):
			return elarian.Text("Thank you for joining."), m.Customer.UpdateTags(ctx, members)
		case strings.EqualFold(word, "ask") && m.Customer.Number().Number == s.manager:
			return s.ask(ctx, client, m, rest)
		}
		return s.take(ctx, m, a, word, rest)
	})
	client.OnReminder(s.count)
	return client
}

// ask sends the question to all members. A handler may be called again for the same message, when the
// connection was lost, say: the keys keep it from asking twice.
func (s *survey) ask(ctx context.Context, client *elarian.Client, m *elarian.ReceivedMessage, question string) (elarian.Body, error) {
	end := m.CreatedAt.Add(s.duration)
	once := func(what string) context.Context { return elarian.WithIdempotencyKey(ctx, what+m.MessageID) }
	text := elarian.Text(question + " Answer with a number from 1 (bad) to 5 (good), and a word if you like.")
	if _, err := client.AddCustomerReminderByTag(once("end "), members, elarian.Reminder{Key: endOfMember, At: end}); err != nil {
		return nil, err
	}
	if _, err := client.SendMessageByTag(once("ask "), members, from, text); err != nil {
		return nil, err
	}
	summary := elarian.Reminder{Key: endOfSurvey, At: end.Add(counting), Payload: question}
	if err := m.Customer.AddReminder(ctx, summary); err != nil {
		return nil, err
	}
	return elarian.Text("The members are asked. The summary comes in " + (s.duration + counting).String() + "."), nil
}

// take keeps an answer; a later one takes its place. The score is also metadata, for the org's other apps.
func (s *survey) take(ctx context.Context, m *elarian.ReceivedMessage, a *Answer, score, words string) (elarian.Body, error) {
	if len(score) != 1 || score < "1" || score > "5" {
		return elarian.Text("Please answer with a number from 1 to 5, or write Join to be asked."), nil
	}
	*a = Answer{Score: int(score[0] - '0'), Words: words}
	if err := m.Customer.UpdateMetadata(ctx, map[string]any{"satisfaction": a.Score}); err != nil {
		return nil, err
	}
	return elarian.Text("Thank you for your answer."), nil
}

// count takes the answer of a member into the summary, or sends the summary.
func (s *survey) count(ctx context.Context, r *elarian.ReminderNotice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Reminder.Key == endOfMember {
		var a Answer
		if err := r.AppData.Decode(&a); err != nil {
			return err
		}
		s.answers[r.Customer.ID()] = a
		r.SetAppData(Answer{}) // the next survey begins anew
		return nil
	}
	text := elarian.Text(r.Reminder.Payload + " " + summary(s.answers))
	if _, err := r.Customer.SendMessage(ctx, from, text); err != nil {
		return err
	}
	clear(s.answers)
	return nil
}

// summary tells how many have answered, their average, and what they said.
func summary(answers map[string]Answer) string {
	var count, sum int
	var words []string
	for _, a := range answers {
		if a.Score == 0 {
			continue
		}
		count, sum = count+1, sum+a.Score
		if a.Words != "" {
			words = append(words, fmt.Sprintf("%q", a.Words))
		}
	}
	slices.Sort(words)
	if count == 0 {
		return fmt.Sprintf("None of %d answered.", len(answers))
	}
	text := fmt.Sprintf("%d of %d answered, %.1f on average.", count, len(answers), float64(sum)/float64(count))
	if len(words) > 0 {
		text += " They said: " + strings.Join(words, ", ")
	}
	return text
}
