package meeting

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/proffer/proffer/triage/account"
)

func somebody(n int, id string) person {
	return person{J: J{byte(n), byte(n >> 8)}, Device: Key{byte(n), byte(n >> 8)}, Account: account.ID(id), Name: "Somebody"}
}

func TestArrive(t *testing.T) {
	in, host, out := Seated{In: true}, Seated{In: true, Host: true}, Seated{}
	for _, x := range []struct {
		name          string
		owner         bool
		locked, lobby bool
		known         *Seated
		elsewhere     bool // known by the account, on another device
		want          verdict
	}{
		{"a guest", false, false, false, nil, false, letIn},
		{"a guest, lobby", false, false, true, nil, false, waits},
		{"a guest, locked", false, true, false, nil, false, denied},
		{"a guest, both", false, true, true, nil, false, denied},
		{"the owner, both", true, true, true, nil, false, letIn},
		{"a co-host, both", false, true, true, &host, false, letIn},
		{"let in before, lobby", false, false, true, &in, false, letIn},
		{"let in before, locked", false, true, false, &in, false, denied},
		{"removed before", false, false, false, &out, false, waits},
		{"removed before, locked", false, true, false, &out, false, denied},
		{"removed on another device", false, false, false, &out, true, waits},
		{"let in on another device, lobby", false, false, true, &in, true, waits},
	} {
		p := somebody(1, "A-1")
		p.Owner = x.owner
		r := roster{locked: x.locked, lobby: x.lobby, known: map[Key]Seated{}}
		if x.known != nil {
			s := *x.known
			s.Device, s.Account = p.Device, p.Account
			if x.elsewhere {
				s.Device = Key{77}
			}
			r.known[s.Device] = s
		}
		if got := r.arrive(p); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
	p := somebody(1, "A-1") // a device that a guest used is no account's
	r := roster{lobby: true, known: map[Key]Seated{p.Device: {Device: p.Device, In: true, Host: true}}}
	if got := r.arrive(p); got != waits {
		t.Errorf("an account on a device that was let in as a guest: %d", got)
	}
}

// TestSeats holds over random histories that indexes rise, fit the KID, and are never two people's at once; and never two people's at all
// while nothing is crowded.
func TestSeats(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := roster{known: map[Key]Seated{}}
	was := map[uint64]J{}
	crowdings := 0
	for n := range 6000 {
		p := somebody(n, "")
		crowded := r.seat(p, uint64(n))
		if crowded != (n > maxIndex) {
			t.Fatalf("seat %d crowded: %v", n, crowded)
		}
		if crowded {
			crowdings++
			clear(was) // a new epoch
			for _, s := range r.seats {
				was[s.index] = s.J
			}
		}
		at := r.at(p.J)
		if j, taken := was[at.index]; taken && j != p.J {
			t.Fatalf("index %d was given to two in one epoch", at.index)
		}
		was[at.index] = p.J
		for len(r.seats) > 20+rng.IntN(20) {
			r.unseat(r.seats[rng.IntN(len(r.seats))].J)
		}
		if err := r.message("M-1", 1).check(); err != nil {
			t.Fatal(err)
		}
	}
	if crowdings == 0 || !slices.IsSortedFunc(r.seats, func(a, b rosterSeat) int { return int(a.index) - int(b.index) }) {
		t.Error("nothing was crowded, or the seats are out of order")
	}
}
