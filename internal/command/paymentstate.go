package command

import (
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/payment"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// paymentStatePB is what a customer's state says of money: the numbers and channels that it went
// through, what is final, what is pending, and the wallets.
func paymentStatePB(v *store.View) *pb.PaymentState {
	s := &pb.PaymentState{Wallets: make(map[string]*pb.PaymentBalance, len(v.Wallets))}
	var numbers []customer.Number
	var channels []payment.ChannelNumber
	for _, by := range v.Record.PaymentNumbers {
		if !slices.Contains(numbers, by.Number) {
			numbers = append(numbers, by.Number)
			s.CustomerNumbers = append(s.CustomerNumbers, numberPB(by.Number))
		}
		if !slices.Contains(channels, by.Channel) {
			channels = append(channels, by.Channel)
			s.ChannelNumbers = append(s.ChannelNumbers, payChannelPB(by.Channel))
		}
	}
	for _, p := range v.Payments {
		if p.Status.Pending() {
			s.PendingTransactions = append(s.PendingTransactions, transactionPB(p))
		} else {
			s.TransactionLog = append(s.TransactionLog, transactionPB(p))
		}
	}
	for _, w := range v.Wallets {
		s.Wallets[walletKey(s.Wallets, w)] = balancePB(v, w)
	}
	return s
}

// walletKey names a wallet in a state: by its id, and where an adoption has joined wallets of several
// currencies under one id, the others with their currency: "savings (USD)".
func walletKey(taken map[string]*pb.PaymentBalance, w store.Wallet) string {
	if _, more := taken[w.Account.ID]; more {
		return w.Account.ID + " (" + w.Account.Currency + ")"
	}
	return w.Account.ID
}

func balancePB(v *store.View, w store.Wallet) *pb.PaymentBalance {
	b := &pb.PaymentBalance{
		CurrencyCode: w.Account.Currency, Available: moneyPB(w.Balance.Available(), w.Account.Currency), Actual: moneyPB(w.Balance.Actual, w.Account.Currency),
		Pending: make(map[string]*pb.PendingPaymentTransaction), SequenceNr: w.Balance.Sequence,
	}
	for _, p := range v.Payments {
		debit, credit := p.Accounts()
		if p.Status.Pending() && p.Flow != payment.Imported && (debit == w.Account || credit == w.Account) {
			value := moneyPB(p.Amount, p.Currency)
			b.Pending[p.ID] = &pb.PendingPaymentTransaction{CreatedAt: timestamppb.New(p.CreatedAt), Value: value, Converted: value}
		}
	}
	return b
}

func transactionPB(p *payment.Payment) *pb.PaymentTransaction {
	return &pb.PaymentTransaction{
		TransactionId: p.ID, AppId: optional(p.App), DebitParty: partyPB(p.Debit), CreditParty: partyPB(p.Credit), Value: moneyPB(p.Amount, p.Currency),
		Status: pb.PaymentStatus(p.Status), CreatedAt: timestamppb.New(p.CreatedAt), UpdatedAt: timestamppb.New(p.UpdatedAt),
		ProviderTransactionId: optional(p.ProviderID), Narration: optional(p.Narration), Description: optional(p.Description),
	}
}
