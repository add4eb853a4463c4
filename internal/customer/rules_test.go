package customer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// few are limits that generated histories run into.
var few = Limits{KeyBytes: 4, ValueBytes: 6, MetadataKeys: 3, MetadataBytes: 20, Tags: 3, SecondaryIDs: 2, AppDataBytes: 4}

func code(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// keys are such that some are the same without case, some too long, some not allowed.
func keys() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "A", "b", "É", "é", "c", "long!", "", "x\x00", "\xff"})
}

func ends() *rapid.Generator[time.Duration] {
	return rapid.SampledFrom([]time.Duration{0, -time.Second, time.Second, time.Minute})
}

func at(now time.Time, d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return now.Add(d)
}

func badKey(key string) Code {
	switch {
	case key == "", strings.ContainsRune(key, 0), key == "\xff":
		return InvalidRequest
	case len(key) > few.KeyBytes:
		return LimitReached
	}
	return ""
}

// A model of tags: a map by folded key, with what has expired taken out before each step.
func TestTagsAgainstModel(t *testing.T) {
	type entry struct {
		key, value string
		end        time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		c, model, now := &Customer{}, map[string]entry{}, start
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				updates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Tag {
					return Tag{Key: keys().Draw(t, "key"), Value: rapid.SampledFrom([]string{"", "v", "w", "much too long", "\x00"}).Draw(t, "value"), ExpiresAt: at(now, ends().Draw(t, "end"))}
				}), 1, 3).Draw(t, "updates")
				want, next := Code(""), maps.Clone(model)
				for _, u := range updates {
					bad := badKey(u.Key)
					if bad == "" && u.Value == "\x00" {
						bad = InvalidRequest
					} else if bad == "" && len(u.Value) > few.KeyBytes {
						bad = LimitReached
					}
					if want == "" {
						want = bad
					}
					e := entry{u.Key, u.Value, u.ExpiresAt}
					if old, there := next[FoldKey(u.Key)]; there {
						e.key = old.key
					}
					if next[FoldKey(u.Key)] = e; !u.ExpiresAt.IsZero() && !u.ExpiresAt.After(now) {
						delete(next, FoldKey(u.Key))
					}
				}
				if want == "" && len(next) > few.Tags {
					want = LimitReached
				}
				if got := code(c.UpdateTags(updates, few, now)); got != want {
					t.Fatalf("refused %q, want %q", got, want)
				}
				if want == "" {
					model = next
				}
			},
			"delete": func(t *rapid.T) {
				gone := rapid.SliceOfN(keys(), 0, 3).Draw(t, "keys")
				c.DeleteTags(gone, now)
				for _, k := range gone {
					delete(model, FoldKey(k))
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute}).Draw(t, "time"))
				maps.DeleteFunc(model, func(_ string, e entry) bool { return !e.end.IsZero() && !e.end.After(now) })
			},
			"": func(t *rapid.T) {
				live := LiveTags(c.Tags, now)
				for _, tag := range live {
					if got := (entry{tag.Key, tag.Value, tag.ExpiresAt}); got != model[FoldKey(tag.Key)] {
						t.Fatalf("tag %+v, want %+v", got, model[FoldKey(tag.Key)])
					}
				}
				if len(live) != len(model) {
					t.Fatalf("%d tags, want %d", len(live), len(model))
				}
			},
		})
	})
}

