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

// CheckID refuses a Ref by id that names nobody.
func (r Ref) CheckID() (Ref, error) {
	switch {
	case r.ID == "":
		return r, Refuse(InvalidRequest, "customer_id: missing")
	case !isText(r.ID):
		return r, Refuse(InvalidRequest, "customer_id: not a text: it has a zero byte, or is no UTF-8")
	case len(r.ID) > maxNumber:
		return r, Refuse(InvalidRequest, "customer_id: longer than %d bytes", maxNumber)
	}
	return r, nil
}

// CheckNumber normalises the number of a Ref by number, and refuses one that cannot be one.
func (r Ref) CheckNumber() (Ref, error) {
	n, err := r.Number.Normalize()
	return ByNumber(n), err
}

// CheckSecondaryID refuses a Ref by secondary id that names nobody.
func (r Ref) CheckSecondaryID() (Ref, error) {
	if err := checkLookup("secondary_id.key", r.SecondaryID.Key); err != nil {
		return r, err
	}
	return r, checkLookup("secondary_id.value", r.SecondaryID.Value)
}

func checkLookup(field, s string) error {
	switch {
	case s == "":
		return Refuse(InvalidRequest, "%s: empty", field)
	case !isText(s):
		return Refuse(InvalidRequest, "%s: not a text: it has a zero byte, or is no UTF-8", field)
	case len(s) > maxSecondaryID:
		return Refuse(InvalidRequest, "%s: longer than %d bytes", field, maxSecondaryID)
	}
	return nil
}

// maxSecondaryID bounds what is looked for, in bytes: what is kept has narrower limits, see Limits.
const maxSecondaryID = 4 << 10

// NotFound is the refusal for a Ref that leads to nobody.
func (r Ref) NotFound() *Refusal {
	if r.ID != "" {
		return Refuse(NotFound, "customer_id: there is no customer %s", r.ID)
	}
	return Refuse(NotFound, "secondary_id: no customer has %s = %q", r.SecondaryID.Key, r.SecondaryID.Value)
}
