package meeting

import (
	"testing"
	"time"
)

// TestTestimony opens a testimony that Go's client made, and refuses it for everything that it is not about.
func TestTestimony(t *testing.T) {
	var made []byte
	var m string
	var at uint64
	for _, v := range readVectors(t).Signed {
		if v.Kind == "testimony" {
			made, m, at = unhex(t, v.Signed), v.Fields["meeting"].(string), uint64(v.Fields["time"].(float64))
		}
	}
	now, report := time.UnixMilli(int64(at)), []byte(`{"words":"He insults everybody."}`)
	device, err := OpenTestimony(made, m, report, now)
	if err != nil || device == (Key{}) {
		t.Fatalf("%x, %v", device, err)
	}
	changed := append([]byte{}, made...)
	changed[len(changed)-1] ^= 1
	for name, f := range map[string]func() (Key, error){
		"another meeting":  func() (Key, error) { return OpenTestimony(made, "M-00000-00000", report, now) },
		"another report":   func() (Key, error) { return OpenTestimony(made, m, append(report, ' '), now) },
		"an old one":       func() (Key, error) { return OpenTestimony(made, m, report, now.Add(TestimonyTime+time.Millisecond)) },
		"one to come":      func() (Key, error) { return OpenTestimony(made, m, report, now.Add(-6*time.Minute)) },
		"a bad signature":  func() (Key, error) { return OpenTestimony(changed, m, report, now) },
		"nothing":          func() (Key, error) { return OpenTestimony(nil, m, report, now) },
		"something longer": func() (Key, error) { return OpenTestimony(append(made, 0), m, report, now) },
	} {
		if device, err := f(); err == nil || device != (Key{}) {
			t.Errorf("%s: %x, %v", name, device, err)
		}
	}
	if _, err := OpenTestimony(made, m, report, now.Add(24*time.Hour)); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

func FuzzTestimony(f *testing.F) { fuzzBody(f, "testimony", func() body { return new(Testimony) }) }
