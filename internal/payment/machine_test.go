package payment_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
)

var (
	started  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	provider = customer.Actor{Kind: "provider", ID: "simulator"}
)

// all are the statuses of the wire.
var all = []payment.Status{
	payment.Queued, payment.PendingConfirmation, payment.PendingValidation, payment.Validated, payment.InvalidRequest, payment.NotSupported,
	payment.InsufficientFunds, payment.ApplicationError, payment.NotAllowed, payment.DuplicateRequest, payment.InvalidPurse,
	payment.InvalidCounterParty, payment.InvalidChannelNumber, payment.GatewayError, payment.DecommissionedCustomerID, payment.Success,
	payment.Failed, payment.Throttled, payment.Expired, payment.Rejected, payment.Reversed,
}

func TestStatuses(t *testing.T) {
	for _, s := range all {
		named, ok := payment.StatusNamed(s.String())
		if !s.Known() || !ok || named != s {
			t.Errorf("%d is %s, which names %d", s, s, named)
		}
		if s.Pending() != (s < 200) {
			t.Errorf("%s: pending %v", s, s.Pending())
		}
	}
	for _, s := range []payment.Status{payment.Unspecified, -1, 1, 104, 999} {
		if s.Known() {
			t.Errorf("%d is known as %s", s, s)
		}
	}
}

func TestNext(t *testing.T) {
	// A letter for what comes of a status: one that is a posting is News.
	const (
		says     = "-htsrv" // the postings: nothing, hold, transfer, settle, release, reverse
		repeated = '='
		never    = 'x'
	)
	to := []payment.Status{payment.Queued, payment.PendingConfirmation, payment.Success, payment.Failed, payment.GatewayError, payment.Expired, payment.Reversed, payment.Unspecified, 999}
	for _, test := range []struct {
		from payment.Status
		want map[payment.Flow]string // a letter for each of to
	}{
		{payment.Unspecified, map[payment.Flow]string{payment.Internal: "xxtxxxx=x", payment.Outbound: "hhxxxxx=x", payment.Inbound: "--t----=x", payment.Imported: "-------=x"}},
		{payment.Queued, map[payment.Flow]string{payment.Internal: "=xxxxxxxx", payment.Outbound: "=-srrrxxx", payment.Inbound: "=-t---xxx", payment.Imported: "=-----xxx"}},
		{payment.PendingConfirmation, map[payment.Flow]string{payment.Internal: "x=xxxxxxx", payment.Outbound: "-=srrrxxx", payment.Inbound: "-=t---xxx", payment.Imported: "-=----xxx"}},
		{payment.Success, map[payment.Flow]string{payment.Internal: "xx=xxxvxx", payment.Outbound: "xx=xxxvxx", payment.Inbound: "xx=xxxvxx", payment.Imported: "xx=xxx-xx"}},
		{payment.Failed, map[payment.Flow]string{payment.Internal: "xxx=xxxxx", payment.Outbound: "xxx=xxxxx", payment.Inbound: "xxx=xxxxx", payment.Imported: "xxx=xxxxx"}},
		{payment.Expired, map[payment.Flow]string{payment.Internal: "xxxxx=xxx", payment.Outbound: "xxxxx=xxx", payment.Inbound: "xxxxx=xxx", payment.Imported: "xxxxx=xxx"}},
		{payment.Reversed, map[payment.Flow]string{payment.Internal: "xxxxxx=xx", payment.Outbound: "xxxxxx=xx", payment.Inbound: "xxxxxx=xx", payment.Imported: "xxxxxx=xx"}},
	} {
		for flow, want := range test.want {
			var got strings.Builder
			for _, s := range to {
				p := payment.Payment{Flow: flow, Status: test.from}
				switch posting, verdict := p.Next(s); verdict {
				case payment.News:
					got.WriteByte(says[posting])
				case payment.Repeated:
					got.WriteByte(repeated)
				default:
					got.WriteByte(never)
				}
			}
			if got.String() != want {
				t.Errorf("flow %d from %s: %s, want %s for %v", flow, test.from, &got, want, to)
			}
		}
	}
}

// Whatever a payment is told, in whatever order: it moves its amount at most once and at most once back,
// only by way of a hold where it goes out, and holds nothing once it is final.
func TestHistoriesOfAPayment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flow := rapid.SampledFrom([]payment.Flow{payment.Internal, payment.Outbound, payment.Inbound, payment.Imported}).Draw(t, "flow")
		p := payment.Payment{Flow: flow, CreatedAt: started}
		held, moved, told := 0, 0, 0
		var taken []payment.Status
		for i, s := range rapid.SliceOfN(rapid.SampledFrom(append([]payment.Status{payment.Unspecified, 999}, all...)), 1, 40).Draw(t, "told") {
			now, before := started.Add(time.Duration(i)*time.Second), p.Status
			posting, verdict := p.Next(s)
			told++
			if verdict != payment.News {
				if posting != payment.Nothing {
					t.Fatalf("%s after %s posts %s, but is not news", s, before, posting)
				}
				p.Note(s, verdict, "", provider, now)
				continue
			}
			switch posting {
			case payment.Hold:
				held++
			case payment.Settle:
				held--
				moved++
			case payment.Release:
				held--
			case payment.Transfer:
				moved++
			case payment.Reverse:
				moved--
			}
			p.Take(s, "", provider, now)
			taken = append(taken, s)
			outside := flow == payment.Imported
			want := !outside && s == payment.Success
			if (moved == 1) != want || moved < 0 || moved > 1 {
				t.Fatalf("%v: moved %d times", taken, moved)
			}
			if (held == 1) != (flow == payment.Outbound && s.Pending()) || held < 0 || held > 1 {
				t.Fatalf("%v: held %d times", taken, held)
			}
		}
		finals := slices.DeleteFunc(slices.Clone(taken), payment.Status.Pending)
		switch {
		case len(finals) > 2, len(finals) == 2 && !slices.Equal(finals, []payment.Status{payment.Success, payment.Reversed}):
			t.Fatalf("final statuses %v", finals)
		case len(taken) > 0 && p.Status != taken[len(taken)-1]:
			t.Fatalf("is %s, after %v", p.Status, taken)
		}
		times := 0
		for _, e := range p.History {
			times += e.Times
		}
		if times != told || len(p.History) > 3*(len(all)+2) {
			t.Fatalf("told %d times, the history of %d has %d", told, len(p.History), times)
		}
	})
}
