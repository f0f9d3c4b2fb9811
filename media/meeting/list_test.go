package meeting

import (
	"slices"
	"testing"
	"time"
)

// crowd is a board with some joins.
type crowd struct {
	devices map[J]Key
	left    map[J]bool
	lives   map[J]time.Time
}

func (c crowd) joined(j J) (Key, bool) { k, ok := c.devices[j]; return k, ok }
func (c crowd) departed(j J) bool      { return c.left[j] }
func (c crowd) quiet(j J, now time.Time) time.Duration {
	return now.Sub(c.lives[j])
}

var (
	epoch0        = time.Unix(1_800_000_000, 0)
	ann, ben, cas = J{1}, J{2}, J{3}
	nobody        = J{9}
)

func key(j J) Key { return Key(j) }

func newCrowd() crowd {
	c := crowd{map[J]Key{}, map[J]bool{}, map[J]time.Time{}}
	for _, j := range []J{ann, ben, cas} {
		c.devices[j], c.lives[j] = key(j), epoch0
	}
	return c
}

// listOf is a list of term 2 at version 5, led by Ann; Ben and Cas are next, in this order.
func listOf() list {
	return list{version: 5, term: 2, epoch: 3, hash: Hash{5}, leader: ann, successors: []J{ben, cas}, members: setOf([]J{ann, ben, cas}), at: epoch0}
}

// linkOf is the link that goes on from it.
func linkOf(change func(*Link)) *Link {
	l := &Link{Version: 6, Term: 2, Epoch: 3, Leader: ann, Members: []Seat{{Index: 0, J: ann}, {Index: 1, J: ben}}, Previous: Hash{5}}
	change(l)
	return l
}

func TestAcceptLink(t *testing.T) {
	begin := func(l *Link) { l.Version, l.Term, l.Epoch, l.Previous = 1, 1, 1, Hash{} }
	takeOver := func(l *Link) {
		l.Term, l.Epoch, l.Leader, l.Members = 3, 1, ben, []Seat{{Index: 0, J: ben}}
	}
	for _, x := range []struct {
		name   string
		change func(*Link)
		list   func(*list)
		by     author
		signer Key // zero: that of by
		after  time.Duration
		ok     bool
	}{
		{"goes on", func(l *Link) {}, nil, author{J: ann}, Key{}, time.Second, true},
		{"long after", func(l *Link) {}, nil, author{J: ann}, Key{}, time.Hour, true},
		{"by another", func(l *Link) {}, nil, author{J: ben}, Key{}, time.Second, false},
		{"of another's session", func(l *Link) {}, nil, author{J: ben}, key(ann), time.Second, false},
		{"by another's device", func(l *Link) {}, nil, author{J: ann}, key(ben), time.Second, false},
		{"with a ghost", func(l *Link) { l.Members = append(l.Members, Seat{Index: 2, J: nobody}) }, nil, author{J: ann}, Key{}, time.Second, false},
		{"a version too far", func(l *Link) { l.Version = 7 }, nil, author{J: ann}, Key{}, time.Second, false},
		{"the version before", func(l *Link) { l.Version = 5 }, nil, author{J: ann}, Key{}, time.Second, false},
		{"another past", func(l *Link) { l.Previous = Hash{4} }, nil, author{J: ann}, Key{}, time.Second, false},
		{"a term of its own", func(l *Link) { l.Term = 3 }, nil, author{J: ann}, Key{}, time.Hour, false},
		{"two terms on", func(l *Link) { l.Term = 4 }, func(l *list) { l.claim = &ann }, author{J: ann}, Key{}, time.Hour, false},
		{"the term before", func(l *Link) { l.Term = 1 }, nil, author{J: ann}, Key{}, time.Hour, false},
		{"unclaimed", takeOver, nil, author{J: ben}, Key{}, time.Hour, false},
		{"claimed", takeOver, func(l *list) { l.claim = &ben }, author{J: ben}, Key{}, time.Second, true},
		{"claimed by another", takeOver, func(l *list) { l.claim = &cas }, author{J: ben}, Key{}, time.Second, false},
		{"the old leader after a claim", func(l *Link) {}, func(l *list) { l.claim = &ben }, author{J: ann}, Key{}, time.Second, false},
		{"first, by the host", begin, func(l *list) { *l = list{} }, author{J: ann, Host: true}, Key{}, 0, true},
		{"first, by a stranger", begin, func(l *list) { *l = list{} }, author{J: ann}, Key{}, 0, false},
		{"anew, beside a list", begin, nil, author{J: ann, Host: true}, Key{}, 59 * time.Second, false},
		{"anew, when everyone is out", begin, nil, author{J: ann, Host: true}, Key{}, 60 * time.Second, true},
		{"not first, without a list", func(l *Link) {}, func(l *list) { *l = list{} }, author{J: ann, Host: true}, Key{}, 0, false},
	} {
		l := listOf()
		if x.list != nil {
			x.list(&l)
		}
		if x.signer == (Key{}) {
			x.signer = key(x.by.J)
		}
		if why := l.acceptLink(linkOf(x.change), x.by, x.signer, newCrowd(), epoch0.Add(x.after)); (why == "") != x.ok {
			t.Errorf("%s: %q", x.name, why)
		}
	}
}

