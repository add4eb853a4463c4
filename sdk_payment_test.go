package elarian_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/elariantest"
	"github.com/elarian-go/elarian/internal/testpg"
)

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, srv *elariantest.Server)) {
	t.Run("sqlite", func(t *testing.T) { test(t, elariantest.Start(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, elariantest.Start(t, elariantest.WithStore(testpg.URL(t)))) })
}

func TestPaymentsOfTheServer(t *testing.T) { each(t, testPaymentsOfTheServer) }

func testPaymentsOfTheServer(t *testing.T, srv *elariantest.Server) {
	ctx := t.Context()
	client := connect(t, srv)
	ada, bob := client.Customer(elarian.Cellular("+254710000001")), client.Customer(elarian.Cellular("+254710000002"))
	pay := func(from, to elarian.Party, value string) elarian.PaymentReply {
		t.Helper()
		reply, err := client.InitiatePayment(ctx, from, to, elarian.KES(value), "test")
		must(t, err)
		return reply
	}
	state := func(c *elarian.Customer) elarian.PaymentState {
		t.Helper()
		s, err := c.GetState(ctx)
		must(t, err)
		return s.Payment
	}
	gift := pay(srv.Purse(), ada.Wallet("w"), "100.10")
	if gift.Status != elarian.PaymentSuccess || gift.CreditCustomerID != ada.ID() || gift.DebitCustomerID != "" {
		t.Errorf("%+v", gift)
	}
	pay(ada.Wallet("w"), bob.Wallet("w"), "0.10")
	held := pay(ada.Wallet("w"), ada.Account(elarian.MobileMoney("83044")), "40")
	out := srv.Phone("+254710000001").ExpectPayment(elarian.KES("40"))
	out.Ends(elarian.PaymentPendingConfirmation) // and so it does not succeed by itself
	checkout := pay(bob.Account(elarian.MobileMoney("83044")), bob.Wallet("w"), "5")

	s := state(ada)
	w := s.Wallets["w"]
	if w.Available != elarian.KES("60") || w.Actual != elarian.KES("100") || w.Sequence == 0 {
		t.Errorf("the wallet %+v", w)
	}
	if p := w.Pending[held.TransactionID]; len(w.Pending) != 1 || p.Value != elarian.KES("40") || p.Converted != elarian.KES("40") || p.CreatedAt.IsZero() {
		t.Errorf("what is held: %+v", w.Pending)
	}
	if len(s.Log) != 2 || len(s.Pending) != 1 || s.Pending[0].TransactionID != held.TransactionID || len(s.Numbers) != 1 || len(s.Channels) != 1 {
		t.Errorf("%+v", s)
	}
	if p, _ := s.Find(gift.TransactionID); p.From != srv.Purse() || p.To != (elarian.Wallet{CustomerID: ada.ID(), ID: "w"}) || p.Value != elarian.KES("100.10") ||
		p.Narration != "test" || p.AppID != srv.Config().AppID || p.CreatedAt.IsZero() || p.UpdatedAt.IsZero() {
		t.Errorf("%+v", p)
	}
	if p := s.Pending[0]; p.To != (elarian.CustomerAccount{Number: elarian.Cellular("+254710000001"), Channel: elarian.MobileMoney("83044")}) || p.Status != elarian.PaymentPendingConfirmation {
		t.Errorf("%+v", p)
	}

	// Who adopts has what both had, what is held and what is on its way too.
	must(t, ada.AdoptState(ctx, bob))
	s = state(ada)
	if w := s.Wallets["w"]; w.Available != elarian.KES("60.10") || w.Actual != elarian.KES("100.10") || len(s.Pending) != 2 {
		t.Errorf("after the adoption: %+v, pending %+v", w, s.Pending)
	}
	srv.Phone("+254710000002").ExpectCheckout(elarian.KES("5")).Approve()
	out.Ends(elarian.PaymentFailed)
	s = state(ada)
	if w := s.Wallets["w"]; w.Available != elarian.KES("105.10") || w.Actual != w.Available || len(w.Pending) != 0 || len(s.Pending) != 0 || len(s.Log) != 4 {
		t.Errorf("at the end: %+v, %+v", w, s)
	}
	if p, _ := s.Find(checkout.TransactionID); p.Status != elarian.PaymentSuccess {
		t.Errorf("%+v", p)
	}
}

// A handle by number, or by secondary id, leads to whoever has that now, also where it had learned the id of a
// customer who has been adopted since.
func TestWalletsOfWhoWasAdopted(t *testing.T) { each(t, testWalletsOfWhoWasAdopted) }

func testWalletsOfWhoWasAdopted(t *testing.T, srv *elariantest.Server) {
	ctx := t.Context()
	client := connect(t, srv)
	ada, bob := client.Customer(elarian.Cellular("+254710000001")), client.Customer(elarian.Cellular("+254710000002"))
	member := client.Customer(elarian.SecondaryID{Key: "member", Value: "7"})
	must(t, bob.UpdateSecondaryIDs(ctx, elarian.SecondaryID{Key: "member", Value: "7"}))
	pay := func(ctx context.Context, from, to elarian.Party, value string) elarian.PaymentReply {
		t.Helper()
		reply, err := client.InitiatePayment(ctx, from, to, elarian.KES(value), "test")
		must(t, err)
		return reply
	}
	pay(ctx, srv.Purse(), bob.Wallet("w"), "10")
	pay(ctx, srv.Purse(), member.Wallet("w"), "10")
	srv.Phone("+254710000002").SendSMS("83044", "hello")
	before, err := bob.GetState(ctx)
	must(t, err)
	adopted, hello := bob.ID(), before.Messaging.Messages[0].ID
	must(t, ada.AdoptState(ctx, client.Customer(elarian.CustomerID(adopted))))

	order := elarian.WithIdempotencyKey(ctx, "order 7")
	_, err = member.ReplyToMessage(ctx, hello, elarian.Text("hello to you"))
	must(t, err)
	srv.Phone("+254710000002").ExpectSMS("83044", "hello to you")
	first := pay(order, bob.Wallet("w"), member.Wallet("points"), "3")
	if again := pay(order, bob.Wallet("w"), member.Wallet("points"), "3"); again.TransactionID != first.TransactionID || first.DebitCustomerID != ada.ID() {
		t.Errorf("%+v, again %+v", first, again)
	}
	_, err = client.ReplayPayment(ctx, elarian.ReplayedPayment{ProviderTransactionID: "OLD1", At: srv.Now().Add(-time.Hour), From: srv.Purse(), To: bob.Wallet("w"),
		Value: elarian.KES("1"), Status: elarian.PaymentSuccess})
	must(t, err)
	state, err := ada.GetState(ctx)
	must(t, err)
	if w := state.Payment.Wallets; w["w"].Actual != elarian.KES("17") || w["points"].Actual != elarian.KES("3") || bob.ID() != ada.ID() {
		t.Errorf("%+v; bob is %s", w, bob.ID())
	}
	_, err = client.InitiatePayment(ctx, srv.Purse(), elarian.Wallet{CustomerID: adopted, ID: "w"}, elarian.KES("1"), "")
	wants(t, err, elarian.ErrDecommissioned)
	_, err = client.InitiatePayment(ctx, srv.Purse(), client.Customer(elarian.CustomerID(adopted)).Wallet("w"), elarian.KES("1"), "")
	wants(t, err, elarian.ErrDecommissioned)
}

func TestPaymentsThatCannotBe(t *testing.T) { each(t, testPaymentsThatCannotBe) }

func testPaymentsThatCannotBe(t *testing.T, srv *elariantest.Server) {
	ctx := t.Context()
	client := connect(t, srv)
	ada, bob := client.Customer(elarian.Cellular("+254710000001")), client.Customer(elarian.Cellular("+254710000002"))
	phone := ada.Account(elarian.MobileMoney("83044"))
	must(t, bob.UpdateTags(ctx, elarian.Tag{Key: "a"}))
	gone := elarian.Wallet{CustomerID: bob.ID(), ID: "w"}
	must(t, ada.AdoptState(ctx, bob))
	for _, test := range []struct {
		from, to elarian.Party
		value    elarian.Cash
		want     error
	}{
		{srv.Purse(), ada.Wallet("w"), elarian.KES("1000000.01"), elarian.ErrInsufficientFunds},
		{ada.Wallet("w"), srv.Purse(), elarian.KES("0.01"), elarian.ErrInsufficientFunds},
		{elarian.Purse("el_prs_nobody"), ada.Wallet("w"), elarian.KES("1"), elarian.ErrInvalidPurse},
		{srv.Purse(), elarian.Purse(""), elarian.KES("1"), elarian.ErrInvalidPurse},
		{srv.Purse(), elarian.Wallet{CustomerID: "el_cst_nobody", ID: "w"}, elarian.KES("1"), elarian.ErrInvalidParty},
		{srv.Purse(), ada.Wallet(""), elarian.KES("1"), elarian.ErrInvalidParty},
		{srv.Purse(), elarian.CustomerAccount{Channel: elarian.MobileMoney("83044")}, elarian.KES("1"), elarian.ErrInvalidParty},
		{srv.Purse(), ada.Account(elarian.MobileMoney("1")), elarian.KES("1"), elarian.ErrInvalidChannel},
		{srv.Purse(), elarian.ChannelAccount{Channel: elarian.PaymentCellular, Source: "1", Destination: "600100"}, elarian.KES("1"), elarian.ErrInvalidChannel},
		{srv.Purse(), gone, elarian.KES("1"), elarian.ErrDecommissioned},
		{phone, phone, elarian.KES("1"), elarian.ErrNotSupported},
		{ada.Account(elarian.Airtime("83044")), srv.Purse(), elarian.KES("1"), elarian.ErrNotSupported},
		{srv.Purse(), ada.Wallet("w"), elarian.KES("0"), elarian.ErrInvalidRequest},
		{srv.Purse(), ada.Wallet("w"), elarian.KES("-1"), elarian.ErrInvalidRequest},
		{srv.Purse(), ada.Wallet("w"), elarian.Cash{}, elarian.ErrInvalidRequest},
	} {
		reply, err := client.InitiatePayment(ctx, test.from, test.to, test.value, "test")
		wants(t, err, test.want)
		wants(t, err, elarian.ErrRefused)
		if !strings.Contains(err.Error(), " refused: ") || strings.Contains(err.Error(), "refused:  (") {
			t.Errorf("%v says nothing for people", err)
		}
		if !reply.Status.Failed() {
			t.Errorf("%+v", reply)
		}
	}
	state, err := ada.GetState(ctx)
	must(t, err)
	for id, w := range state.Payment.Wallets {
		if w.Actual.Sign() != 0 {
			t.Errorf("wallet %s has %s", id, w.Actual)
		}
	}
	_, err = client.ReplayPaymentStatusUpdate(ctx, elarian.Cellular("+254710000001"), "unknown", time.Now(), elarian.PaymentSuccess)
	wants(t, err, elarian.ErrNotFound)
}
