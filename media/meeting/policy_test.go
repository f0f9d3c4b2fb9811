package meeting

import (
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/triage/account"
)

func TestRule(t *testing.T) {
	const byName = `organisation.startsWith("Northwind") ? "" : "Only Northwind may: write to it@northwind.example."`
	for _, x := range []struct {
		rule   string
		plan   account.Plan
		comped bool
		why    string // a part of it; "" where it is allowed
	}{
		{"", account.PlanFree, false, "not part of your organisation’s plan (free)"},
		{"", account.PlanFree, true, "business or enterprise"},
		{"", account.PlanBusiness, false, ""},
		{"", account.PlanBusiness, true, ""},
		{"", account.PlanEnterprise, false, ""},
		{"", "", false, "not part of"},
		{"comped", account.PlanEnterprise, false, "not part of"},
		{`plan == "free" || comped`, account.PlanFree, false, ""},
		{`id == "O-1"`, account.PlanFree, false, ""},
		{byName, account.PlanFree, false, ""},
		{`"because\n\tof it"`, account.PlanFree, false, "because of it"},
		{`size(organisation) / 0 > 1`, account.PlanEnterprise, false, "could not be decided"},
		{`[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, a+b+c+d > 0))))`,
			account.PlanEnterprise, false, "could not be decided"},
	} {
		r, err := NewRule(x.rule)
		if err != nil {
			t.Fatalf("%s: %v", x.rule, err)
		}
		why, _ := r.Denies(account.Organisation{ID: "O-1", Name: "Northwind School", Plan: x.plan, Comped: x.comped})
		if (why == "") != (x.why == "") || !strings.Contains(why, x.why) {
			t.Errorf("%q for plan %q, comped %v: %q, want %q", x.rule, x.plan, x.comped, why, x.why)
		}
	}
	for _, bad := range []string{"plan", "1", "plan =", "tier == 'x'", "plan == 1", "organisation.plan == 'business'"} {
		if _, err := NewRule(bad); (err == nil) != (bad == "plan") { // a text is a reason
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestFeatures holds that what needs the server's key is refused in words once there is none.
func TestFeatures(t *testing.T) {
	standard, encrypted, over := Meeting{Mode: Standard}, Meeting{Mode: E2EE}, Meeting{Mode: Standard, Ended: time.Unix(1, 0)}
	seen := map[string]bool{}
	for _, f := range Features {
		if why := standard.Refuses(f); why != "" {
			t.Errorf("%s in a standard meeting: %s", f, why)
		}
		why := encrypted.Refuses(f)
		if len(why) < 40 || seen[why] {
			t.Errorf("%s in an end-to-end encrypted meeting: %q", f, why)
		}
		seen[why] = true
		if over.Refuses(f) == "" {
			t.Errorf("%s in a meeting that is over", f)
		}
	}
	if len(features) != len(Features) || standard.Refuses("telepathy") == "" {
		t.Error("not every feature is listed, or one that is none was allowed")
	}
}
