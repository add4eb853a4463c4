package elarian

import "time"

// PaymentState is a customer's payments and wallets.
type PaymentState struct {
	// Numbers and Channels are those that the customer has paid or was paid by.
	Numbers  []CustomerNumber
	Channels []PaymentChannelNumber
	// Log is the payments that are decided, newest last.
	Log []StoredPayment
	// Pending is the payments that wait for the provider or the customer.
	Pending []StoredPayment
	// Wallets are the balances by the wallet's id.
	Wallets map[string]Balance
}

// StoredPayment is a payment of the past, or one that is on its way.
type StoredPayment struct {
	TransactionID string
	// AppID is the app that initiated it, empty where the customer did.
	AppID                string
	From, To             Party
	Value                Cash
	Status               PaymentStatus
	CreatedAt, UpdatedAt time.Time
	// ProviderTransactionID is what the provider calls it, where one is part of it.
	ProviderTransactionID  string
	Narration, Description string
}

// Find gives a payment by its transaction id, decided or pending; false where the state has none.
func (p *PaymentState) Find(transactionID string) (StoredPayment, bool) {
	for _, list := range [][]StoredPayment{p.Log, p.Pending} {
		for i := range list {
			if list[i].TransactionID == transactionID {
				return list[i], true
			}
		}
	}
	return StoredPayment{}, false
}

// Balance is how much is in a wallet.
type Balance struct {
	// Available is what can be spent; Actual still has what is held for payments that are on their way.
	Available, Actual Cash
	// Pending is those payments, by transaction id.
	Pending map[string]PendingAmount
	// Sequence grows with each change of the wallet.
	Sequence int64
}

// PendingAmount is what a payment holds that is on its way. Converted is Value in the wallet's currency.
type PendingAmount struct {
	CreatedAt        time.Time
	Value, Converted Cash
}

func readPayments(w wire, p *PaymentState) {
	for w.next() {
		switch w.field {
		case 1:
			p.Numbers = append(p.Numbers, w.customerNumber())
		case 2:
			p.Channels = append(p.Channels, w.paymentChannelNumber())
		case 3:
			p.Log = list(p.Log, &w)
			p.Log = append(p.Log, readPayment(w.in()))
		case 4:
			p.Pending = list(p.Pending, &w)
			p.Pending = append(p.Pending, readPayment(w.in()))
		case 5:
			if p.Wallets == nil {
				p.Wallets = make(map[string]Balance, w.count())
			}
			id, balance := readEntry(w.in(), readBalance)
			p.Wallets[id] = balance
		}
	}
}

// readEntry reads an entry of a map from text to messages.
func readEntry[T any](w wire, value func(wire) T) (key string, v T) {
	for w.next() {
		switch w.field {
		case 1:
			key = w.text()
		case 2:
			v = value(w.in())
		}
	}
	return key, v
}

// readPayment reads a PaymentTransaction.
func readPayment(w wire) (p StoredPayment) {
	for w.next() {
		switch w.field {
		case 1:
			p.TransactionID = w.text()
		case 2:
			p.AppID = w.wrapped()
		case 4:
			p.From = readParty(w.in())
		case 5:
			p.To = readParty(w.in())
		case 6:
			p.Value = w.cash()
		case 7:
			p.Status = PaymentStatus(w.number)
		case 8:
			p.CreatedAt = w.moment()
		case 9:
			p.UpdatedAt = w.moment()
		case 10:
			p.ProviderTransactionID = w.wrapped()
		case 11:
			p.Narration = w.wrapped()
		case 12:
			p.Description = w.wrapped()
		}
	}
	return p
}

// readParty reads a PaymentCounterParty; nil where it is of a kind that this version does not know.
func readParty(w wire) (p Party) {
	for w.next() {
		switch w.field {
		case 1:
			p = readPurse(w.in())
		case 2:
			p = readWallet(w.in())
		case 3:
			p = readCustomerAccount(w.in())
		case 4:
			p = readChannelAccount(w.in())
		}
	}
	return p
}

func readPurse(w wire) (p Purse) {
	for w.next() {
		if w.field == 1 {
			p = Purse(w.text())
		}
	}
	return p
}

func readWallet(w wire) (out Wallet) {
	for w.next() {
		switch w.field {
		case 1:
			out.CustomerID = w.text()
		case 2:
			out.ID = w.text()
		}
	}
	return out
}

func readCustomerAccount(w wire) (a CustomerAccount) {
	for w.next() {
		switch w.field {
		case 1:
			a.Number = w.customerNumber()
		case 2:
			a.Channel = w.paymentChannelNumber()
		}
	}
	return a
}

func readChannelAccount(w wire) (a ChannelAccount) {
	for w.next() {
		switch w.field {
		case 1:
			a.Channel = PaymentChannel(w.number)
		case 2:
			a.Code = int32(w.number)
		case 3:
			a.Source = w.text()
		case 4:
			a.Destination = w.text()
		case 5:
			a.Account = w.wrapped()
		}
	}
	return a
}

// readBalance reads a PaymentBalance.
func readBalance(w wire) (b Balance) {
	for w.next() {
		switch w.field {
		case 2:
			b.Available = w.cash()
		case 3:
			b.Actual = w.cash()
		case 4:
			if b.Pending == nil {
				b.Pending = make(map[string]PendingAmount, w.count())
			}
			id, amount := readEntry(w.in(), readPending)
			b.Pending[id] = amount
		case 5:
			b.Sequence = int64(w.number)
		}
	}
	return b
}

func readPending(w wire) (p PendingAmount) {
	for w.next() {
		switch w.field {
		case 1:
			p.CreatedAt = w.moment()
		case 2:
			p.Value = w.cash()
		case 3:
			p.Converted = w.cash()
		}
	}
	return p
}