// Some customers claim the same few secondary ids: each leads to one of them at the most.
func TestSecondaryIDsAgainstModel(t *testing.T) {
	type value struct {
		value string
		end   time.Time
	}
	live := func(v value, now time.Time) bool { return v.value != "" && (v.end.IsZero() || v.end.After(now)) }
	rapid.Check(t, func(t *rapid.T) {
		now := start
		people := []*Customer{{ID: "0"}, {ID: "1"}, {ID: "2"}}
		model := []map[string]value{{}, {}, {}}
		holder := func(k SecondaryKey) string {
			for i, ids := range model {
				if v := ids[k.Key]; v.value == k.Value && live(v, now) {
					return people[i].ID
				}
			}
			return ""
		}
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				i := rapid.IntRange(0, 2).Draw(t, "who")
				updates := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) SecondaryID {
					return SecondaryID{Key: rapid.SampledFrom([]string{"a", "A", "b", "", "long!"}).Draw(t, "key"), Value: rapid.SampledFrom([]string{"1", "2", "", "long!"}).Draw(t, "value"), ExpiresAt: at(now, ends().Draw(t, "end"))}
				}), 1, 2).Draw(t, "updates")
				want, next := Code(""), maps.Clone(model[i])
				for _, u := range updates {
					bad := badKey(u.Key)
					switch h := holder(u.Name()); {
					case bad != "":
					case u.Value == "":
						bad = InvalidRequest
					case len(u.Value) > few.KeyBytes:
						bad = LimitReached
					case h != "" && h != people[i].ID:
						bad = SecondaryIDTaken
					}
					if want == "" {
						want = bad
					}
					next[u.Key] = value{u.Value, u.ExpiresAt}
				}
				maps.DeleteFunc(next, func(_ string, v value) bool { return !live(v, now) })
				if want == "" && len(next) > few.SecondaryIDs {
					want = LimitReached
				}
				err := people[i].UpdateSecondaryIDs(updates, func(k SecondaryKey) (string, error) { return holder(k), nil }, few, now)
				if code(err) != want {
					t.Fatalf("refused %v, want %q", err, want)
				}
				if want == "" {
					model[i] = next
				}
			},
			"delete": func(t *rapid.T) {
				i := rapid.IntRange(0, 2).Draw(t, "who")
				name := SecondaryKey{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value")}
				people[i].DeleteSecondaryIDs([]SecondaryKey{name}, now)
				if model[i][name.Key].value == name.Value {
					delete(model[i], name.Key)
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute}).Draw(t, "time"))
				for _, ids := range model {
					maps.DeleteFunc(ids, func(_ string, v value) bool { return !live(v, now) })
				}
			},
			"": func(t *rapid.T) {
				holders := map[SecondaryKey]string{}
				for i, c := range people {
					ids := LiveSecondaryIDs(c.SecondaryIDs, now)
					for _, s := range ids {
						if other := holders[s.Name()]; other != "" {
							t.Fatalf("%v leads to %s and %s", s.Name(), other, c.ID)
						}
						holders[s.Name()] = c.ID
						if model[i][s.Key] != (value{s.Value, s.ExpiresAt}) {
							t.Fatalf("%s has %+v, want %+v", c.ID, s, model[i][s.Key])
						}
					}
					if len(ids) != len(model[i]) {
						t.Fatalf("%s has %d, want %d", c.ID, len(ids), len(model[i]))
					}
				}
			},
		})
	})
}

func TestMetadataAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, model := &Customer{}, map[string]Value{}
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				updates := rapid.MapOfN(keys(), rapid.Custom(func(t *rapid.T) Value {
					return Value{rapid.Bool().Draw(t, "binary"), rapid.SampledFrom([]string{"", "v", "\xff\x00", "sixsix", "too long"}).Draw(t, "data")}
				}), 0, 3).Draw(t, "updates")
				want, next, size := Code(""), maps.Clone(model), 0
				bad := map[Code]bool{}
				for k, v := range updates {
					if b := badKey(k); b != "" {
						bad[b] = true
					} else if len(v.Data) > few.ValueBytes {
						bad[LimitReached] = true
					}
					next[k] = v
				}
				for k, v := range next {
					size += len(k) + len(v.Data)
				}
				switch {
				case len(updates) == 0:
					want = InvalidRequest
				case len(bad) == 0 && (len(next) > few.MetadataKeys || size > few.MetadataBytes):
					want = LimitReached
				}
				got := code(c.UpdateMetadata(updates, few))
				if len(bad) > 0 && !bad[got] || len(bad) == 0 && got != want {
					t.Fatalf("refused %q, want %q or %v", got, want, bad)
				}
				if got == "" {
					model = next
				}
			},
			"delete": func(t *rapid.T) {
				gone := rapid.SliceOfN(keys(), 0, 3).Draw(t, "keys")
				c.DeleteMetadata(gone)
				for _, k := range gone {
					delete(model, k)
				}
			},
			"": func(t *rapid.T) {
				if !maps.Equal(c.Metadata, model) {
					t.Fatalf("%v, want %v", c.Metadata, model)
				}
			},
		})
	})
}

