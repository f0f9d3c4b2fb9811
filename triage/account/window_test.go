package account_test

import (
	"strconv"
	"testing"

	"github.com/proffer/proffer/triage/account"
)

func TestParseWindow(t *testing.T) {
	for in, want := range map[string]account.Window{"15": 15, " 60 ": 60, "120": 120, "+15": 15} {
		if got, err := account.ParseWindow(in); got != want || err != nil {
			t.Errorf("ParseWindow(%q) = %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "14", "121", "-15", "60 s", "1e2", "60.5", "99999999999999999999", "0x20"} {
		if got, err := account.ParseWindow(in); err == nil {
			t.Errorf("ParseWindow(%q) = %d, want an error", in, got)
		}
	}
}

func FuzzParseWindow(f *testing.F) {
	f.Add("15")
	f.Add("121")
	f.Fuzz(func(t *testing.T, s string) {
		w, err := account.ParseWindow(s)
		if err != nil {
			return
		}
		if again, err := account.ParseWindow(strconv.Itoa(int(w))); again != w || err != nil || w < account.MinWindow || w > account.MaxWindow {
			t.Errorf("%q is %d, and that is %d, %v", s, w, again, err)
		}
	})
}
