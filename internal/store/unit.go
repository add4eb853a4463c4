package store

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/messaging"
)

// Unit is a unit of work: from the state that it reads to the changes that it makes. It is all done
// or not at all.
type Unit struct {
	// Route keeps units about the same thing, mostly a customer, in their order: those of one route go
	// through one writer. An id of a customer goes where units went that had the org and their number for a
	// route.
	Route string
	// Needs names what the unit will read. That makes it fast; what is missing here is loaded when
	// it is asked for.
	Needs Needs
	// Alone keeps other units out of the commit, for one that changes rows it has not loaded.
	Alone bool
	// Lazy lets the unit wait for others, a few milliseconds at the most, so that it costs no commit of its
	// own. It then goes before all that wait, also in the commit of one that is Alone: it may only take
	// rows away.
	Lazy bool
	// Run does the work. It may be called more than once, when another writer was in the way; then
	// only what the last call did counts. It must not block nor touch what others own.
	Run func(*Tx) error
	// Done gets nil when all is committed, or the error of Run, with nothing changed. It runs on a
	// goroutine of the store: it must not block. Units of one writer are done in commit order.
	Done func(error)

	refused error // the Needs are impossible
}

// Needs names rows.
type Needs struct {
	Org       string
	Customers []customer.Ref
	App       string // its app data about these customers
	Reply     IdempotencyKey
	Messages  []string // of the first of Customers, when that is by id
	Timer     *Timer   // the row of one that is due, and the reminder that it is for
	Accounts  []ledger.Account
	Payments  []string // with their customers and accounts
}

// check refuses names that not every database can look for, so that they never get into a batch.
func (n *Needs) check() error {
	for i := range n.Customers {
		if err := checkRef(&n.Customers[i]); err != nil {
			return err
		}
	}
	for _, id := range n.Messages {
		if !storable(id) {
			return customer.Refuse(customer.InvalidRequest, "message id %q: not a text", id)
		}
	}
	for _, a := range n.Accounts {
		if err := checkAccount(a); err != nil {
			return err
		}
	}
	for _, id := range n.Payments {
		if !storable(id) {
			return customer.Refuse(customer.InvalidRequest, "transaction id %q: not a text", id)
		}
	}
	if !storable(n.Reply.Key) {
		return customer.Refuse(customer.InvalidRequest, "idempotency_key: not a text")
	}
	if !storable(n.App) {
		return customer.Refuse(customer.InvalidRequest, "app %q: not a text", n.App)
	}
	return nil
}

func checkRef(r *customer.Ref) error {
	if storable(r.ID) && storable(r.Number.Number) && storable(r.Number.Partition) && storable(r.SecondaryID.Key) && storable(r.SecondaryID.Value) {
		return nil
	}
	return customer.Refuse(customer.InvalidRequest, "customer: its number or id is not a text")
}