// A command and a notification work on the same app data: what a command wrote while the
// notification was unanswered is only overwritten by an answer that says something else than what
// the notification carried.
func TestAppDataAgainstModel(t *testing.T) {
	values := rapid.Custom(func(t *rapid.T) Value {
		return Value{rapid.Bool().Draw(t, "binary"), rapid.SampledFrom([]string{"", "a", "b", "long!"}).Draw(t, "data")}
	})
	rapid.Check(t, func(t *rapid.T) {
		var d AppData
		var stored *Value
		var leasedUntil time.Time
		var carried AppData
		now := start
		t.Repeat(map[string]func(*rapid.T){
			"update": func(t *rapid.T) {
				v := values.Draw(t, "value")
				err := d.Update(v, few)
				if (len(v.Data) > few.AppDataBytes) != (code(err) == LimitReached) {
					t.Fatal(err)
				}
				if err == nil {
					stored, leasedUntil = &v, time.Time{}
				}
			},
			"delete": func(*rapid.T) { d.Delete(); stored, leasedUntil = nil, time.Time{} },
			"lease": func(t *rapid.T) {
				if d.Leased(now) {
					return // the next one waits
				}
				d.Lease(now)
				leasedUntil = now.Add(90 * time.Second)
			},
			"notify": func(*rapid.T) { carried = d },
			"answer": func(t *rapid.T) {
				var update *Value
				if rapid.Bool().Draw(t, "updates") {
					v := values.Draw(t, "value")
					update = &v
				}
				echo := update != nil && carried.Present && *update == carried.Value
				done, err := d.Answer(update, carried, few)
				tooLong := update != nil && !echo && len(update.Data) > few.AppDataBytes
				if tooLong != (code(err) == LimitReached) || err == nil && done != (update != nil && !echo) {
					t.Fatalf("%v, %v", done, err)
				}
				if err == nil && done {
					stored, leasedUntil = update, time.Time{}
				}
			},
			"wait": func(t *rapid.T) {
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 89 * time.Second, 90 * time.Second}).Draw(t, "time"))
			},
			"": func(t *rapid.T) {
				if d.Leased(now) != leasedUntil.After(now) {
					t.Fatalf("leased %v, want until %v at %v", d.Leased(now), leasedUntil, now)
				}
				if d.Present != (stored != nil) || stored != nil && d.Value != *stored {
					t.Fatalf("%+v, want %v", d, stored)
				}
			},
		})
	})
}

func person(t *rapid.T, id string, numbers []string) *Customer {
	c := &Customer{Org: "org", ID: id, CreatedAt: start, UpdatedAt: start}
	for _, n := range numbers {
		c.AddNumber(Number{Provider: Cellular, Number: n})
	}
	for _, k := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "B", "c"}), rapid.ID).Draw(t, "tags") {
		if rapid.Bool().Draw(t, "upper") {
			k = strings.ToUpper(k)
		}
		c.Tags = append(c.Tags, Tag{Key: k, Value: id, ExpiresAt: at(start, ends().Draw(t, "end"))})
	}
	for _, k := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b"}), rapid.ID).Draw(t, "secondary ids") {
		c.SecondaryIDs = append(c.SecondaryIDs, SecondaryID{Key: k, Value: id, ExpiresAt: at(start, ends().Draw(t, "end"))})
	}
	for _, k := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID).Draw(t, "metadata") {
		if c.Metadata == nil {
			c.Metadata = map[string]Value{}
		}
		c.Metadata[k] = Text(id)
	}
	return c
}

