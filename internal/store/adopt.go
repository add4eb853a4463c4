package store

import (
	"slices"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
)

// What belongs to a customer and is not part of the record moves by statements of its own, so that
// nobody has to hold it all in memory.
var (
	moveColumns = "org text, old text, new text"

	moveMessages = newStatement(moveColumns, `
		UPDATE messages AS m SET customer_id = r.new {{given}} m.org_id = r.org AND m.customer_id = r.old`)
	moveActivities = newStatement(moveColumns, `
		INSERT INTO activity_sessions (org_id, customer_id, session_key, updated_at, doc)
		SELECT s.org_id, r.new, s.session_key, s.updated_at, s.doc FROM {{each activity_sessions s}} s.org_id = r.org AND s.customer_id = r.old
		ON CONFLICT DO NOTHING`)
	moveSessions = newStatement(moveColumns, `
		UPDATE messaging_sessions AS s SET customer_id = r.new {{given}} s.org_id = r.org AND s.customer_id = r.old`)
	moveOutbox = newStatement(moveColumns, `
		UPDATE outbox AS o SET subject_id = r.new {{given}} o.org_id = r.org AND o.subject_id = r.old`)
	moveTimers = newStatement(moveColumns, `
		UPDATE timers AS t SET customer_id = r.new {{given}} t.org_id = r.org AND t.customer_id = r.old`)

	ofCustomer = "org text, id text"

	selectAppData = newStatement(ofCustomer, `
		SELECT d.org_id, d.customer_id, d.app_id, d.present, d.is_binary, d.value, d.leased_until
		FROM {{each app_data d}} d.org_id = r.org AND d.customer_id = r.id`)

	deleteAppData    = newStatement(ofCustomer, `DELETE FROM app_data WHERE {{key org_id, customer_id}}`)
	deleteMessages   = newStatement(ofCustomer, `DELETE FROM messages WHERE {{key org_id, customer_id}}`)
	deleteActivities = newStatement(ofCustomer, `DELETE FROM activity_sessions WHERE {{key org_id, customer_id}}`)
	deleteSessions   = newStatement(ofCustomer, `DELETE FROM messaging_sessions WHERE {{key org_id, customer_id}}`)
	deleteReminders  = newStatement(ofCustomer, `DELETE FROM reminders WHERE {{key org_id, customer_id}}`)
	deleteOutbox     = newStatement(ofCustomer, `DELETE FROM outbox WHERE {{key org_id, subject_id}}`)
	deleteTimers     = newStatement(ofCustomer, `DELETE FROM timers WHERE {{key org_id, customer_id}}`)
)