func TestAcceptClaim(t *testing.T) {
	claim := func(j J) *Leader { return &Leader{Term: 3, J: j, Last: Hash{5}} }
	const quiet = 25 * time.Second
	for _, x := range []struct {
		name   string
		claim  *Leader
		list   func(*list)
		change func(crowd)
		after  time.Duration
		ok     bool
	}{
		{"the next one", claim(ben), nil, nil, quiet, true},
		{"too early", claim(ben), nil, nil, quiet - time.Millisecond, false},
		{"at once, when the leader has left", claim(ben), nil, func(c crowd) { c.left[ann] = true }, 0, true},
		{"past one who is alive", claim(cas), nil, func(c crowd) { c.lives[ben] = epoch0.Add(10 * time.Second) }, quiet, false},
		{"past one who is silent", claim(cas), nil, nil, quiet, true},
		{"past one who has left", claim(cas), nil, func(c crowd) { c.left[ann], c.left[ben] = true, true }, 0, true},
		{"no successor", claim(ann), nil, nil, time.Hour, false},
		{"from another link", &Leader{Term: 3, J: ben, Last: Hash{4}}, nil, nil, quiet, false},
		{"of this term", &Leader{Term: 2, J: ben, Last: Hash{5}}, nil, nil, quiet, false},
		{"without a list", claim(ben), func(l *list) { *l = list{} }, nil, quiet, false},
		{"beside another, alive", claim(cas), func(l *list) { l.claim = &ben }, func(c crowd) { c.lives[ben] = epoch0.Add(10 * time.Second) }, quiet, false},
		{"after another fell silent", claim(cas), func(l *list) { l.claim = &ben }, nil, quiet, true},
		{"twice", claim(ben), func(l *list) { l.claim = &ben }, nil, quiet, true},
	} {
		l, c := listOf(), newCrowd()
		if x.list != nil {
			x.list(&l)
		}
		if x.change != nil {
			x.change(c)
		}
		if why := l.acceptClaim(x.claim, c, epoch0.Add(x.after)); (why == "") != x.ok {
			t.Errorf("%s: %q", x.name, why)
		}
	}
}

func TestAcceptKeys(t *testing.T) {
	l := listOf()
	for name, x := range map[string]struct {
		k  Keys
		by J
		ok bool
	}{
		"the leader's":         {Keys{Term: 2, Epoch: 3, Boxes: make([]Box, 2)}, ann, true},
		"another's":            {Keys{Term: 2, Epoch: 3, Boxes: make([]Box, 2)}, ben, false},
		"of an older epoch":    {Keys{Term: 2, Epoch: 2, Boxes: make([]Box, 2)}, ann, false},
		"of another term":      {Keys{Term: 1, Epoch: 3, Boxes: make([]Box, 2)}, ann, false},
		"more than members":    {Keys{Term: 2, Epoch: 3, Boxes: make([]Box, 4)}, ann, false},
		"a stranger's, forged": {Keys{Term: 2, Epoch: 3, Boxes: make([]Box, 1)}, nobody, false},
	} {
		if why := l.acceptKeys(&x.k, x.by); (why == "") != x.ok {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func TestFollow(t *testing.T) {
	l := listOf()
	l.claim, l.keys = &ben, Hash{8}
	before := l.members
	l.follow(linkOf(func(l *Link) { l.Members = l.Members[:1] }), Hash{6}, epoch0.Add(time.Second))
	if l.version != 6 || l.hash != (Hash{6}) || l.claim != nil || l.keys != (Hash{8}) || !l.at.Equal(epoch0.Add(time.Second)) {
		t.Errorf("%+v", l)
	}
	if out := l.gone(before); !slices.Equal(out, []J{ben, cas}) {
		t.Errorf("gone: %v", out)
	}
}
