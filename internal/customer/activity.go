package customer

import "time"

// ActivityKey names a session of activities.
type ActivityKey struct {
	Number  Number `cbor:"1,keyasint" json:"number,omitempty"`
	Source  string `cbor:"2,keyasint" json:"source,omitempty"`
	Session string `cbor:"3,keyasint" json:"session,omitempty"`
	App     string `cbor:"4,keyasint" json:"app,omitempty"`
}

// Activity is one thing that a customer did, told by an app.
type Activity struct {
	Key        string            `cbor:"1,keyasint" json:"key,omitempty"`
	Properties map[string]string `cbor:"2,keyasint,omitempty" json:"properties,omitempty"`
	CreatedAt  time.Time         `cbor:"3,keyasint" json:"created_at,omitzero"`
}

// ActivitySession is what a customer did in one session of one source, the latest last.
type ActivitySession struct {
	ActivityKey
	Activities []Activity `cbor:"5,keyasint" json:"activities,omitempty"`
	CreatedAt  time.Time  `cbor:"6,keyasint" json:"created_at,omitzero"`
	UpdatedAt  time.Time  `cbor:"7,keyasint" json:"updated_at,omitzero"`
}

const (
	maxActivities         = 100
	maxActivityProperties = 64
)

// Add appends an activity; of a long session the latest 100 are kept.
func (s *ActivitySession) Add(a Activity, limits Limits) error {
	if s.Source == "" {
		return Refuse(InvalidRequest, "source: empty")
	}
	if s.Session == "" {
		return Refuse(InvalidRequest, "session_id: empty")
	}
	for field, v := range map[string]string{"source": s.Source, "session_id": s.Session} {
		if len(v) > limits.KeyBytes {
			return Refuse(LimitReached, "%s: %d bytes are over the limit of %d", field, len(v), limits.KeyBytes)
		}
	}
	if err := limits.checkKey("key", a.Key); err != nil {
		return err
	}
	if len(a.Properties) > maxActivityProperties {
		return Refuse(LimitReached, "properties: %d are over the limit of %d", len(a.Properties), maxActivityProperties)
	}
	size := 0
	for k, v := range a.Properties {
		if err := limits.checkKey("properties", k); err != nil {
			return err
		}
		size += len(k) + len(v)
	}
	if size > limits.ValueBytes {
		return Refuse(LimitReached, "properties: %d bytes are over the limit of %d", size, limits.ValueBytes)
	}
	if s.CreatedAt.IsZero() {
		s.CreatedAt = a.CreatedAt
	}
	s.UpdatedAt = a.CreatedAt
	s.Activities = append(s.Activities, a)
	if over := len(s.Activities) - maxActivities; over > 0 {
		s.Activities = append([]Activity(nil), s.Activities[over:]...)
	}
	return nil
}