// A wins where both have a key; nothing of B is lost that A has not; B is empty and decommissioned.
func TestAdoption(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := person(t, "A", []string{"+1", "+2"}), person(t, "B", []string{"+3"})
		ownA, ownB := a.Clone(), b.Clone()
		if err := a.Adopt(b, start); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Numbers, append(ownA.Numbers, ownB.Numbers...)) {
			t.Fatalf("numbers %v", a.Numbers)
		}
		want := map[string]string{}
		for _, c := range []*Customer{ownB, ownA} {
			for _, tag := range LiveTags(c.Tags, start) {
				want[FoldKey(tag.Key)] = c.ID
			}
		}
		for _, tag := range a.Tags {
			if want[FoldKey(tag.Key)] != tag.Value {
				t.Fatalf("tag %+v, want that of %q", tag, want[FoldKey(tag.Key)])
			}
		}
		if len(a.Tags) != len(want) {
			t.Fatalf("tags %v, want %v", a.Tags, want)
		}
		if want := append(LiveSecondaryIDs(ownA.SecondaryIDs, start), LiveSecondaryIDs(ownB.SecondaryIDs, start)...); !slices.Equal(a.SecondaryIDs, want) {
			t.Fatalf("secondary ids %v, want %v", a.SecondaryIDs, want)
		}
		metadata := maps.Clone(ownB.Metadata)
		if metadata == nil {
			metadata = map[string]Value{}
		}
		maps.Copy(metadata, ownA.Metadata)
		if !maps.Equal(a.Metadata, metadata) {
			t.Fatalf("metadata %v, want %v", a.Metadata, metadata)
		}
		if b.AdoptedBy != "A" || b.ID != "B" || len(b.Numbers)+len(b.Tags)+len(b.SecondaryIDs)+len(b.Metadata) > 0 {
			t.Fatalf("the other is %+v", b)
		}
		if code(b.Check()) != Decommissioned || code(a.Adopt(b, start)) != Decommissioned || code(b.Adopt(a, start)) != Decommissioned || code(a.Adopt(a, start)) != SameCustomer {
			t.Fatal("a decommissioned id, or oneself, was adopted")
		}
	})
}

func TestAdoptionOfAppData(t *testing.T) {
	later := start.Add(time.Second)
	a, b := AppData{Value: Text("a"), Present: true, LeasedUntil: start}, AppData{Value: Text("b"), Present: true, LeasedUntil: later}
	for i, c := range []struct{ own, other, want AppData }{
		{AppData{}, AppData{}, AppData{}},
		{a, AppData{}, a},
		{AppData{}, b, b},
		{a, b, AppData{Value: Text("a"), Present: true, LeasedUntil: later}},
		{b, a, b},
		{AppData{LeasedUntil: later}, a, AppData{Value: Text("a"), Present: true, LeasedUntil: later}},
	} {
		if c.own.Adopt(c.other); c.own != c.want {
			t.Errorf("%d: %+v, want %+v", i, c.own, c.want)
		}
	}
}

// What an adoption brought over a limit may be changed, but not grow.
func TestOverTheLimitByAdoption(t *testing.T) {
	c, other := &Customer{ID: "a"}, &Customer{ID: "b"}
	for i, who := range []*Customer{c, other} {
		who.Metadata = map[string]Value{}
		for j := range 2 {
			key := fmt.Sprintf("%d%d", i, j)
			who.Tags = append(who.Tags, Tag{Key: key})
			who.SecondaryIDs = append(who.SecondaryIDs, SecondaryID{Key: key, Value: "v"})
			who.Metadata[key] = Text("data")
		}
	}
	if err := c.Adopt(other, start); err != nil {
		t.Fatal(err)
	}
	free := func(SecondaryKey) (string, error) { return "", nil }
	for key, want := range map[string]Code{"00": "", "new": LimitReached} {
		if got := code(c.UpdateTags([]Tag{{Key: key, Value: "x"}}, few, start)); got != want {
			t.Errorf("tag %s: %q", key, got)
		}
		if got := code(c.UpdateSecondaryIDs([]SecondaryID{{Key: key, Value: "x"}}, free, few, start)); got != want {
			t.Errorf("secondary id %s: %q", key, got)
		}
		if got := code(c.UpdateMetadata(map[string]Value{key: Text("d")}, few)); got != want {
			t.Errorf("metadata %s: %q", key, got)
		}
	}
}

