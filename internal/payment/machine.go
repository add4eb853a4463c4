package payment

// Posting is what a step of a payment does to the money.
type Posting int

const (
	Nothing  Posting = iota
	Hold             // the amount of the debited account is not available any more
	Transfer         // from the debited to the credited account
	Settle           // the hold ends, and the same as Transfer
	Release          // the hold ends, the amount is available again
	Reverse          // from the credited back to the debited account
)

var postingNames = [...]string{"nothing", "hold", "transfer", "settle", "release", "reverse"}

func (p Posting) String() string { return postingNames[p] }

// step is from one phase to another.
type step struct{ from, to phase }

// steps are the whole life of a payment: what each flow posts on the way from one phase to another. What
// is not here does not happen: an answer of a provider that asks for it is noted and changes nothing.
var steps = map[step]map[Flow]Posting{
	{none, pending}:  {Outbound: Hold, Inbound: Nothing, Imported: Nothing},
	{none, success}:  {Internal: Transfer, Inbound: Transfer, Imported: Nothing},
	{none, failed}:   {Inbound: Nothing, Imported: Nothing},
	{none, reversed}: {Inbound: Nothing, Imported: Nothing}, // we never had it

	{pending, pending}: {Outbound: Nothing, Inbound: Nothing, Imported: Nothing},
	{pending, success}: {Outbound: Settle, Inbound: Transfer, Imported: Nothing},
	{pending, failed}:  {Outbound: Release, Inbound: Nothing, Imported: Nothing},

	{success, reversed}: {Internal: Reverse, Outbound: Reverse, Inbound: Reverse, Imported: Nothing},
}

// Verdict is what comes of a status that a payment is told to take.
type Verdict int

const (
	News        Verdict = iota // it takes it
	Repeated                   // it has it already
	Contradicts                // it cannot take it any more, or not yet
)

var verdictNames = [...]string{"taken", "repeated", "contradicts"}

func (v Verdict) String() string { return verdictNames[v] }

// Next says what comes of a status, and what has to be posted where it is News.
func (p *Payment) Next(s Status) (Posting, Verdict) {
	if s == p.Status {
		return Nothing, Repeated
	}
	posting, possible := steps[step{p.Status.phase(), s.phase()}][p.Flow]
	if !possible || !s.Known() {
		return Nothing, Contradicts
	}
	return posting, News
}
