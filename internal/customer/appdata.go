package customer

import "time"

// LeaseTime is how long a lease locks app data against fetching at the most.
const LeaseTime = 90 * time.Second

// AppData is what one app keeps about one customer. Present tells an empty value from none.
// LeasedUntil is the end of a lease that a command holds, zero when it is free.
type AppData struct {
	Value       Value
	Present     bool
	LeasedUntil time.Time
}

// Update stores a value and frees the lease.
func (d *AppData) Update(v Value, limits Limits) error {
	if len(v.Data) > limits.AppDataBytes {
		return Refuse(LimitReached, "update: app data of %d bytes is over the limit of %d", len(v.Data), limits.AppDataBytes)
	}
	*d = AppData{Value: v, Present: true}
	return nil
}

// Delete forgets the value and frees the lease.
func (d *AppData) Delete() { *d = AppData{} }

// Leased says whether a lease of a command holds at now.
func (d *AppData) Leased(now time.Time) bool { return now.Before(d.LeasedUntil) }

// Lease locks the app data for LeaseTime. The caller waits while it is leased.
func (d *AppData) Lease(now time.Time) { d.LeasedUntil = now.Add(LeaseTime) }

// Answer stores what the answer to a notification says, nil when it says nothing. A value equal to
// what the notification carried is an echo: it changes nothing, so that it never overwrites what
// a command wrote meanwhile. It tells whether it stored.
func (d *AppData) Answer(update *Value, carried AppData, limits Limits) (bool, error) {
	if update == nil || carried.Echoes(*update) {
		return false, nil
	}
	return true, d.Update(*update, limits)
}

// Echoes says whether an answer with this value says only what the notification carried.
func (d *AppData) Echoes(v Value) bool { return d.Present && d.Value == v }
