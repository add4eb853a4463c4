package command

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// advance tells a stored payment a status. Where it is News the money moves, the histories of its
// customers have it, and the app is told; else it is noted, and nothing changes. So is one that there
// is no money for, as the reversal of what has been spent: that is a refusal too.
func advance(tx *store.Tx, p *payment.Payment, s payment.Status, description string) (payment.Verdict, error) {
	return advanceWith(tx, p, s, description, paymentStatusPB)
}

// notice makes what an app is told about a payment; its entry is that of one of the customer's.
type notice func(p *payment.Payment) *pb.ServerToAppCustomerNotification

func advanceWith(tx *store.Tx, p *payment.Payment, s payment.Status, description string, told notice) (payment.Verdict, error) {
	posting, verdict := p.Next(s)
	if verdict != payment.News {
		p.Note(s, verdict, description, tx.Actor, tx.Now())
		return verdict, nil
	}
	if err := tx.Move(p, posting); err != nil {
		if refused := refusal(err); refused != nil {
			p.Note(s, payment.Contradicts, refused.Text, tx.Actor, tx.Now())
		}
		return payment.Contradicts, err
	}
	p.Take(s, description, tx.Actor, tx.Now())
	return verdict, tellPayment(tx, p, told)
}

// tellPayment notes a payment's new status in the histories of its customers, and tells its app: about a
// customer who is a party, else about a purse. Of a customer who was erased nobody is told.
func tellPayment(tx *store.Tx, p *payment.Payment, told notice) error {
	subject, purse := p.Subject()
	for _, id := range p.Customers() {
		rec, err := tx.Customer(p.Org, customer.ByID(id))
		if refusal(err) != nil {
			continue
		}
		if err != nil {
			return err
		}
		what := "payment." + p.Status.String()
		if p.Flow == payment.Imported {
			what = "payment.replayed"
		}
		tx.Record(rec, what, currency.Text(p.Amount, p.Currency)+" "+p.ID)
		if id == subject && p.App != "" && p.Flow != payment.Imported {
			n := told(p)
			notify(tx, rec, p.App, paymentKind(n), n)
		}
	}
	if subject == "" && p.App != "" && p.Flow != payment.Imported {
		tx.Notify(store.Notification{Org: p.Org, App: p.App, Subject: purse, Kind: outbox.PurseKind, Body: marshal(&pb.ServerToAppPurseNotification{
			OrgId: p.Org, AppId: p.App, PurseId: purse, CreatedAt: timestamppb.New(tx.Now()),
			Entry: &pb.ServerToAppPurseNotification_PaymentStatus{PaymentStatus: told(p).GetPaymentStatus()},
		})})
	}
	return nil
}

func paymentKind(n *pb.ServerToAppCustomerNotification) string {
	if n.GetReceivedPayment() != nil {
		return "received_payment"
	}
	return "payment_status"
}

func paymentStatusPB(p *payment.Payment) *pb.ServerToAppCustomerNotification {
	return &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_PaymentStatus{PaymentStatus: &pb.PaymentStatusNotification{
		TransactionId: p.ID, Status: pb.PaymentStatus(p.Status), Description: optional(p.Description)}}}
}

// AnswerPayment tells a payment what its provider, or an operator in its place, says of it. It gives the
// payment as it is then, nil where there is none of this id that was not imported, and what came of it.
// An error that is a refusal comes with the payment where it was for lack of money: it has been noted
// then, and is to be kept from the unit, which would undo that.
func AnswerPayment(tx *store.Tx, org, id string, s payment.Status, description string) (*payment.Payment, payment.Verdict, error) {
	p, err := tx.Payment(org, id)
	if err != nil || p == nil || p.Flow == payment.Imported {
		return nil, 0, err
	}
	verdict, err := answer(tx, p, s, description)
	return p, verdict, err
}

// answer is advance for what somebody says of a payment. Where that can be, nothing comes by itself any more.
func answer(tx *store.Tx, p *payment.Payment, s payment.Status, description string) (payment.Verdict, error) {
	verdict, err := advance(tx, p, s, description)
	p.Answered = p.Answered || verdict != payment.Contradicts
	return verdict, err
}
