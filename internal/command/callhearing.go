package command

import (
	"sync"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/messaging"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// phones are those in a call that wait for what they hear next, by session.
type phones struct {
	mu      sync.Mutex // guards waiting
	waiting map[string]*Request
}

func (p *phones) put(session string, r *Request) (before *Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before = p.waiting[session]
	p.waiting[session] = r
	return before
}

func (p *phones) take(session string) *Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.waiting[session]
	delete(p.waiting, session)
	return r
}

// hearing is what one phone hears, and where its call then stands.
type hearing struct {
	session, customer string
	number            customer.Number
	channel           messaging.ChannelNumber
	heard             []messaging.VoiceAction
	call              *pb.SimulatedCall
	waits             bool   // for the app's plan: the phone is told later
	failure           string // why the app gave none
}

// hearing gives what the phone of a session hears in this unit.
func (w *callWork) hearing(rec *store.Record, state *messaging.ChannelState) *hearing {
	for _, h := range w.hearings {
		if h.session == state.Session.ID {
			return h
		}
	}
	h := &hearing{session: state.Session.ID, customer: rec.ID, number: state.Number, channel: state.Channel}
	w.hearings = append(w.hearings, h)
	return h
}

// now notes where the call stands.
func (h *hearing) now(call *messaging.Call) {
	h.waits = call.Wait == messaging.WaitsForPlan
	h.call = &pb.SimulatedCall{SessionId: h.session, Status: pb.VoiceCallStatus(call.Status), HangupCause: pb.VoiceCallHangupCause(call.Cause)}
	if call.Peer != nil {
		h.call.ConnectedTo = call.Peer.Number.Number
	}
}

func (h *hearing) message() *pb.OutboundMessage {
	return outboundPB(&messaging.Outbound{Body: messaging.Body{Dialplan: true, Voice: h.heard}})
}

// tell tells the phones: by the reply where one waits, otherwise by a notification. It runs after
// the commit.
func (w *callWork) tell() {
	for _, ring := range w.rings {
		w.c.Simulate(w.org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_MakeVoiceCall{MakeVoiceCall: ring}})
	}
	for _, h := range w.hearings {
		var mine *Request
		if h.session == w.session {
			mine, w.request = w.request, nil
		}
		w.tellOne(h, mine)
	}
	if w.request != nil { // nothing came of it
		w.c.reply(w.request, marshal(simulatorReply(nil)), "ok")
	}
}

// tellOne tells one phone; mine is its request that this unit came from, or nil.
func (w *callWork) tellOne(h *hearing, mine *Request) {
	if h.waits {
		if mine != nil {
			if before := w.c.phones.put(h.session, mine); before != nil {
				w.c.reply(before, marshal(simulatorReply(nil)), "ok")
			}
		}
		return
	}
	told := false
	for _, r := range []*Request{w.c.phones.take(h.session), mine} {
		if r != nil {
			w.c.reply(r, marshal(h.reply()), "ok")
			told = true
		}
	}
	if !told {
		w.c.Simulate(w.org, &pb.ServerToSimulatorNotification{Entry: &pb.ServerToSimulatorNotification_SendMessage{
			SendMessage: &pb.SendMessageSimulatorNotification{
				OrgId: w.org, CustomerId: h.customer, CustomerNumber: simulatorNumber(h.number), ChannelNumber: channelPB(h.channel),
				Message: h.message(), Call: h.call}}})
	}
}

func (h *hearing) reply() *pb.SimulatorToServerCommandReply {
	reply := simulatorReply(h.message())
	reply.Call = h.call
	if h.failure != "" {
		reply.Status, reply.Description, reply.ErrorCode = false, h.failure, "app_error"
	}
	return reply
}
