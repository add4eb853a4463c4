package command

import (
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/ledger"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// work is how a command changes things.
type work struct {
	customers []customer.Ref // that it is about, the first mostly
	appData   bool           // it needs the app data of these
	alone     bool           // see store.Unit
	secret    bool           // the reply is not kept for the idempotency key
	messages  []string       // see store.Needs
	accounts  []ledger.Account
	route     string // see store.Unit; by the first of customers where it is empty
	about     string // names what it is about besides customers, to tell commands apart
	// run does the work and gives the reply; an error of the rules becomes the reply that says no.
	run func(tx *store.Tx) (*pb.AppToServerCommandReply, error)
	// committed is called after the commit, where run succeeded.
	committed func()
}

// do runs the work as one unit and replies after its commit. A command with an idempotency key that
// was answered before gets the first reply, and nothing is done.
func (c *Commands) do(r *appRequest, w work) {
	key := store.IdempotencyKey{}
	var command []byte
	if r.cmd.IdempotencyKey != "" && !w.secret {
		key = store.IdempotencyKey{Org: r.Caller.Org, App: r.Caller.App, Key: r.cmd.IdempotencyKey}
		command = append(commandMark(r.cmd, w.customers), w.about...)
	}
	var payload []byte
	var result string
	var done bool
	unit := &store.Unit{
		Alone: w.alone,
		Needs: store.Needs{Org: r.Caller.Org, Customers: w.customers, Reply: key, Messages: w.messages, Accounts: w.accounts},
		Run: func(tx *store.Tx) error {
			tx.Actor = r.Caller.actor()
			done = false
			if key.Key != "" {
				first, err := tx.FirstReply(key)
				if err != nil {
					return err
				}
				if first != nil && string(first.Command) != string(command) {
					return customer.Refuse(customer.IdempotencyReused, "idempotency_key: %q was used for another command", key.Key)
				}
				if first != nil {
					payload, result = first.Reply, "repeated"
					return nil
				}
			}
			reply, err := w.run(tx)
			keep := true
			result = "ok"
			if err != nil {
				refused := refusal(err)
				if refused == nil {
					return err
				}
				tx.Undo()
				if reply = refusedReply(r.cmd, refused); reply == nil {
					return err
				}
				result = string(refused.Code)
				keep = !ofAdopted(refused) // who was refused such an id may say it again by that of now
			}
			done = err == nil
			payload = marshal(reply)
			if key.Key != "" && keep {
				tx.KeepReply(key, command, payload)
			}
			return nil
		},
		Done: func(err error) {
			var refused *customer.Refusal
			switch {
			case errors.As(err, &refused):
				c.refuse(r, refused)
			case err != nil:
				c.failed(r.Request, err)
			default:
				if done && w.committed != nil {
					w.committed()
				}
				c.reply(r.Request, payload, result)
			}
		},
	}
	if w.appData {
		unit.Needs.App = r.Caller.App
	}
	if unit.Route = w.route; unit.Route == "" && len(w.customers) > 0 {
		unit.Route = route(r.Caller.Org, w.customers[0])
	}
	if err := c.store.Submit(unit); err != nil {
		c.failed(r.Request, err)
	}
}

// route keeps units about the same customer in order.
func route(org string, ref customer.Ref) string {
	switch {
	case ref.ID != "":
		return ref.ID
	case ref.Number != customer.Number{}:
		return org + ref.Number.Number
	}
	return org + ref.SecondaryID.Key + ref.SecondaryID.Value
}

// commandMark tells commands apart that use one key: the entry and whom it is about.
func commandMark(cmd *pb.AppToServerCommand, refs []customer.Ref) []byte {
	m := cmd.ProtoReflect()
	f := m.WhichOneof(m.Descriptor().Oneofs().ByName("entry"))
	mark := protowire.AppendVarint(nil, uint64(f.Number()))
	for _, ref := range refs {
		mark = append(mark, route("", ref)...)
		mark = append(mark, ref.Number.Partition...)
		mark = append(mark, 0)
	}
	return mark
}

const maxIdempotencyKey = 256

func checkIdempotencyKey(key string) error {
	if len(key) > maxIdempotencyKey {
		return errors.New("idempotency_key: longer than 256 bytes")
	}
	if strings.IndexByte(key, 0) >= 0 {
		return errors.New("idempotency_key: has a zero byte")
	}
	return nil
}

// messageRefusal turns an error of the rules of messages into a reply, nil for any other error.
func messageRefusal(err error) *pb.AppToServerCommandReply {
	var refused *messaging.Refusal
	if !errors.As(err, &refused) {
		return nil
	}
	return sendReply(&pb.SendMessageReply{Status: pb.MessageDeliveryStatus(refused.Status), Description: refused.Text})
}
