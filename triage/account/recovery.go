package account

import "time"

// Recovery is the wish of a member of staff who lost all their passkeys to start anew. Two administrators, neither of them the person, have to agree.
type Recovery struct {
	ID      string // of the form "B-XXXXX-XXXXX"
	Account ID
	Words   string // what happened, by the person
	Asked   time.Time
	Expires time.Time // when it is void, if it is not granted until then
	First   ID        // the administrator who agreed first
	FirstAt time.Time
	Second  ID // the one whose agreement granted it
	Granted time.Time
	Refuser ID
	Refused time.Time
	Answer  string // what who refused it wrote
	Version int
}

// Open reports whether it waits for somebody's answer.
func (r Recovery) Open(now time.Time) bool {
	return r.Second == "" && r.Refuser == "" && now.Before(r.Expires)
}
