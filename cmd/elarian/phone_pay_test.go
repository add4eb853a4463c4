package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/elarian-go/elarian"
)

// startShop runs an app that thanks for payments, and says what becomes of those that it begins.
func startShop(t *testing.T, config elarian.Config) (*elarian.Client, chan elarian.PaymentStatus) {
	t.Helper()
	decided := make(chan elarian.PaymentStatus, 10)
	client := elarian.New(config)
	client.OnReceivedPayment(func(ctx context.Context, p *elarian.ReceivedPayment) error {
		_, err := p.Customer.SendMessage(ctx, elarian.SMS("83044"), elarian.Text(fmt.Sprintf("Thank you for %s", p.Value)))
		return err
	})
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		if !p.Status.Pending() {
			decided <- p.Status
		}
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, decided
}

func TestAPhonePays(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	startShop(t, d.config())
	got := runIn(t, dir, "phone", "pay", "83044", "1200.50", "--id", "QHG7", "--wait", patience.String())
	if got.code != 0 || got.out != "+254710000001 pays KES 1,200.50 to 83044 (transaction QHG7)\n[SMS from 83044] Thank you for KES 1,200.50\n" {
		t.Errorf("%+v", got)
	}
	refused(t, runIn(t, dir, "phone", "pay", "1", "5"), 1, "1:")
	refused(t, runIn(t, dir, "phone", "pay", "83044", "a lot"), 2, `"a lot" is no amount`)
	refused(t, runIn(t, dir, "phone", "pay", "83044", "1", "--currency", "XYZ"), 2, `"XYZ" is no currency`)
	refused(t, runIn(t, dir, "phone", "approve", "el_txn_nothing"), 1, "el_txn_nothing")
	d.stop()
}

// The guide's line about money can be pasted as it is, and shows where the money went.
func TestTheGuidePays(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	_, line, found := strings.Cut(d.output(), "pay by it")
	line, _, _ = strings.Cut(line, "\n")
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = dir, environment()
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"+254710000001 pays KES 500.00 to 83044", "KES 1,000,500.00", "el_txn_"} {
		if !found || err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%q is not in the output of %s: %v\n%s", want, line, err, out)
		}
	}
	d.stop()
}

// Who listens sees what is paid to the phone, and is asked; a transaction can be answered by its id too.
func TestAPhoneIsAskedToPay(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	client, decided := startShop(t, d.config())
	purse := elarian.Purse(d.vars.Get("PURSE_ID"))
	account := client.Customer(elarian.Cellular("+254710000001")).Account(elarian.MobileMoney("83044"))
	pay := func(from, to elarian.Party, value elarian.Cash) string {
		t.Helper()
		reply, err := client.InitiatePayment(t.Context(), from, to, value, "")
		if err != nil {
			t.Fatal(err)
		}
		return reply.TransactionID
	}
	for _, c := range []struct {
		stdin string
		want  elarian.PaymentStatus
	}{{"\n", elarian.PaymentSuccess}, {"n\n", elarian.PaymentRejected}} {
		phone := launch(t, invocation{dir: dir, stdin: c.stdin}, false, "phone", "listen")
		phone.await("waits for messages, calls and payments")
		id := pay(account, purse, elarian.KES("50"))
		phone.await("[83044 asks for KES 50.00, " + id + "]")
		phone.await("[" + id + ": " + c.want.String() + "]")
		if got := <-decided; got != c.want {
			t.Errorf("the app is told %s, want %s", got, c.want)
		}
		phone.stop()
	}

	phone := launch(t, invocation{dir: dir, stdin: ""}, false, "phone", "listen")
	phone.await("waits for messages, calls and payments")
	sent := pay(purse, account, elarian.KES("70"))
	phone.await("[KES 70.00 from 83044, " + sent + "]")
	if got := <-decided; got != elarian.PaymentSuccess {
		t.Errorf("the app is told %s", got)
	}
	id := pay(account, purse, elarian.KES("60"))
	phone.await("[83044 asks for KES 60.00, " + id + "]")
	if got := runIn(t, dir, "phone", "decline", id); got.code != 0 || got.out != "["+id+": rejected]\n" {
		t.Errorf("%+v", got)
	}
	if got := <-decided; got != elarian.PaymentRejected {
		t.Errorf("the app is told %s", got)
	}
	phone.stop()
	d.stop()
}

// A phone that only dials tells how to answer.
func TestACheckoutInASession(t *testing.T) {
	dir := t.TempDir()
	d := startDev(t, dir)
	purse := elarian.Purse(d.vars.Get("PURSE_ID"))
	client := elarian.New(d.config())
	decided := make(chan elarian.PaymentStatus, 10)
	client.OnPaymentStatus(func(_ context.Context, p *elarian.PaymentStatusNotice) error {
		decided <- p.Status
		return nil
	})
	elarian.OnUSSD(client, func(ctx context.Context, hop *elarian.USSDHop, _ *struct{}) (elarian.Menu, error) {
		_, err := client.InitiatePayment(ctx, hop.Customer.Account(elarian.MobileMoney("83044")), purse, elarian.KES("5"), "")
		return elarian.End("Please approve."), err
	})
	if err := client.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	got := runIn(t, dir, "phone", "ussd", "*83044#", "--wait", "500ms")
	found := regexp.MustCompile(`\[83044 asks for KES 5\.00: elarian phone approve (el_txn_\w+), or decline\]`).FindStringSubmatch(got.out)
	if got.code != 0 || found == nil || !strings.Contains(got.out, "Please approve.") {
		t.Fatalf("%+v", got)
	}
	if got := runIn(t, dir, "phone", "approve", found[1]); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if first, second := <-decided, <-decided; first != elarian.PaymentPendingConfirmation || second != elarian.PaymentSuccess {
		t.Errorf("the app is told %s and %s", first, second)
	}
	d.stop()
}