// Adopt joins the other customer into rec: identity, app data of all apps, messages, activities,
// wallets, payments, notifications that wait. The unit must be Alone.
func (tx *Tx) Adopt(rec, other *Record) error {
	adopted := *other.clone()
	ownTags, ownIDs := rec.Tags, rec.SecondaryIDs
	if err := rec.Customer.Adopt(&other.Customer, tx.now); err != nil {
		return err
	}
	for _, n := range adopted.Numbers {
		id := rec.ID
		tx.b.numbers.put(numberKey{rec.Org, n}, &id, true)
	}
	for _, t := range adopted.Tags {
		tx.b.tags.delete(adopted.tagKey(t))
	}
	tx.indexTags(rec, ownTags)
	for _, t := range rec.Tags {
		if slices.Contains(adopted.Tags, t) && !slices.Contains(ownTags, t) {
			tx.indexTag(rec, t, adopted.TagsSince[customer.FoldKey(t.Key)])
		}
	}
	emptied := &Record{Customer: customer.Customer{Org: rec.Org, ID: adopted.ID}}
	if err := tx.indexSecondaryIDs(emptied, adopted.SecondaryIDs); err != nil {
		return err
	}
	if err := tx.indexSecondaryIDs(rec, ownIDs); err != nil {
		return err
	}
	rec.Adopted = append(append(rec.Adopted, adopted.ID), adopted.Adopted...)
	other.Adopted = nil
	if err := tx.adoptAppData(rec, &adopted); err != nil {
		return err
	}
	if err := tx.adoptReminders(rec, &adopted); err != nil {
		return err
	}
	if err := tx.adoptWorks(rec, &adopted, ownTags); err != nil {
		return err
	}
	if adopted.HasWallets {
		if err := tx.adoptWallets(rec, adopted.ID); err != nil {
			return err
		}
	}
	rec.Channels = messaging.JoinStates(rec.Channels, adopted.Channels)
	rec.Messages += adopted.Messages
	rec.HasActivities = rec.HasActivities || adopted.HasActivities
	rec.HasSessions = rec.HasSessions || adopted.HasSessions
	rec.HasPayments = rec.HasPayments || adopted.HasPayments
	rec.keepPaymentNumbers(adopted.PaymentNumbers...)
	other.Channels, other.Messages, other.HasActivities, other.HasSessions, other.TagsSince = nil, 0, false, false, nil
	other.HasWallets, other.HasPayments, other.PaymentNumbers = false, false, nil
	for _, move := range []*statement{moveMessages, moveActivities, moveSessions, moveProviderIDs, moveRecordings, moveOutbox, moveTimers, moveDebits, moveCredits} {
		tx.Exec(move, new(values).text(rec.Org).text(adopted.ID).text(rec.ID))
	}
	tx.Exec(deleteActivities, new(values).text(rec.Org).text(adopted.ID))
	tx.record(rec, "customer.adopted", adopted.ID, adopted.History)
	other.History, other.Version = 0, other.Version+1
	return nil
}

func (tx *Tx) adoptAppData(rec, other *Record) error {
	found := make(map[AppDataKey]*customer.AppData)
	err := inside(tx.conn, op{selectAppData, new(values).text(rec.Org).text(other.ID), func(r row) error {
		k, d, err := scanAppData(r)
		found[k] = d
		return err
	}})
	if err != nil {
		return err
	}
	for k, d := range found {
		own, err := tx.AppData(rec, k.App)
		if err != nil {
			return err
		}
		own.Adopt(*d)
		tx.b.appData.delete(k)
	}
	return nil
}

// DeleteCustomer erases everything of the customer but the journal of their money: their wallets and
// payments stay, under a random reference. The unit must be Alone.
func (tx *Tx) DeleteCustomer(rec *Record) error {
	for _, n := range rec.Numbers {
		tx.b.numbers.delete(numberKey{rec.Org, n})
	}
	for _, t := range rec.Tags {
		tx.b.tags.delete(rec.tagKey(t))
	}
	names := make([]customer.SecondaryKey, len(rec.SecondaryIDs))
	for i, s := range rec.SecondaryIDs {
		names[i] = s.Name()
	}
	before := slices.Clone(rec.SecondaryIDs)
	rec.Customer.DeleteSecondaryIDs(names, tx.now)
	if err := tx.indexSecondaryIDs(rec, before); err != nil {
		return err
	}
	tx.b.customers.delete(customerKey{rec.Org, rec.ID})
	for _, id := range rec.Adopted {
		tx.b.customers.delete(customerKey{rec.Org, id})
	}
	for _, erase := range []*statement{deleteAppData, deleteMessages, deleteActivities, deleteSessions, deleteProviderIDs, deleteRecordings, deleteReminders, deleteOutbox, deleteTimers} {
		tx.Exec(erase, new(values).text(rec.Org).text(rec.ID))
	}
	tx.Exec(deleteHistory, new(values).int(rec.History))
	for _, id := range rec.Adopted { // whose wallets are empty
		tx.Exec(eraseOwner, new(values).text(rec.Org).text(id).text(NewID(referencePrefix)))
	}
	reference := NewID(referencePrefix)
	tx.Exec(eraseOwner, new(values).text(rec.Org).text(rec.ID).text(reference))
	return tx.erasePayments(rec.Org, rec.ID, reference)
}