func TestNumbersInNormalForm(t *testing.T) {
	long := strings.Repeat("é", 128)
	for _, c := range []struct {
		provider Provider
		in, want string // "" is refused
	}{
		{Cellular, "+254711000111", "+254711000111"},
		{Cellular, "254711000111", "+254711000111"},
		{Cellular, "00254711000111", "+254711000111"},
		{Cellular, " +254 (711) 000-111 ", "+254711000111"},
		{Cellular, "+254\u00a0711\u2011000111", "+254711000111"},
		{Cellular, "0711 000 111", "0711000111"},
		{Cellular, "83044", "83044"},
		{Cellular, "00123", "00123"},
		{Cellular, "", ""},
		{Cellular, "  ", ""},
		{Cellular, "+", ""},
		{Cellular, "()-", ""},
		{Cellular, "+254x", ""},
		{Cellular, "254+711", ""},
		{Cellular, "٢٥٤", ""},
		{Cellular, strings.Repeat("1", 129), ""},
		{Email, "Jane@Example.ORG", "jane@example.org"},
		{Email, " a@b ", "a@b"},
		{Email, "a@b@c", "a@b@c"},
		{Email, "a@", ""},
		{Email, "@b", ""},
		{Email, "ab", ""},
		{Telegram, "Jane", "Jane"},
		{Facebook, "1234", "1234"},
		{App, long, long},
		{App, long + "é", ""},
		{App, "a\x00b", ""},
		{App, "\xff", ""},
		{ProviderUnspecified, "1", ""},
		{Provider(6), "1", ""},
		{Provider(-1), "1", ""},
	} {
		got, err := Number{Provider: c.provider, Number: c.in}.Normalize()
		switch {
		case c.want == "" && code(err) != InvalidRequest:
			t.Errorf("%v %q: %q, %v, want a refusal", c.provider, c.in, got.Number, err)
		case c.want != "" && (err != nil || got.Number != c.want):
			t.Errorf("%v %q: %q, %v, want %q", c.provider, c.in, got.Number, err, c.want)
		}
	}
	for _, partition := range []string{"\xff", "\x00", long + "é"} {
		if _, err := (Number{Provider: App, Number: "a", Partition: partition}).Normalize(); err == nil {
			t.Errorf("partition %q is taken", partition)
		}
	}
}

// The normal form of a normal form is the same.
func TestNormalFormIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := Number{
			Provider: Provider(rapid.IntRange(1, 5).Draw(t, "provider")),
			Number:   rapid.OneOf(rapid.StringMatching(`[ +]?[0-9 ().-]{0,20}`), rapid.String(), rapid.StringMatching(`.{1,4}@.{1,4}`)).Draw(t, "number"),
		}
		once, err := n.Normalize()
		if err != nil {
			return
		}
		if twice, err := once.Normalize(); err != nil || twice != once {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
	})
}

func TestRefs(t *testing.T) {
	for _, c := range []struct {
		ref   Ref
		check func(Ref) (Ref, error)
		names string // what is refused, "" for nothing
	}{
		{ByID("el_cst_1"), Ref.CheckID, ""},
		{ByID(""), Ref.CheckID, "customer_id"},
		{ByID(strings.Repeat("x", 129)), Ref.CheckID, "customer_id"},
		{ByID("a\x00"), Ref.CheckID, "customer_id"},
		{ByNumber(Number{Provider: Cellular, Number: "+1 2"}), Ref.CheckNumber, ""},
		{ByNumber(Number{Provider: Cellular}), Ref.CheckNumber, "customer_number.number"},
		{ByNumber(Number{}), Ref.CheckNumber, "customer_number"},
		{BySecondaryID("k", "v"), Ref.CheckSecondaryID, ""},
		{BySecondaryID("k", ""), Ref.CheckSecondaryID, "secondary_id.value"},
		{BySecondaryID("", "v"), Ref.CheckSecondaryID, "secondary_id.key"},
		{BySecondaryID("k", "\xff"), Ref.CheckSecondaryID, "secondary_id.value"},
		{BySecondaryID(strings.Repeat("k", 1<<20), "v"), Ref.CheckSecondaryID, "secondary_id.key"},
	} {
		got, err := c.check(c.ref)
		if (err == nil) != (c.names == "") || err != nil && (code(err) != InvalidRequest || !strings.HasPrefix(err.Error(), c.names+":")) {
			t.Errorf("%.80v: %v, want %q refused", c.ref, err, c.names)
		}
		if got.Number.Number == "+1 2" {
			t.Error("the number is not in normal form")
		}
	}
}

