package store

import "time"

// Recording is what was said in a call. Whoever has the token can fetch it, until it expires. It is in the
// database, and not in a file beside it: it is stored in the commit that tells of it, goes with its customer, and
// is there for every server.
type Recording struct {
	Token         string
	Org, Customer string
	Sound         []byte // a WAV file, gzip
	Size          int64  // bytes of the file
	ExpiresAt     time.Time
}

var (
	insertRecording = newStatement("token text, org text, customer text, size int, sound blob, expires int", `
		INSERT INTO recordings (token, org_id, customer_id, size, sound, expires_at) {{values}}`)
	selectRecording = newStatement("token text", `
		SELECT s.org_id, s.customer_id, s.size, s.sound, s.expires_at FROM {{each recordings s}} s.token = r.token`)
	moveRecordings = newStatement(moveColumns, `
		UPDATE recordings AS s SET customer_id = r.new {{given}} s.org_id = r.org AND s.customer_id = r.old`)
	deleteRecordings = newStatement(ofCustomer, `DELETE FROM recordings WHERE {{key org_id, customer_id}}`)
	purgeRecordings  = newStatement("before int", `
		DELETE FROM recordings WHERE token IN (
			SELECT s.token FROM {{each recordings s}} s.expires_at < r.before ORDER BY s.expires_at LIMIT 1000)`)
)

// AddRecording stores a recording.
func (tx *Tx) AddRecording(r Recording) {
	tx.Exec(insertRecording, new(values).text(r.Token).text(r.Org).text(r.Customer).int(r.Size).blob(r.Sound).int(millis(r.ExpiresAt)))
}

// Recording finds a recording that has not expired, nil where there is none.
func (s *Store) Recording(token string) (*Recording, error) {
	if !storable(token) {
		return nil, nil
	}
	var found *Recording
	err := s.query(op{selectRecording, new(values).text(token), func(r row) error {
		found = &Recording{Token: token, Org: r.text(0), Customer: r.text(1), Size: r.int(2), Sound: r.blob(3), ExpiresAt: fromMillis(r.int(4))}
		return nil
	}})
	if found != nil && !s.now().Before(found.ExpiresAt) {
		return nil, err
	}
	return found, err
}
