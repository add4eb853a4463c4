package servertest

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/elarian-go/elarian/internal/currency"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/sandbox"
	"github.com/elarian-go/elarian/internal/store"
)

// Money, short to write.

// KES is an amount of shillings.
func KES(amount float64) *pb.Cash { return &pb.Cash{CurrencyCode: "KES", Amount: amount} }

// Purse is a party.
func Purse(id string) *pb.PaymentCounterParty {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Purse{Purse: &pb.PaymentPurseCounterParty{PurseId: id}}}
}

// Wallet is a party.
func Wallet(customer, id string) *pb.PaymentCounterParty {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Wallet{Wallet: &pb.PaymentWalletCounterParty{CustomerId: customer, WalletId: id}}}
}

// Paybill is the sandbox's number on a payment channel.
func Paybill(channel pb.PaymentChannel) *pb.PaymentChannelNumber {
	return &pb.PaymentChannelNumber{Channel: channel, Number: sandbox.Paybill}
}

// MobileMoney is a party: the phone of a number, through the sandbox's paybill.
func MobileMoney(number string) *pb.PaymentCounterParty {
	return Phone(number, pb.PaymentChannel_PAYMENT_CHANNEL_CELLULAR)
}

// Phone is a party: the phone of a number, through the sandbox's number on the channel.
func Phone(number string, channel pb.PaymentChannel) *pb.PaymentCounterParty {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Customer{Customer: &pb.PaymentCustomerCounterParty{
		CustomerNumber: Cellular(number), ChannelNumber: Paybill(channel)}}}
}

// Business is a party: another business, by its number, through the sandbox's paybill.
func Business(number string) *pb.PaymentCounterParty {
	return &pb.PaymentCounterParty{Party: &pb.PaymentCounterParty_Channel{Channel: &pb.PaymentChannelCounterParty{
		Channel: pb.PaymentChannel_PAYMENT_CHANNEL_CELLULAR, Source: sandbox.Paybill, Destination: number}}}
}

// Pay is the command.
func Pay(debit, credit *pb.PaymentCounterParty, value *pb.Cash) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_InitiatePayment{InitiatePayment: &pb.InitiatePaymentCommand{
		DebitParty: debit, CreditParty: credit, Value: value, Narration: "for a test"}}}
}

// ReceivePayment is a simulator's command: money from a phone to the sandbox's paybill.
func ReceivePayment(id, number string, value *pb.Cash, status pb.PaymentStatus) *pb.SimulatorToServerCommand {
	return &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_ReceivePayment{ReceivePayment: &pb.ReceivePaymentSimulatorCommand{
		TransactionId: id, ChannelNumber: Paybill(pb.PaymentChannel_PAYMENT_CHANNEL_CELLULAR), CustomerNumber: number, Value: value, Status: status}}}
}

// UpdatePaymentStatus is a simulator's command.
func UpdatePaymentStatus(id string, status pb.PaymentStatus) *pb.SimulatorToServerCommand {
	return &pb.SimulatorToServerCommand{Entry: &pb.SimulatorToServerCommand_UpdatePaymentStatus{UpdatePaymentStatus: &pb.UpdatePaymentStatusSimulatorCommand{
		TransactionId: id, Status: status}}}
}

// ReplayPayment is the command.
func ReplayPayment(id string, at time.Time, debit, credit *pb.PaymentCounterParty, value *pb.Cash, status pb.PaymentStatus) *pb.AppToServerCommand {
	m := &pb.ReplayPaymentCommand{ProviderTransactionId: id, DebitParty: debit, CreditParty: credit, Value: value, Status: status}
	if !at.IsZero() {
		m.CreatedAt = timestamppb.New(at)
	}
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayPayment{ReplayPayment: m}}
}

// ReplayPaymentStatus is the command.
func ReplayPaymentStatus(number, id string, at time.Time, status pb.PaymentStatus) *pb.AppToServerCommand {
	return &pb.AppToServerCommand{Entry: &pb.AppToServerCommand_ReplayPaymentStatusUpdate{ReplayPaymentStatusUpdate: &pb.ReplayPaymentStatusUpdateCommand{
		CustomerNumber: Cellular(number), ProviderTransactionId: id, UpdatedAt: timestamppb.New(at), Status: status}}}
}

// AddPurse gives the sandbox's org a purse with money in it, in minor units.
func (s *Server) AddPurse(t testing.TB, code string, amount int64) string {
	t.Helper()
	purse, err := s.Store().AddPurse(store.Purse{Org: s.Org, Name: "test", Currency: code})
	if err != nil {
		t.Fatal(err)
	}
	s.refresh(t)
	if amount > 0 {
		s.tx(t, func(tx *store.Tx) error {
			return tx.Post(ledger.Transfer("deposit", "", ledger.OperatorAccount(s.Org, code), ledger.PurseAccount(s.Org, purse.ID, code), amount))
		})
	}
	return purse.ID
}

// Balance is what an account has.
func (s *Server) Balance(t testing.TB, a ledger.Account) (b ledger.Balance) {
	t.Helper()
	s.tx(t, func(tx *store.Tx) (err error) {
		b, err = tx.Balance(a)
		return err
	})
	return b
}

// WantPurse fails the test unless the purse has so much, available and actual, in minor units.
func (s *Server) WantPurse(t testing.TB, id, code string, available, actual int64) {
	t.Helper()
	s.wantBalance(t, ledger.PurseAccount(s.Org, id, code), available, actual)
}

// WantWallet is WantPurse for a wallet in shillings.
func (s *Server) WantWallet(t testing.TB, customer, id string, available, actual int64) {
	t.Helper()
	s.wantBalance(t, ledger.WalletAccount(s.Org, customer, id, "KES"), available, actual)
}

func (s *Server) wantBalance(t testing.TB, a ledger.Account, available, actual int64) {
	t.Helper()
	if b := s.Balance(t, a); b.Available() != available || b.Actual != actual {
		t.Errorf("the %s has %s, of it %s available; want %s and %s", a, currency.Text(b.Actual, a.Currency), currency.Text(b.Available(), a.Currency),
			currency.Text(actual, a.Currency), currency.Text(available, a.Currency))
	}
}

// WantLedger fails the test where the ledger does not add up.
func (s *Server) WantLedger(t testing.TB) {
	t.Helper()
	report, err := s.Store().CheckLedger()
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range report.Differences {
		t.Error(difference)
	}
}

func (s *Server) tx(t testing.TB, run func(*store.Tx) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := s.Store().Do(ctx, &store.Unit{Run: run}); err != nil {
		t.Fatal(err)
	}
}