func TestActivityRules(t *testing.T) {
	key := ActivityKey{Source: "web", Session: "s"}
	many := map[string]string{}
	for i := range 65 {
		many[fmt.Sprint(i)] = ""
	}
	limits := DefaultLimits()
	limits.KeyBytes, limits.ValueBytes = 8, 10
	for _, c := range []struct {
		name string
		key  ActivityKey
		a    Activity
		want Code
	}{
		{"good", key, Activity{Key: "k", Properties: map[string]string{"a": "123456789"}}, ""},
		{"no properties", key, Activity{Key: "k"}, ""},
		{"no source", ActivityKey{Session: "s"}, Activity{Key: "k"}, InvalidRequest},
		{"no session", ActivityKey{Source: "web"}, Activity{Key: "k"}, InvalidRequest},
		{"long session", ActivityKey{Source: "web", Session: "123456789"}, Activity{Key: "k"}, LimitReached},
		{"no key", key, Activity{}, InvalidRequest},
		{"long key", key, Activity{Key: "123456789"}, LimitReached},
		{"empty property", key, Activity{Key: "k", Properties: map[string]string{"": "x"}}, InvalidRequest},
		{"large", key, Activity{Key: "k", Properties: map[string]string{"a": "1234567890"}}, LimitReached},
		{"many", key, Activity{Key: "k", Properties: many}, LimitReached},
	} {
		s := ActivitySession{ActivityKey: c.key}
		if err := s.Add(c.a, limits); code(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if kept := len(s.Activities) == 1; kept != (c.want == "") {
			t.Errorf("%s: kept %v", c.name, kept)
		}
	}
	s := ActivitySession{ActivityKey: key}
	for i := range 150 {
		if err := s.Add(Activity{Key: fmt.Sprint(i), CreatedAt: start.Add(time.Duration(i) * time.Second)}, limits); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Activities) != 100 || s.Activities[0].Key != "50" || s.Activities[99].Key != "149" || s.CreatedAt != start || s.UpdatedAt != start.Add(149*time.Second) {
		t.Errorf("%d activities, from %s, %v to %v", len(s.Activities), s.Activities[0].Key, s.CreatedAt, s.UpdatedAt)
	}
}

// A clone shares nothing that a rule changes.
func TestCloneIsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := person(t, "A", []string{"+1"})
		before, clone := c.Clone(), c.Clone()
		_ = clone.UpdateTags([]Tag{{Key: "a", Value: "new"}}, DefaultLimits(), start)
		clone.DeleteTags([]string{"b"}, start)
		_ = clone.UpdateMetadata(map[string]Value{"a": Text("new")}, DefaultLimits())
		clone.DeleteMetadata([]string{"b"})
		clone.DeleteSecondaryIDs([]SecondaryKey{{"a", "A"}}, start)
		clone.AddNumber(Number{Provider: Cellular, Number: "+9"})
		if !slices.Equal(c.Tags, before.Tags) || !maps.Equal(c.Metadata, before.Metadata) || !slices.Equal(c.SecondaryIDs, before.SecondaryIDs) || !slices.Equal(c.Numbers, before.Numbers) {
			t.Fatalf("%+v, before %+v", c, before)
		}
	})
}
