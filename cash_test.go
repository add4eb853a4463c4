package elarian

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/elarian-go/elarian/internal/pb"
)

func TestCashOfText(t *testing.T) {
	for _, test := range []struct {
		code, text string
		units      int64
		print      string
	}{
		{"KES", "100", 10000, "KES 100.00"}, {"KES", "100.5", 10050, "KES 100.50"}, {"KES", " 100.50 ", 10050, "KES 100.50"}, {"KES", "0.01", 1, "KES 0.01"},
		{"KES", "1000000", 100000000, "KES 1,000,000.00"}, {"KES", "-3.20", -320, "KES -3.20"}, {"KES", "100.500", 10050, "KES 100.50"}, {"KES", "007", 700, "KES 7.00"},
		{"UGX", "5000", 5000, "UGX 5,000"}, {"UGX", "5000.00", 5000, "UGX 5,000"}, {"KWD", "1.250", 1250, "KWD 1.250"}, {"KES", "0", 0, "KES 0.00"},
		{"KES", "90071992547409.92", 1 << 53, "KES 90,071,992,547,409.92"},
	} {
		c := NewCash(test.code, test.text)
		if c.Err() != nil || c.Units() != test.units || c.Currency() != test.code || c.String() != test.print {
			t.Errorf("%s %s is %v, %d units, %v", test.code, test.text, c, c.Units(), c.Err())
		}
		if c != MinorUnits(test.code, test.units) || NewCash(test.code, c.Amount()) != c {
			t.Errorf("%v is not what its units and its text are", c)
		}
	}
	if KES("1") != NewCash("KES", "1") || KES("1") == NewCash("UGX", "100") {
		t.Error("equal amounts differ")
	}
}

// What is no amount says so, and does not become an amount on the way.
func TestNoCash(t *testing.T) {
	bad := []Cash{NewCash("", "1"), NewCash("kes", "1"), NewCash("XYZ", "1"), MinorUnits("XYZ", 1), MinorUnits("KES", 1<<53+1), MinorUnits("KES", math.MinInt64)}
	for _, text := range []string{
		"", " ", "abc", "1,000", "1 000", "1.5.5", ".5", "5.", "+5", "--5", "-", "1e3", "0x10", "100.505", "٥", "KES 5", "5/=", "90071992547409.93", "99999999999999999999999", "NaN", "Inf",
	} {
		bad = append(bad, KES(text))
	}
	for _, c := range bad {
		if err := c.Err(); !errors.Is(err, ErrInvalidRequest) || len(err.Error()) < 20 {
			t.Errorf("%v: error is %v", c, err)
		}
		if c.Units() != 0 || c.Currency() != "" || c.Sign() != 0 || !strings.HasPrefix(c.String(), "no amount") {
			t.Errorf("%v has %d units", c, c.Units())
		}
		if sum := KES("5").Add(c).Sub(KES("1")); sum.Err() == nil {
			t.Errorf("with %v a sum is %v", c, sum)
		}
		if _, err := json.Marshal(c); err == nil {
			t.Errorf("%v was stored", c)
		}
	}
}

func TestCashSums(t *testing.T) {
	if got := KES("0.10").Add(KES("0.20")); got != KES("0.30") {
		t.Error(got)
	}
	if got := KES("1").Sub(KES("1.50")); got != KES("-0.50") || got.Sign() != -1 || KES("1").Sign() != 1 || KES("0").Sign() != 0 {
		t.Error(got)
	}
	if got := (Cash{}).Add(KES("1")).Add(Cash{}); got != KES("1") {
		t.Error(got)
	}
	if got := (Cash{}).Sub(KES("1")); got != KES("-1") {
		t.Error(got)
	}
	for _, got := range []Cash{KES("1").Add(NewCash("UGX", "1")), MinorUnits("KES", 1<<53).Add(KES("0.01"))} {
		if !errors.Is(got.Err(), ErrInvalidRequest) {
			t.Errorf("that sum is %v", got)
		}
	}
}

func TestStoredCash(t *testing.T) {
	type loan struct {
		Owed Cash `json:"owed"`
	}
	for _, s := range []*Serializer{&JSON, &Gob} {
		for _, c := range []Cash{KES("100.50"), MinorUnits("KES", -1<<53), NewCash("UGX", "7"), {}} {
			v, err := s.encode(loan{c})
			var got loan
			v.serializer = s
			if err != nil || v.Decode(&got) != nil || got.Owed != c {
				t.Errorf("%v came back as %v, %v", c, got, err)
			}
		}
	}
	if v, _ := JSON.encode(loan{KES("100.50")}); v.Text() != `{"owed":{"currencyCode":"KES","amount":100.50}}` {
		t.Error(v)
	}
	for text, want := range map[string]Cash{
		`{"amount":100.5,"currencyCode":"KES"}`: KES("100.50"), `{"amount":0.30000000000000004,"currencyCode":"KES"}`: KES("0.30"),
		`{"amount":1e3,"currencyCode":"KES"}`: KES("1000"), `{"amount":"7","currencyCode":"KES"}`: KES("7"), `{}`: {},
	} {
		var got Cash
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`{"amount":1}`, `{"amount":1,"currencyCode":"XYZ"}`, `{"amount":1e300,"currencyCode":"KES"}`, `{"amount":"x","currencyCode":"KES"}`, `7`} {
		kept := KES("1")
		if err := json.Unmarshal([]byte(text), &kept); err == nil || kept != KES("1") {
			t.Errorf("%s is %v", text, kept)
		}
	}
}

func TestCashOfTheWire(t *testing.T) {
	for _, c := range []Cash{KES("100.50"), KES("-0.01"), NewCash("UGX", "5000"), NewCash("KWD", "0.001"), {}} {
		if got := fromCash(c.proto()); got != c {
			t.Errorf("%v came back as %v", c, got)
		}
	}
	for _, c := range []*pb.Cash{{CurrencyCode: "XYZ", Amount: 1}, {Amount: 1}, {CurrencyCode: "KES", Amount: math.NaN()}, {CurrencyCode: "KES", Amount: math.Inf(-1)}} {
		if got := fromCash(c); got.Err() == nil {
			t.Errorf("%v is %v", c, got)
		}
	}
}
