package messaging

import (
	"slices"
	"time"
)

// Calls that have to do with other calls: legs of a dial, and queues.

func (c *Call) dial(env *CallEnv, t *CallTurn, a *Dial) {
	c.Dial = &Dialing{Left: a.Numbers, Sequential: a.Sequential, Record: a.Record, CallerID: deref(a.CallerID), StartedAt: env.Now, Last: a.Numbers[0].Number}
	if a.MaxSeconds != nil {
		c.Dial.MaxTime = time.Duration(*a.MaxSeconds) * time.Second
	}
	c.event(t, CallDialing).Dial = &DialInput{Number: c.Dial.Last, StartedAt: env.Now}
	c.ring(env, t)
}

// ring calls the next number, or all at once.
func (c *Call) ring(env *CallEnv, t *CallTurn) {
	n := len(c.Dial.Left)
	if c.Dial.Sequential {
		n = 1
	}
	t.Ring, c.Dial.Left = c.Dial.Left[:n], c.Dial.Left[n:]
	c.Dial.Last = t.Ring[0].Number
	c.wait(env, WaitsForLeg, LegTime)
}

// Ringing tells which legs ring; where none does, cause says why.
func (c *Call) Ringing(env *CallEnv, legs []Peer, cause HangupCause) (t CallTurn) {
	if c.Wait != WaitsForLeg {
		return t
	}
	c.Dial.Legs = legs
	if len(legs) == 0 {
		c.Dial.Cause = cause
		c.nextLeg(env, &t)
	}
	return t
}

// nextLeg rings the next number, or says that nobody answered.
func (c *Call) nextLeg(env *CallEnv, t *CallTurn) {
	if len(c.Dial.Left) > 0 {
		c.ring(env, t)
		return
	}
	c.dialled(env, t, c.Dial.Cause)
	c.goOn(env, t)
}

// dialled tells the end of a dial.
func (c *Call) dialled(env *CallEnv, t *CallTurn, cause HangupCause) {
	d := c.Dial
	in := c.event(t, CallDialCompleted)
	in.HangupCause = cause
	in.Dial = &DialInput{Number: d.Last, StartedAt: d.StartedAt}
	if c.Peer != nil {
		in.Dial.Duration = env.Now.Sub(d.StartedAt)
		if d.Record && in.Dial.Duration > 0 {
			url := env.Record(in.Dial.Duration)
			in.RecordingURL = &url
		}
	}
	c.Dial, c.Peer = nil, nil
}

func (c *Call) cancelLegs(t *CallTurn, cause HangupCause) {
	for _, leg := range c.Dial.Legs {
		t.Tell = append(t.Tell, PeerNews{To: leg, Cause: cause})
	}
	c.Dial.Legs = nil
}

// PeerAnswered is a leg that was picked up: the others lose.
func (c *Call) PeerAnswered(env *CallEnv, leg Peer) (t CallTurn) {
	if c.Wait != WaitsForLeg || !slices.ContainsFunc(c.Dial.Legs, leg.is) {
		return t
	}
	c.Dial.Legs = slices.DeleteFunc(c.Dial.Legs, leg.is)
	c.cancelLegs(&t, CauseLoseRace)
	c.Dial.Left, c.Dial.Last, c.Dial.StartedAt = nil, leg.Number.Number, env.Now
	c.Peer = &leg
	c.event(&t, CallBridged).Dial = &DialInput{Number: leg.Number.Number, StartedAt: env.Now}
	c.wait(env, Talks, orElse(c.Dial.MaxTime, TalkTime))
	return t
}

func (p Peer) is(other Peer) bool { return p.Session == other.Session }

// PeerGone is another call, that this one has to do with, being over.
func (c *Call) PeerGone(env *CallEnv, peer Peer, cause HangupCause) (t CallTurn) {
	switch {
	case c.LegOf != nil && c.LegOf.is(peer):
		c.LegOf, c.Peer = nil, nil // which knows it already
		c.Wait, c.Status, c.Cause, t.Over, t.Reason = CallOver, CallCompleted, cause, true, NormalClearing
	case c.Wait == WaitsForLeg && slices.ContainsFunc(c.Dial.Legs, peer.is):
		c.Dial.Legs = slices.DeleteFunc(c.Dial.Legs, peer.is)
		c.Dial.Cause, c.Dial.Last = cause, peer.Number.Number
		if len(c.Dial.Legs) == 0 {
			c.nextLeg(env, &t)
		}
	case c.Wait == Talks && c.Peer.is(peer):
		c.talked(env, &t, cause)
	}
	return t
}

// talked goes on after a talk.
func (c *Call) talked(env *CallEnv, t *CallTurn, cause HangupCause) {
	if c.Dial != nil {
		c.dialled(env, t, cause)
		c.goOn(env, t)
		return
	}
	c.recordTalk(env)
	c.Peer = nil
	c.run(env, t)
}

// recordTalk keeps the talk of a queue's call for the next event that has room for it.
func (c *Call) recordTalk(env *CallEnv) {
	if d := env.Now.Sub(c.Since); c.RecordTalk && d > 0 {
		url := env.Record(d)
		c.Recorded = &url
	}
	c.RecordTalk = false
}

// Dequeued connects the call with one that waited in a queue, nil where nobody did: then the plan goes
// on. Each event of the two says whom it was connected to.
func (c *Call) Dequeued(env *CallEnv, who *Peer, since time.Time) (t CallTurn) {
	if c.Wait != WaitsInQueue || c.Queued != nil {
		return t
	}
	in := c.event(&t, CallDequeued)
	if who == nil {
		c.RecordTalk = false
		c.goOn(env, &t)
		return t
	}
	in.Queue = dequeued(env, *who, since)
	c.Peer = who
	c.wait(env, Talks, TalkTime)
	return t
}

// TakenFrom connects the call, that waits in a queue, with the one that took it out.
func (c *Call) TakenFrom(env *CallEnv, by Peer) (t CallTurn) {
	if c.Wait != WaitsInQueue || c.Queued == nil {
		return t
	}
	c.event(&t, CallDequeued).Queue = dequeued(env, by, c.Queued.At)
	c.Queued = nil
	c.Peer = &by
	c.wait(env, Talks, 0) // the other has the time
	return t
}

func dequeued(env *CallEnv, to Peer, since time.Time) *Queue {
	number, session := to.Number.Number, to.Session
	return &Queue{EnqueuedAt: since, DequeuedAt: env.Now, Duration: env.Now.Sub(since), DequeuedTo: &number, DequeuedToSession: &session}
}
