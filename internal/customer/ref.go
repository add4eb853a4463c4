package customer

// Ref names a customer in a command: exactly one of the three is set.
type Ref struct {
	ID          string
	Number      Number
	SecondaryID SecondaryKey
}

// SecondaryKey is the key and value of a secondary id.
type SecondaryKey struct{ Key, Value string }

// ByID, ByNumber and BySecondaryID make a Ref.
func ByID(id string) Ref { return Ref{ID: id} }

// ByNumber names a customer by a number in its normal form; an unknown one creates the customer.
func ByNumber(n Number) Ref { return Ref{Number: n} }

// BySecondaryID names a customer by a secondary id; an unknown one creates nothing.
func BySecondaryID(key, value string) Ref { return Ref{SecondaryID: SecondaryKey{key, value}} }

// Check normalises the number and refuses a Ref that names nobody.
func (r Ref) Check() (Ref, error) {
	if !isText(r.ID) || !isText(r.SecondaryID.Key) || !isText(r.SecondaryID.Value) {
		return r, Refuse(InvalidRequest, "customer: customer_id or secondary_id is not a text: it has a zero byte, or is no UTF-8")
	}
	switch {
	case r.ID != "":
		if len(r.ID) > maxNumber {
			return r, Refuse(InvalidRequest, "customer_id: longer than %d bytes", maxNumber)
		}
		return r, nil
	case r.Number != Number{}:
		n, err := r.Number.Normalize()
		r.Number = n
		return r, err
	case r.SecondaryID.Key != "":
		return r, nil
	}
	return r, Refuse(InvalidRequest, "customer: missing: name them by customer_number, customer_id or secondary_id")
}

// NotFound is the refusal for a Ref that leads to nobody.
func (r Ref) NotFound() *Refusal {
	if r.ID != "" {
		return Refuse(NotFound, "customer_id: there is no customer %s", r.ID)
	}
	return Refuse(NotFound, "secondary_id: no customer has %s = %q", r.SecondaryID.Key, r.SecondaryID.Value)
}

// CheckNumber is Check for a Ref that is meant to be by number, though the number may be empty.
func (r Ref) CheckNumber() (Ref, error) {
	n, err := r.Number.Normalize()
	return Ref{Number: n}, err
}
