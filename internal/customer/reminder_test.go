package customer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
)

func TestReminderCheck(t *testing.T) {
	limits := customer.DefaultLimits()
	at := time.Unix(1700000000, 0).UTC()
	for _, test := range []struct {
		name     string
		reminder customer.Reminder
		code     customer.Code // "" is fine
		field    string
	}{
		{"once", customer.Reminder{Key: "k", At: at}, "", ""},
		{"past", customer.Reminder{Key: "k", At: time.Unix(1, 0)}, "", ""},
		{"each minute", customer.Reminder{Key: "k", At: at, Interval: time.Minute}, "", ""},
		{"longest", customer.Reminder{Key: strings.Repeat("k", 256), At: at, Payload: strings.Repeat("p", 64<<10)}, "", ""},
		{"no key", customer.Reminder{At: at}, customer.InvalidRequest, "reminder.key"},
		{"long key", customer.Reminder{Key: strings.Repeat("k", 257), At: at}, customer.LimitReached, "reminder.key"},
		{"key with a zero byte", customer.Reminder{Key: "a\x00b", At: at}, customer.InvalidRequest, "reminder.key"},
		{"no time", customer.Reminder{Key: "k"}, customer.InvalidRequest, "reminder.remind_at"},
		{"too often", customer.Reminder{Key: "k", At: at, Interval: time.Minute - time.Millisecond}, customer.InvalidRequest, "reminder.interval"},
		{"backwards", customer.Reminder{Key: "k", At: at, Interval: -time.Hour}, customer.InvalidRequest, "reminder.interval"},
		{"long payload", customer.Reminder{Key: "k", At: at, Payload: strings.Repeat("p", 64<<10+1)}, customer.LimitReached, "reminder.payload"},
		{"payload that is no text", customer.Reminder{Key: "k", At: at, Payload: "\xff"}, customer.InvalidRequest, "reminder.payload"},
	} {
		err := test.reminder.Check(limits)
		var refused *customer.Refusal
		switch {
		case test.code == "" && err == nil:
		case !errors.As(err, &refused) || refused.Code != test.code || !strings.Contains(refused.Text, test.field):
			t.Errorf("%s: %v, want %q about %s", test.name, err, test.code, test.field)
		}
	}
}

// A reminder that is fired whenever it is due, by a server that is down at times, is told of at times
// of its grid only, each later than the one before, never early, and the latest that has come.
func TestReminderOccurrences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		second := rapid.Int64Range(1, 1<<33)
		start := time.Unix(second.Draw(t, "start"), 0).UTC()
		interval := time.Duration(rapid.Int64Range(int64(customer.MinInterval/time.Millisecond), 400*24*3600*1000).Draw(t, "interval ms")) * time.Millisecond
		r := customer.Reminder{Key: "k", At: start, Interval: interval}
		r.Start()
		now := start.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "set after ms")) * time.Millisecond)
		var last time.Time
		for range rapid.IntRange(1, 20).Draw(t, "times") {
			if due := r.Next; due.After(now) {
				now = due
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int64{0, 1, 999, int64(interval/time.Millisecond) - 1, int64(interval / time.Millisecond), 1e8}).Draw(t, "late ms")) * time.Millisecond)
			at, more := r.Fire(now)
			switch n := at.Sub(start); {
			case !more:
				t.Fatalf("over at %v", at)
			case n < 0 || n%interval != 0:
				t.Fatalf("told of %v, which is no occurrence", at)
			case at.After(now):
				t.Fatalf("told of %v at %v: early", at, now)
			case !last.IsZero() && !at.After(last):
				t.Fatalf("told of %v after %v", at, last)
			case now.Sub(at) >= interval:
				t.Fatalf("told of %v at %v, when a later occurrence had come", at, now)
			case !r.Next.Equal(at.Add(interval)):
				t.Fatalf("after %v comes %v", at, r.Next)
			}
			last = at
		}
	})
}

func TestReminderOnce(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	r := customer.Reminder{Key: "k", At: at}
	r.Start()
	if got, more := r.Fire(at.Add(time.Hour)); !got.Equal(at) || more {
		t.Errorf("%v, %v", got, more)
	}
	r = customer.Reminder{Key: "k", At: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), Interval: 48 * time.Hour}
	r.Start()
	if _, more := r.Fire(r.At); more {
		t.Errorf("goes on in %v, which the wire cannot carry", r.Next)
	}
}
