// Survey asks all who have joined a question by SMS, and sends one summary of the answers to whoever asked.
// Start `elarian dev`, and in another terminal run the app with the environment that it shows. Then some phones
// join, the manager's phone asks, the others answer with a number from 1 to 5 and a word if they like, and when
// the time of the survey is over (five minutes, see --for) the summary comes to the manager:
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
	"strings"
	"time"

	"github.com/elarian-go/elarian"
)

// Survey is what the app remembers: all of it is app data about the manager, and nothing is in memory, so
// that the app may be restarted meanwhile, or run twice.
type Survey struct {
	Question string         `json:"question"` // empty where none is asked
	Scores   map[string]int `json:"scores"`   // 1 to 5, by customer id
}

// Answer is kept as metadata of the member, for the org's other apps too.
type Answer struct {
	Question string `json:"question"`
	Score    int    `json:"score"`
	Words    string `json:"words"`
}

var (
	from    = elarian.SMS("83044")
	members = elarian.Tag{Key: "survey", Value: "member"}
)

type app struct {
	client   *elarian.Client
	manager  elarian.CustomerNumber
	duration time.Duration
}

func main() {
	manager := flag.String("manager", "+254710000009", "phone that asks, and gets the summary")
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
	a := &app{client: elarian.New(config), manager: elarian.Cellular(manager), duration: duration}
	elarian.OnSMS(a.client, a.receive)
	a.client.OnReminder(a.summarize)
	return a.client
}

func (a *app) receive(ctx context.Context, m *elarian.ReceivedMessage, s *Survey) (elarian.Body, error) {
	word, rest, _ := strings.Cut(strings.TrimSpace(m.Text), " ")
	switch {
	case m.Customer.Number() != a.manager && strings.EqualFold(word, "join"):
		return elarian.Text("Thank you for joining."), m.Customer.UpdateTags(ctx, members)
	case m.Customer.Number() != a.manager:
		return a.take(ctx, m, word, rest)
	case strings.EqualFold(word, "ask") && rest != "":
		return a.ask(ctx, m, s, rest)
	case s.Question == "":
		return elarian.Text("Write Ask and your question."), nil
	}
	return elarian.Text(s.String()), nil // so far
}

// ask sends the question to all members. A handler may be called again for the same message, when the
// connection was lost, say: the key keeps it from asking twice.
func (a *app) ask(ctx context.Context, m *elarian.ReceivedMessage, s *Survey, question string) (elarian.Body, error) {
	end := elarian.Reminder{Key: "summary", At: m.CreatedAt.Add(a.duration)}
	if err := m.Customer.AddReminder(ctx, end); err != nil {
		return nil, err
	}
	text := elarian.Text(question + " Answer with a number from 1 (bad) to 5 (good), and a word if you like.")
	if _, err := a.client.SendMessageByTag(elarian.WithIdempotencyKey(ctx, "ask "+m.MessageID), members, from, text); err != nil {
		return nil, err
	}
	*s = Survey{Question: question, Scores: map[string]int{}}
	return elarian.Text(fmt.Sprintf("The members are asked. The summary comes in %.0f minutes.", a.duration.Minutes())), nil
}

// take keeps an answer; a later one takes its place.
func (a *app) take(ctx context.Context, m *elarian.ReceivedMessage, score, words string) (elarian.Body, error) {
	if len(score) != 1 || score < "1" || score > "5" {
		return elarian.Text("Please answer with a number from 1 to 5, or write Join to be asked."), nil
	}
	answer := Answer{Score: int(score[0] - '0'), Words: words}
	var err error
	if answer.Question, err = a.score(ctx, m.Customer.ID(), answer.Score); err != nil {
		return nil, err
	}
	if answer.Question == "" {
		return elarian.Text("Thank you, but nothing is asked now."), nil
	}
	if err := m.Customer.UpdateMetadata(ctx, map[string]any{"survey": answer}); err != nil {
		return nil, err
	}
	return elarian.Text("Thank you for your answer."), nil
}

// score writes a score into the survey, and gives the question. The lease has other answers wait that come
// at the same time.
func (a *app) score(ctx context.Context, member string, score int) (question string, err error) {
	manager := a.client.Customer(a.manager)
	data, err := manager.LeaseAppData(ctx)
	if err != nil {
		return "", err
	}
	var s Survey
	if err := data.Decode(&s); err != nil {
		return "", err
	}
	if s.Question != "" {
		s.Scores[member] = score
	}
	return s.Question, manager.UpdateAppData(ctx, s) // which frees the lease
}

// summarize is called when the time of the survey is over.
func (a *app) summarize(ctx context.Context, r *elarian.ReminderNotice) error {
	var s Survey
	if err := r.AppData.Decode(&s); err != nil {
		return err
	}
	once := elarian.WithIdempotencyKey(ctx, "summary "+r.Reminder.At.String())
	if _, err := r.Customer.SendMessage(once, from, elarian.Text(s.String())); err != nil {
		return err
	}
	r.SetAppData(Survey{})
	return nil
}

// String tells how many have answered, and what.
func (s Survey) String() string {
	if len(s.Scores) == 0 {
		return s.Question + " Nobody has answered."
	}
	var sum int
	var each [6]int
	for _, score := range s.Scores {
		sum += score
		each[score]++
	}
	text := fmt.Sprintf("%s %d answered, %.1f on average.", s.Question, len(s.Scores), float64(sum)/float64(len(s.Scores)))
	for score := 5; score > 0; score-- {
		text += fmt.Sprintf("\n%d: %d", score, each[score])
	}
	return text
}