// storable says whether a text can be kept as such: PostgreSQL takes UTF-8 without zero bytes only.
func storable(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// Tx is what a unit reads from and writes to.
type Tx struct {
	// Actor goes into history entries.
	Actor customer.Actor

	store *Store
	conn  conn
	b     *batch
	now   time.Time

	history       []historyRow
	notifications []Notification
	timers        []Timer
	execs         []op
	after         []func()

	journal, entries values // rows of the journal
}

// Now is the time of the commit.
func (tx *Tx) Now() time.Time { return tx.now }

// NewMessageID and NewSessionID make ids that sort by time.
func (tx *Tx) NewMessageID() string { return tx.store.ids.text(messagePrefix, tx.now) }

// NewSessionID makes the id of a messaging session.
func (tx *Tx) NewSessionID() string { return tx.store.ids.text(sessionPrefix, tx.now) }

// NewWorkID makes the id of a work.
func (tx *Tx) NewWorkID() string { return tx.store.ids.text(workPrefix, tx.now) }

// After calls f once the commit is done, before its notifications are handed over and before Done.
func (tx *Tx) After(f func()) { tx.after = append(tx.after, f) }

// Exec runs a statement at the end of the commit; it needs a Unit that is Alone where it touches rows
// that others may have in hand.
func (tx *Tx) Exec(s *statement, v *values) { tx.execs = append(tx.execs, op{s, v, nil}) }

// Undo forgets all that the unit has done so far.
func (tx *Tx) Undo() {
	for _, s := range tx.b.sets {
		s.drop()
	}
	tx.history, tx.notifications, tx.timers, tx.execs, tx.after = tx.history[:0], tx.notifications[:0], tx.timers[:0], tx.execs[:0], tx.after[:0]
	tx.journal.cells, tx.entries.cells = tx.journal.cells[:0], tx.entries.cells[:0]
}

// batch is the units of one commit and the rows that they have in hand.
type batch struct {
	exclusive    bool // nobody else writes meanwhile: what was read needs no lock
	customers    *set[customerKey, Record]
	numbers      *set[numberKey, string]
	secondaryIDs *set[secondaryKey, holder]
	held         map[secondaryKey]bool // see Tx.hold
	tags         *set[tagKey, tagTimes]
	appData      *set[AppDataKey, customer.AppData]
	messages     *set[messageKey, messaging.Message]
	activities   *set[activityKey, customer.ActivitySession]
	sessions     *set[messageKey, messaging.Ended]
	reminders    *set[ReminderKey, storedReminder]
	works        *set[workKey, Work]
	providerIDs  *set[ProviderID, Named]
	outbox       *set[outboxKey, Notification]
	timers       *set[timerKey, Timer]
	idempotency  *set[IdempotencyKey, FirstReply]
	tokens       *set[tokenKey, Token]
	callQueues   *set[queueKey, messaging.CallQueue]
	payments     *set[paymentKey, storedPayment]
	paymentNames *set[PaymentName, string]
	accounts     *set[ledger.Account, storedAccount]
	sets         []anySet

	history       values
	journal       values
	entries       values
	execs         []op
	notifications []Notification
	newTimers     []Timer
}

func newBatch(exclusive bool) *batch {
	b := &batch{
		exclusive: exclusive,
		held:      make(map[secondaryKey]bool),
		customers: newSet(customers), numbers: newSet(numbers), secondaryIDs: newSet(secondaryIDs), tags: newSet(tags),
		appData: newSet(appData), messages: newSet(messages), activities: newSet(activitySessions), sessions: newSet(sessions), providerIDs: newSet(providerIDs),
		reminders: newSet(reminders), works: newSet(works),
		outbox: newSet(outbox), timers: newSet(timers), idempotency: newSet(idempotency), tokens: newSet(tokens), callQueues: newSet(callQueues),
		payments: newSet(payments), paymentNames: newSet(paymentNames), accounts: newSet(accounts),
	}
	// The order of the locks: customers' rows first, always.
	b.sets = []anySet{b.customers, b.numbers, b.secondaryIDs, b.tags, b.appData, b.messages, b.activities, b.sessions, b.providerIDs, b.reminders, b.works, b.outbox, b.timers, b.idempotency, b.tokens, b.callQueues, b.payments, b.paymentNames, b.accounts}
	return b
}

// inHand are the keys of the rows that an attempt came to need, and locks.
type inHand struct {
	customers []customerKey
	payments  []paymentKey
	accounts  []ledger.Account
}

func (b *batch) inHand() inHand {
	return inHand{slices.Collect(maps.Keys(b.customers.batch)), slices.Collect(maps.Keys(b.payments.batch)), slices.Collect(maps.Keys(b.accounts.batch))}
}

// load reads what the units say they need, and what an earlier attempt came to need too, in two round
// trips, or in one where all are named by id.
func (b *batch) load(c conn, units []*Unit, also inHand) error {
	var ops []op
	add := func(o op, any bool) {
		if any {
			ops = append(ops, o)
		}
	}
	var numberKeys []numberKey
	var secondaryKeys []secondaryKey
	var customerKeys []customerKey
	var replyKeys []IdempotencyKey
	customerKeys = append(customerKeys, also.customers...)
	paymentKeys, accountKeys := also.payments, also.accounts
	var peeked values
	for _, u := range units {
		if u.refused != nil {
			continue
		}
		for _, ref := range u.Needs.Customers {
			switch {
			case ref.ID != "":
				customerKeys = append(customerKeys, customerKey{u.Needs.Org, ref.ID})
			case ref.Number != customer.Number{}:
				numberKeys = append(numberKeys, numberKey{u.Needs.Org, ref.Number})
			default:
				secondaryKeys = append(secondaryKeys, secondaryKey{u.Needs.Org, ref.SecondaryID})
			}
		}
		accountKeys = append(accountKeys, u.Needs.Accounts...)
		for _, id := range u.Needs.Payments {
			paymentKeys = append(paymentKeys, paymentKey{u.Needs.Org, id})
			peeked.text(u.Needs.Org).text(id)
		}
		if u.Needs.Reply.Key != "" {
			replyKeys = append(replyKeys, u.Needs.Reply)
		}
	}
	add(b.numbers.prepare(numberKeys))
	add(b.secondaryIDs.prepare(secondaryKeys))
	add(b.idempotency.prepare(replyKeys))
	add(op{peekPayments, &peeked, func(r row) error {
		p, err := scanPayment(r, 0)
		for _, id := range p.Customers() {
			customerKeys = append(customerKeys, customerKey{p.Org, id})
		}
		debit, credit := p.Accounts()
		accountKeys = append(accountKeys, debit, credit)
		if b.exclusive {
			b.payments.batch[paymentKey{p.Org, p.ID}] = slot[storedPayment]{value: p, stored: true}
		}
		return err
	}}, len(peeked.cells) > 0)
	mode := txBeginWrite
	if len(numberKeys)+len(secondaryKeys)+len(peeked.cells) > 0 {
		if err := c.run(txBeginWrite, ops...); err != nil {
			return err
		}
		ops, mode = ops[:0], txInside
	}
	var appDataKeys []AppDataKey
	var messageKeys []messageKey
	var timerKeys []timerKey
	var reminderKeys []ReminderKey
	for _, u := range units {
		if u.refused != nil {
			continue
		}
		for _, ref := range u.Needs.Customers {
			id := b.resolve(u.Needs.Org, ref)
			if id == "" {
				continue
			}
			customerKeys = append(customerKeys, customerKey{u.Needs.Org, id})
			if u.Needs.App != "" {
				appDataKeys = append(appDataKeys, AppDataKey{u.Needs.Org, id, u.Needs.App})
			}
		}
		for _, id := range u.Needs.Messages {
			messageKeys = append(messageKeys, messageKey{u.Needs.Org, u.Needs.Customers[0].ID, id})
		}
		if t := u.Needs.Timer; t != nil {
			timerKeys = append(timerKeys, t.key())
			if t.Kind == ReminderTimer {
				reminderKeys = append(reminderKeys, ReminderOf(t))
			}
		}
	}
	add(b.customers.prepare(customerKeys))
	add(b.appData.prepare(appDataKeys))
	add(b.messages.prepare(messageKeys))
	add(b.timers.prepare(timerKeys))
	add(b.reminders.prepare(reminderKeys))
	add(b.payments.prepare(paymentKeys))
	add(b.accounts.prepare(accountKeys))
	return c.run(mode, ops...)
}

// resolve gives the id that a ref leads to by the rows in hand, "" for none.
func (b *batch) resolve(org string, ref customer.Ref) string {
	switch {
	case ref.ID != "":
		return ref.ID
	case ref.Number != customer.Number{}:
		if id := b.numbers.batch[numberKey{org, ref.Number}].value; id != nil {
			return *id
		}
	default:
		if h := b.secondaryIDs.batch[secondaryKey{org, ref.SecondaryID}].value; h != nil {
			return h.id
		}
	}
	return ""
}

// run runs the unit; on success its changes join the batch.
func (b *batch) run(tx *Tx, u *Unit) error {
	tx.Undo()
	if u.refused != nil {
		return u.refused
	}
	tx.Actor = customer.Actor{Kind: "system"}
	if err := u.Run(tx); err != nil {
		tx.Undo()
		return err
	}
	for _, s := range b.sets {
		s.keep()
	}
	for i := range tx.history {
		tx.history[i].bind(&b.history)
	}
	b.journal.cells = append(b.journal.cells, tx.journal.cells...)
	b.entries.cells = append(b.entries.cells, tx.entries.cells...)
	b.execs = append(b.execs, tx.execs...)
	b.notifications = append(b.notifications, tx.notifications...)
	b.newTimers = append(b.newTimers, tx.timers...)
	return nil
}

// probe is a row that the batch adds and nobody ever takes away, which tells whether a commit was done;
// ok is false where it adds none.
func (b *batch) probe() (o op, ok bool) {
	for _, o := range []op{{insertHistory, &b.history, nil}, {insertJournal, &b.journal, nil}} {
		if width := len(o.statement.columns); len(o.values.cells) > 0 {
			return op{o.statement, &values{o.values.cells[:width]}, nil}, true
		}
	}
	return op{}, false
}

// commit writes all changes.
func (b *batch) commit(c conn) error {
	var ops []op
	for _, s := range b.sets {
		ops = s.writes(ops)
	}
	ops = withRows(ops, op{insertHistory, &b.history, nil})
	ops = withRows(ops, op{insertJournal, &b.journal, nil})
	ops = withRows(ops, op{insertEntries, &b.entries, nil})
	return c.run(txCommit, append(ops, b.execs...)...)
}
