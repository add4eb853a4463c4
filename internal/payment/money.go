package payment

import "github.com/elarian-go/elarian/internal/ledger"

// Accounts are those that the payment moves its amount between.
func (p *Payment) Accounts() (debit, credit ledger.Account) {
	return p.account(p.Debit), p.account(p.Credit)
}

// account is where a party's money is: outside, by the org's channel, for a customer and a business.
func (p *Payment) account(party Party) ledger.Account {
	if channel, outside := party.Channel(); outside {
		return ledger.ChannelAccount(p.Org, channel.Channel.String(), channel.Number, p.Currency)
	}
	if w := party.Wallet; w != nil {
		return ledger.WalletAccount(p.Org, w.Customer, w.ID, p.Currency)
	}
	return ledger.PurseAccount(p.Org, party.Purse, p.Currency)
}

// Movement is the transaction of a posting that moves money; moves is false for the others.
func (p *Payment) Movement(posting Posting) (t ledger.Transaction, moves bool) {
	debit, credit := p.Accounts()
	switch posting {
	case Transfer, Settle:
		return ledger.Transfer("payment", p.ID, debit, credit, p.Amount), true
	case Reverse:
		return ledger.Transfer("payment.reversed", p.ID, credit, debit, p.Amount), true
	}
	return ledger.Transaction{}, false
}
