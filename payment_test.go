package elarian

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

func TestPaymentsOnTheWire(t *testing.T) {
	f := startFake(t)
	var got *pb.AppToServerCommand
	f.before = func(cmd *pb.AppToServerCommand) bool {
		got = cmd
		return true
	}
	client := f.connect()
	byNumber := client.Customer(Cellular("+254710000001"))
	const account = `customer:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"+254710000001"} channel_number:{channel:PAYMENT_CHANNEL_CELLULAR number:"83044"}}`
	for _, test := range []struct {
		from, to Party
		value    Cash
		want     string
	}{
		{Purse("el_prs_1"), Purse("el_prs_2"), KES("100.50"),
			`debit_party:{purse:{purse_id:"el_prs_1"}} credit_party:{purse:{purse_id:"el_prs_2"}} value:{currency_code:"KES" amount:100.5}`},
		{Wallet{"el_cst_1", "points"}, client.Customer(CustomerID("el_cst_2")).Wallet("points"), NewCash("UGX", "7"),
			`debit_party:{wallet:{customer_id:"el_cst_1" wallet_id:"points"}} credit_party:{wallet:{customer_id:"el_cst_2" wallet_id:"points"}} value:{currency_code:"UGX" amount:7}`},
		{byNumber.Account(MobileMoney("83044")), Purse("el_prs_1"), MinorUnits("KES", 1),
			`debit_party:{` + account + `} credit_party:{purse:{purse_id:"el_prs_1"}} value:{currency_code:"KES" amount:0.01}`},
		// Known by secondary id only: number and id come from the state.
		{client.Customer(SecondaryID{Key: "a", Value: "b"}).Wallet("w"), client.Customer(SecondaryID{Key: "a", Value: "b"}).Account(MobileMoney("83044")), KES("1"),
			`debit_party:{wallet:{customer_id:"id-of-a=b" wallet_id:"w"}} credit_party:{` + account + `} value:{currency_code:"KES" amount:1}`},
		{Purse("el_prs_1"), CustomerAccount{CustomerNumber{ProviderCellular, "1", "branch"}, Airtime("83044")}, KES("1"),
			`debit_party:{purse:{purse_id:"el_prs_1"}} credit_party:{customer:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"1" partition:{value:"branch"}}
			channel_number:{channel:PAYMENT_CHANNEL_AIRTIME number:"83044"}}} value:{currency_code:"KES" amount:1}`},
		{Purse("el_prs_1"), ChannelAccount{PaymentCellular, 63902, "83044", "600100", "acc-7"}, KES("1"),
			`debit_party:{purse:{purse_id:"el_prs_1"}} credit_party:{channel:{channel:PAYMENT_CHANNEL_CELLULAR channel_code:63902 source:"83044" destination:"600100" account:{value:"acc-7"}}}
			value:{currency_code:"KES" amount:1}`},
		{Purse("el_prs_1"), ChannelAccount{Channel: PaymentCellular, Source: "83044", Destination: "600100"}, KES("1"),
			`debit_party:{purse:{purse_id:"el_prs_1"}} credit_party:{channel:{channel:PAYMENT_CHANNEL_CELLULAR source:"83044" destination:"600100"}} value:{currency_code:"KES" amount:1}`},
	} {
		reply, err := client.InitiatePayment(t.Context(), test.from, test.to, test.value, "for you")
		if err != nil || reply.Status != PaymentPendingConfirmation || reply.TransactionID != "el_txn_1" || reply.Description != "said so" {
			t.Errorf("%s: %+v, %v", test.want, reply, err)
			continue
		}
		if got.GetIdempotencyKey() == "" {
			t.Errorf("no key: %v", got)
		}
		want := new(pb.InitiatePaymentCommand)
		if err := unmarshalText(test.want+` narration:"for you"`, want); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(got.GetInitiatePayment(), want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	if byNumber.ID() != "id-of-+254710000001" {
		t.Errorf("the handle did not learn the id: %q", byNumber.ID())
	}
	ctx := WithIdempotencyKey(t.Context(), "order-7")
	if _, err := client.InitiatePayment(ctx, Purse("a"), byNumber.Wallet("w"), KES("1"), ""); err != nil || got.GetIdempotencyKey() != "order-7" {
		t.Errorf("the caller's key is %q, %v", got.GetIdempotencyKey(), err)
	}
}

func TestRefusedPayments(t *testing.T) {
	f := startFake(t)
	c := f.connect()
	ada := c.Customer(Cellular("+254710000001"))
	reply, err := c.InitiatePayment(t.Context(), Purse("el_prs_1"), ada.Account(MobileMoney("83044")), KES("1000.01"), "")
	expectError(t, err, ErrInsufficientFunds)
	expectError(t, err, ErrRefused)
	if reply.Status != PaymentInsufficientFunds || reply.TransactionID != "el_txn_1" || reply.CreditCustomerID == "" {
		t.Errorf("%+v", reply)
	}
	want := "elarian: InitiatePayment of KES 1,000.01 from el_prs_1 to +254710000001 on cellular:83044 refused: said so (insufficient_funds)"
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	sent := len(f.commands)
	for _, test := range []struct {
		from, to Party
		value    Cash
		want     string
	}{
		{Purse("a"), Purse("b"), KES("ten"), `a payment from a to b: invalid request: "ten" is no amount`},
		{nil, Purse("b"), KES("1"), "a party is nil"},
		{Purse("a"), nil, KES("1"), "a party is nil"},
	} {
		_, err := c.InitiatePayment(t.Context(), test.from, test.to, test.value, "")
		if err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error is %v, want %s", err, test.want)
		}
		_, err = c.ReplayPayment(t.Context(), ReplayedPayment{From: test.from, To: test.to, Value: test.value})
		if err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("replay: error is %v, want %s", err, test.want)
		}
	}
	if len(f.commands) != sent {
		t.Error("what cannot be was sent")
	}
	if _, err := c.InitiatePayment(t.Context(), c.Customer(SecondaryID{Key: "unknown", Value: "x"}).Wallet("w"), Purse("a"), KES("1"), ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestPaymentStatuses(t *testing.T) {
	for number := range pb.PaymentStatus_name {
		s := PaymentStatus(number)
		if n := 0; number > 0 {
			for _, is := range []bool{s.Pending(), s.Failed(), s == PaymentSuccess, s == PaymentReversed} {
				if is {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%v is %d things", s, n)
			}
		}
	}
	for code, want := range map[PaymentStatus]error{
		PaymentInvalidRequest: ErrInvalidRequest, PaymentNotSupported: ErrNotSupported, PaymentInsufficientFunds: ErrInsufficientFunds, PaymentApplicationError: ErrInternal,
		PaymentInvalidPurse: ErrInvalidPurse, PaymentInvalidCounterParty: ErrInvalidParty, PaymentInvalidChannelNumber: ErrInvalidChannel,
		PaymentDecommissionedCustomer: ErrDecommissioned,
	} {
		if err := error(&CommandError{Code: code.String()}); !errors.Is(err, want) {
			t.Errorf("%v is not %v", code, want)
		}
	}
}

func TestReplayedPayments(t *testing.T) {
	f := startFake(t)
	var got *pb.AppToServerCommand
	f.before = func(cmd *pb.AppToServerCommand) bool {
		got = cmd
		return true
	}
	c := f.connect()
	at := time.Unix(1700000000, 0)
	for _, test := range []struct {
		do   func() (ReplayReply, error)
		want string
	}{
		{func() (ReplayReply, error) {
			return c.ReplayPayment(t.Context(), ReplayedPayment{
				ProviderTransactionID: "QHG7", At: at, From: Purse("el_prs_1"), To: Wallet{"el_cst_1", "w"}, Value: KES("7"), Status: PaymentSuccess, Narration: "old",
			})
		}, `replay_payment:{provider_transaction_id:"QHG7" created_at:{seconds:1700000000} debit_party:{purse:{purse_id:"el_prs_1"}} credit_party:{wallet:{customer_id:"el_cst_1" wallet_id:"w"}}
			status:PAYMENT_STATUS_SUCCESS value:{currency_code:"KES" amount:7} narration:"old"}`},
		{func() (ReplayReply, error) {
			return c.ReplayPaymentStatusUpdate(t.Context(), Cellular("1"), "QHG7", at, PaymentReversed)
		}, `replay_payment_status_update:{customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"1"} provider_transaction_id:"QHG7" updated_at:{seconds:1700000000}
			status:PAYMENT_STATUS_REVERSED}`},
	} {
		reply, err := test.do()
		if err != nil || reply != (ReplayReply{"el_txn_QHG7", "", "el_cst_1"}) {
			t.Errorf("%+v, %v", reply, err)
		}
		want := new(pb.AppToServerCommand)
		got.IdempotencyKey = ""
		if err := unmarshalText(test.want, want); err != nil || !proto.Equal(got, want) {
			t.Errorf("got  %v\nwant %v, %v", got, want, err)
		}
	}
	_, err := c.ReplayPaymentStatusUpdate(t.Context(), Cellular("1"), "unknown", at, PaymentReversed)
	expectError(t, err, ErrNotFound)
}

func TestPaymentNotices(t *testing.T) {
	f := startFake(t)
	var received *ReceivedPayment
	var status *PaymentStatusNotice
	var purse *PursePaymentNotice
	f.start(func(c *Client) {
		c.OnReceivedPayment(func(_ context.Context, p *ReceivedPayment) error {
			received = p
			p.SetAppData("paid")
			return nil
		})
		c.OnPaymentStatus(func(_ context.Context, p *PaymentStatusNotice) error {
			status = p
			return nil
		})
		c.OnPursePaymentStatus(func(_ context.Context, p *PursePaymentNotice) error {
			purse = p
			if p.TransactionID == "bad" {
				return errors.New("oh")
			}
			return nil
		})
	})
	reply, err := f.notify(&pb.ServerToAppCustomerNotification{
		CustomerId: "el_cst_1",
		Entry: &pb.ServerToAppCustomerNotification_ReceivedPayment{ReceivedPayment: &pb.ReceivedPaymentNotification{
			PurseId: "el_prs_1", TransactionId: "el_txn_1", CustomerNumber: Cellular("+254710000001").proto(), ChannelNumber: MobileMoney("83044").proto(),
			Value: KES("0.30").proto(), Status: pb.PaymentStatus_PAYMENT_STATUS_SUCCESS,
		}},
	})
	if err != nil || reply.GetDataUpdate().GetData().GetStringVal() != `"paid"` || received.Purse != "el_prs_1" || received.TransactionID != "el_txn_1" || received.Value != KES("0.30") ||
		received.Status != PaymentSuccess || received.Channel != MobileMoney("83044") || received.Customer.Number() != Cellular("+254710000001") || received.Customer.ID() != "el_cst_1" {
		t.Errorf("%+v, %v, %v", received, reply, err)
	}
	said := &pb.PaymentStatusNotification{TransactionId: "el_txn_1", Status: pb.PaymentStatus_PAYMENT_STATUS_REVERSED, Description: wrapperspb.String("said so")}
	_, err = f.notify(&pb.ServerToAppCustomerNotification{CustomerId: "el_cst_1", Entry: &pb.ServerToAppCustomerNotification_PaymentStatus{PaymentStatus: said}})
	if err != nil || status.TransactionID != "el_txn_1" || status.Status != PaymentReversed || status.Description != "said so" || status.Customer.ID() != "el_cst_1" {
		t.Errorf("%+v, %v", status, err)
	}
	at := time.Unix(1700000000, 0).UTC()
	notice := &pb.ServerToAppPurseNotification{
		OrgId: "el_org_1", AppId: "el_app_1", PurseId: "el_prs_1", CreatedAt: timestamppb.New(at), Entry: &pb.ServerToAppPurseNotification_PaymentStatus{PaymentStatus: said},
	}
	if _, err := f.notifyPurse(notice); err != nil || *purse != (PursePaymentNotice{"el_prs_1", at, "el_org_1", "el_app_1", "el_txn_1", PaymentReversed, "said so"}) {
		t.Errorf("%+v, %v", purse, err)
	}
	said.TransactionId = "bad"
	if _, err := f.notifyPurse(notice); err == nil {
		t.Error("a handler that failed was acknowledged")
	}
	if reply, err := f.notifyPurse(&pb.ServerToAppPurseNotification{PurseId: "el_prs_1"}); err != nil || reply.String() != "" { // of a later version
		t.Error(reply, err)
	}
}

func TestPaymentState(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	ts := timestamppb.New(at)
	number, branch := Cellular("+254710000001"), CustomerNumber{ProviderCellular, "+254710000002", "branch"}
	parties := []Party{Purse("el_prs_1"), Wallet{"el_cst_1", "points"}, CustomerAccount{branch, Airtime("1")}, ChannelAccount{PaymentCellular, -7, "s", "d", "a"}}
	var sent []*pb.PaymentTransaction
	var want []StoredPayment
	for i, p := range parties {
		debit, credit, err := counterParties(t.Context(), p, parties[len(parties)-1-i])
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, &pb.PaymentTransaction{
			TransactionId: fmt.Sprint("el_txn_", i), AppId: wrapperspb.String("el_app_1"), DebitParty: debit, CreditParty: credit, Value: KES("7.10").proto(),
			Status: pb.PaymentStatus_PAYMENT_STATUS_SUCCESS, CreatedAt: ts, UpdatedAt: ts, ProviderTransactionId: wrapperspb.String("QHG7"),
			Narration: wrapperspb.String("thanks"), Description: wrapperspb.String("fine"),
		})
		want = append(want, StoredPayment{fmt.Sprint("el_txn_", i), "el_app_1", p, parties[len(parties)-1-i], KES("7.10"), PaymentSuccess, at, at, "QHG7", "thanks", "fine"})
	}
	got := decodeState(t, &JSON, &pb.CustomerStateReplyData{PaymentState: &pb.PaymentState{
		CustomerNumbers:     []*pb.CustomerNumber{number.proto(), branch.proto()},
		ChannelNumbers:      []*pb.PaymentChannelNumber{MobileMoney("83044").proto()},
		TransactionLog:      sent[:3],
		PendingTransactions: sent[3:],
		Wallets: map[string]*pb.PaymentBalance{
			"points": {
				CurrencyCode: "KES", Available: KES("1").proto(), Actual: KES("3").proto(), SequenceNr: 5,
				Pending: map[string]*pb.PendingPaymentTransaction{"el_txn_3": {CreatedAt: ts, Value: KES("2").proto(), Converted: KES("2").proto()}},
			},
			"new": {CurrencyCode: "UGX", Available: NewCash("UGX", "0").proto(), Actual: NewCash("UGX", "0").proto()},
		},
	}})
	if want := (PaymentState{
		Numbers: []CustomerNumber{number, branch}, Channels: []PaymentChannelNumber{MobileMoney("83044")}, Log: want[:3], Pending: want[3:],
		Wallets: map[string]Balance{
			"points": {KES("1"), KES("3"), map[string]PendingAmount{"el_txn_3": {at, KES("2"), KES("2")}}, 5},
			"new":    {Available: NewCash("UGX", "0"), Actual: NewCash("UGX", "0")},
		},
	}); !reflect.DeepEqual(got.Payment, want) {
		t.Errorf("got  %+v\nwant %+v", got.Payment, want)
	}
	for _, p := range want {
		if found, ok := got.Payment.Find(p.TransactionID); !ok || found != p {
			t.Errorf("found %+v, %v", found, ok)
		}
	}
	if _, ok := got.Payment.Find("el_txn_9"); ok {
		t.Error("found what is not there")
	}
	if n := got.Numbers(); !reflect.DeepEqual(n, []CustomerNumber{number, branch}) {
		t.Errorf("numbers %v", n)
	}
	print := fmt.Sprintf("%+v", got.Payment)
	for _, want := range []string{"Value:KES 7.10", "Status:success", "From:el_prs_1", "To:wallet points of el_cst_1", "+254710000002/branch on airtime:1", "d/a by cellular:s"} {
		if !strings.Contains(print, want) {
			t.Errorf("%q is not in %s", want, print)
		}
	}
}

func TestSimulatedPayments(t *testing.T) {
	f := startFake(t)
	s := NewSimulator(f.config())
	var got *SimulatedTransfer
	note := func(event string) func(context.Context, *SimulatedTransfer) error {
		return func(_ context.Context, p *SimulatedTransfer) error {
			p.OrgID = event
			got = p
			return nil
		}
	}
	s.OnSendCustomerPayment(note("customer"))
	s.OnSendChannelPayment(note("channel"))
	s.OnCheckoutPayment(note("checkout"))
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pays := SimulatedPayment{TransactionID: "QHG7", From: "+254710000001", To: MobileMoney("83044"), Value: KES("10")}
	if err := s.ReceivePayment(t.Context(), pays); err != nil {
		t.Error(err)
	}
	pays.Value = KES("ten")
	expectError(t, s.ReceivePayment(t.Context(), pays), ErrInvalidRequest)
	if err := s.UpdatePaymentStatus(t.Context(), "QHG7", PaymentReversed); err != nil {
		t.Error(err)
	}
	expectError(t, s.UpdatePaymentStatus(t.Context(), "unknown", PaymentReversed), ErrNotFound)
	for i, want := range []string{
		`receive_payment:{transaction_id:"QHG7" channel_number:{channel:PAYMENT_CHANNEL_CELLULAR number:"83044"} customer_number:"+254710000001" value:{currency_code:"KES" amount:10} status:PAYMENT_STATUS_SUCCESS}`,
		`update_payment_status:{transaction_id:"QHG7" status:PAYMENT_STATUS_REVERSED}`,
	} {
		m := new(pb.SimulatorToServerCommand)
		if err := unmarshalText(want, m); err != nil || !proto.Equal(f.simulations[i], m) {
			t.Errorf("got  %v\nwant %v, %v", f.simulations[i], m, err)
		}
	}
	phone := CustomerAccount{Cellular("+254710000001"), MobileMoney("83044")}
	for text, want := range map[string]SimulatedTransfer{
		`send_customer_payment:{org_id:"o" customer_id:"c" app_id:"a" purse:{purse_id:"p"} transaction_id:"t" customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"+254710000001"}
			channel_number:{channel:PAYMENT_CHANNEL_CELLULAR number:"83044"} value:{currency_code:"KES" amount:10}}`: {
			OrgID: "customer", AppID: "a", CustomerID: "c", TransactionID: "t", Party: Purse("p"), Customer: phone, Value: KES("10")},
		`checkout_payment:{org_id:"o" customer_id:"c" app_id:"a" wallet:{customer_id:"c" wallet_id:"w"} transaction_id:"t" customer_number:{provider:CUSTOMER_NUMBER_PROVIDER_CELLULAR number:"+254710000001"}
			channel_number:{channel:PAYMENT_CHANNEL_CELLULAR number:"83044"} value:{currency_code:"KES" amount:10}}`: {
			OrgID: "checkout", AppID: "a", CustomerID: "c", TransactionID: "t", Party: Wallet{"c", "w"}, Customer: phone, Value: KES("10")},
		`send_channel_payment:{org_id:"o" app_id:"a" purse:{purse_id:"p"} transaction_id:"t" channel:PAYMENT_CHANNEL_CELLULAR source:"83044" destination:"600100" account:{value:"7"} value:{currency_code:"KES" amount:10}}`: {
			OrgID: "channel", AppID: "a", TransactionID: "t", Party: Purse("p"), Channel: ChannelAccount{PaymentCellular, 0, "83044", "600100", "7"}, Value: KES("10")},
	} {
		m := new(pb.ServerToSimulatorNotification)
		if err := unmarshalText(text, m); err != nil {
			t.Fatal(err)
		}
		payload, _ := proto.Marshal(m)
		if _, err := f.app().Request(t.Context(), payload); err != nil || *got != want {
			t.Errorf("got  %+v\nwant %+v, %v", got, want, err)
		}
	}
}

// A simulator without handlers for payments acknowledges them.
func TestSimulatorWithoutPayments(t *testing.T) {
	f := startFake(t)
	s, err := ConnectSimulator(t.Context(), f.config())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	payload, _ := proto.Marshal(&pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_CheckoutPayment{CheckoutPayment: &pb.CheckoutPaymentSimulatorNotification{}}})
	if _, err := f.app().Request(t.Context(), payload); err != nil {
		t.Error(err)
	}
}
