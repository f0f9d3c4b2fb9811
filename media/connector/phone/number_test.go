package phone

import "testing"

func TestNumbers(t *testing.T) {
	s := &Server{config: Config{Number: "+1 (555) 010-0123, +49 30 555 0199"}}
	for user, want := range map[string]string{"4711081523": "4711081523", "5550100123": "", "15550100123": "", "+15550100123": "", "4930555019": "4930555019",
		"9305550199": "", "telephone": "", "471108152x": ""} {
		if got := s.pinOf(user); got != want {
			t.Errorf("%s is the PIN %q, want %q", user, got, want)
		}
	}
	for user, want := range map[string]string{"+493055512345": "Telephone …2345", "1234": "Telephone", "anonymous": "Telephone", "+49305551x345": "Telephone", "": "Telephone"} {
		if got := nameOf(user); got != want {
			t.Errorf("%s is shown as %q", user, got)
		}
	}
}
