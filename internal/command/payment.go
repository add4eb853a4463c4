package command

import (
	"google.golang.org/protobuf/proto"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// initiatePayment pays, or asks a customer to pay.
func (c *Commands) initiatePayment(r *appRequest, m *pb.InitiatePaymentCommand) {
	r.name = "initiate_payment"
	asked, err := c.paymentOf(r.Caller.Org, m)
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	asked.App = r.Caller.App
	about, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		c.failed(r.Request, err)
		return
	}
	var made *payment.Payment
	c.do(r, work{
		customers: payersOf(asked), accounts: accountsOf(asked), route: routeOfPayment(asked), about: string(about),
		run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
			made = asked.Clone()
			if err := c.beginPayment(tx, made); err != nil {
				return nil, err
			}
			return paymentReply(&pb.InitiatePaymentReply{
				Status: pb.PaymentStatus(made.Status), Description: made.Status.String(), TransactionId: optional(made.ID),
				DebitCustomerId: optional(made.DebitCustomer), CreditCustomerId: optional(made.CreditCustomer),
			}), nil
		},
		committed: func() { c.askProvider(made) },
	})
}

// beginPayment stores a payment that an app initiates, and takes its first step: an internal one is
// done with that, any other waits for its provider.
func (c *Commands) beginPayment(tx *store.Tx, p *payment.Payment) error {
	if err := meetPayers(tx, p); err != nil {
		return err
	}
	p.ID, p.CreatedAt = tx.NewPaymentID(), tx.Now()
	if err := tx.AddPayment(p); err != nil {
		return err
	}
	first := payment.PendingConfirmation
	if p.Flow == payment.Internal {
		first = payment.Success
	}
	if _, err := advance(tx, p, first, ""); err != nil {
		return err
	}
	c.scheduleProvider(tx, p)
	return nil
}

// meetPayers finds the customers of both sides: one that is named by an unknown number is made.
func meetPayers(tx *store.Tx, p *payment.Payment) error {
	for _, s := range sidesOf(p) {
		switch {
		case s.party.Wallet != nil:
			rec, err := tx.Customer(p.Org, customer.ByID(s.party.Wallet.Customer))
			if refused := refusal(err); refused != nil {
				return payment.Refuse(paymentStatus(refused.Code), "%s.wallet.%s", s.field, refused.Text).Coded(refused.Code)
			}
			if err != nil {
				return err
			}
			*s.owner = rec.ID
			if p.Flow == payment.Imported {
				continue // its wallet may have been another's
			}
			if err := checkWallet(tx, rec, p, s); err != nil {
				return err
			}
		case s.party.Customer != nil:
			rec, err := tx.Customer(p.Org, customer.ByNumber(s.party.Customer.Number))
			if err != nil {
				return err
			}
			*s.owner = rec.ID
		}
	}
	return nil
}

// maxWallets is how many wallets a customer can have.
const maxWallets = 256

// checkWallet refuses a currency that is not the wallet's, and a wallet too many. A wallet gets its
// currency by its first use; only one that an adoption has joined has several.
func checkWallet(tx *store.Tx, rec *store.Record, p *payment.Payment, s paymentSide) error {
	account := ledger.WalletAccount(p.Org, rec.ID, s.party.Wallet.ID, p.Currency)
	b, err := tx.Balance(account)
	if err != nil || b.Sequence > 0 {
		return err
	}
	wallets, err := tx.Wallets(rec)
	for _, w := range wallets {
		if w.Account.ID == account.ID {
			return payment.Refuse(payment.InvalidRequest, "value.currency_code: %s is not the currency of the wallet of %s, which is %s", p.Currency, s.field, w.Account.Currency)
		}
	}
	if len(wallets) >= maxWallets {
		return payment.Refuse(payment.InvalidRequest, "%s.wallet.wallet_id: the customer has %d wallets, which is the limit", s.field, len(wallets))
	}
	return err
}

func paymentReply(r *pb.InitiatePaymentReply) *pb.AppToServerCommandReply {
	return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_InitiatePayment{InitiatePayment: r}}
}

// paymentStatus is the status of a payment that is refused with the code.
func paymentStatus(code customer.Code) payment.Status {
	switch code {
	case customer.NotFound:
		return payment.InvalidCounterParty
	case customer.Decommissioned:
		return payment.DecommissionedCustomerID
	case customer.IdempotencyReused:
		return payment.DuplicateRequest
	}
	if s, ok := payment.StatusNamed(string(code)); ok {
		return s // of a payment.Refusal; ledger.InsufficientFunds is one, too
	}
	return payment.InvalidRequest
}
