package e2ee

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// media/testdata/histories.json is made here (go test -run Histories$ -update): what happened to the members of some tests' worlds, the lying ones too, and what each
// of them did and showed after every step. Go and JavaScript play the histories again and must agree with them. Ed25519 is deterministic and the
// randomness of each member is kept, so everything a member sends can be compared but the boxes of keys, whose ephemeral randomness is drawn elsewhere.

const historyFile = "../testdata/histories.json"

type historyBook struct {
	About     string            `json:"about"`
	Lifecycle [][3]string       `json:"lifecycle"` // state, cause, next state
	Endings   map[string]string `json:"endings"`   // in words, by cause
	Warnings  map[string]string `json:"warnings"`  // in words, by code
	Messages  [][]byte          `json:"messages"`  // entries, signs of life and certificates, in base64: others name them by their place
	Histories []*history        `json:"histories"`

	places map[string]int
}

// history is one member's.
type history struct {
	Name        string   `json:"name"`
	Meeting     string   `json:"meeting"`
	Seed        string   `json:"seed"` // of the device
	Certificate int      `json:"certificate"`
	Identity    []string `json:"identity"`
	Secret      string   `json:"secret,omitempty"` // of the link
	Host        bool     `json:"host,omitempty"`
	Rand        string   `json:"rand"`   // what was drawn
	Memory      string   `json:"memory"` // its answers: + and - to Remember, 1 and 0 to Remembered, s (strange) and k to Meet
	Start       uint64   `json:"start"`
	Steps       []any    `json:"steps"` // a number: so many ticks, each 250 ms after what was before it, at which nothing happened; else a happening
}

// happening is one step, or the beginning, where event is null.
type happening struct {
	After   uint64            `json:"t,omitempty"` // ms since the step before
	Event   []any             `json:"e,omitempty"`
	Actions []string          `json:"a,omitempty"`
	Shown   map[string]string `json:"o,omitempty"` // what is another now, by its name
}

const tickEvery = 250

// recording is the book that worlds write to while it is made.
var recording *historyBook

func (b *historyBook) place(m []byte) int {
	i, ok := b.places[string(m)]
	if !ok {
		i = len(b.Messages)
		b.places[string(m)] = i
		b.Messages = append(b.Messages, m)
	}
	return i
}

// recorder writes one member's history.
type recorder struct {
	book   *historyBook
	h      *history
	inner  Config
	before uint64
	shown  map[string]string
}

// record wraps what a member is made of.
func record(b *historyBook, name string, cfg *Config, now uint64) *recorder {
	r := &recorder{book: b, inner: *cfg, before: now, shown: map[string]string{}, h: &history{Name: name, Meeting: cfg.Meeting, Seed: hexSeed(cfg.Device), Certificate: b.place(cfg.Certificate),
		Host: cfg.Host, Start: now}}
	for _, k := range cfg.Identity {
		r.h.Identity = append(r.h.Identity, hx(k[:]))
	}
	if cfg.Secret != nil {
		r.h.Secret = hx(cfg.Secret[:])
	}
	cfg.Rand, cfg.Memory = r, r
	b.Histories = append(b.Histories, r.h)
	return r
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.inner.Rand.Read(p)
	r.h.Rand += hx(p[:n])
	return n, err
}

func (r *recorder) answer(c byte) { r.h.Memory += string(c) }

func (r *recorder) Remember(meeting string) error {
	err := r.inner.Memory.Remember(meeting)
	r.answer(pick(err == nil, '+', '-'))
	return err
}

func (r *recorder) Remembered(meeting string) bool {
	yes := r.inner.Memory.Remembered(meeting)
	r.answer(pick(yes, '1', '0'))
	return yes
}

func (r *recorder) Meet(account string, device Key) bool {
	strange := r.inner.Memory.Meet(account, device)
	r.answer(pick(strange, 's', 'k'))
	return strange
}

func pick(yes bool, a, b byte) byte {
	if yes {
		return a
	}
	return b
}

// step writes what happened; ticks without consequence are only counted.
func (r *recorder) step(now uint64, e Event, actions []Action, m *Member) {
	h := happening{After: now - r.before, Event: r.book.event(e), Actions: describe(m, actions), Shown: map[string]string{}}
	r.before = now
	shown := show(m)
	for k, v := range shown {
		if r.shown[k] != v {
			h.Shown[k] = v
		}
	}
	r.shown = shown
	if _, tick := e.(Tick); tick && h.After == tickEvery && len(actions)+len(h.Shown) == 0 {
		if n, ok := r.h.Steps[len(r.h.Steps)-1].(int); ok {
			r.h.Steps[len(r.h.Steps)-1] = n + 1
		} else {
			r.h.Steps = append(r.h.Steps, 1)
		}
		return
	}
	r.h.Steps = append(r.h.Steps, h)
}

// event is a list of its kind and its parts.
func (b *historyBook) event(e Event) []any {
	names := func(all []J) []string {
		out := []string{}
		for _, j := range all {
			out = append(out, hx(j[:]))
		}
		return out
	}
	switch e := e.(type) {
	case Tick:
		return []any{"tick"}
	case *Entry:
		return []any{"entry", e.Number, b.place(e.Message)}
	case *LiveMessage:
		return []any{"live", b.place(e.Signed)}
	case *Grant:
		return []any{"grant", b.place(marshal(e))}
	case *Roster:
		return []any{"roster", b.place(marshal(e))}
	case Admit:
		return []any{"admit", hx(e.J[:])}
	case Refuse:
		return []any{"refuse", hx(e.J[:])}
	case Remove:
		return []any{"remove", hx(e.J[:])}
	case Lock:
		return []any{"lock", e.On}
	case Succession:
		return []any{"succession", names(e.Order)}
	case HandOver:
		return []any{"handover", hx(e.To[:])}
	case EndForAll:
		return []any{"end"}
	case Leaving:
		return []any{"leave"}
	case GoE2EE:
		return []any{"upgrade", names(e.Carry)}
	}
	return nil // the beginning
}

// describe says what a member did, so that two programs can compare it.
func describe(m *Member, actions []Action) []string {
	var out []string
	for _, a := range actions {
		switch a := a.(type) {
		case PostEntry:
			out = append(out, "post "+digest(a.Message))
		case SendLive:
			out = append(out, "live "+digest(a.Signed))
		case FetchFrom:
			out = append(out, fmt.Sprint("fetch ", a.From))
		case Install:
			base := "gone" // dropped again in the same step
			if k, err := a.Epoch.Keys(m.J(), 1); err == nil {
				base = short(k.Base[:])
			}
			out = append(out, fmt.Sprint("install ", epochWord(a.Epoch.Name), " ", base))
		case Drop:
			out = append(out, "drop "+epochWord(a.Name))
		case Sending:
			out = append(out, fmt.Sprint("sending ", a.On))
		case Changed:
			out = append(out, fmt.Sprint("changed ", a.From, " ", a.To, " ", a.Cause))
		case Knock:
			out = append(out, "knock "+short(a.Join.J[:]))
		case NewList:
			out = append(out, "list "+short(a.List.Hash[:]))
		case Warning:
			out = append(out, fmt.Sprint("warning ", a.Code, " ", shortJ(a.About)))
		}
	}
	return out
}

// digest names a message by its hash, keys by how many boxes they have.
func digest(message []byte) string {
	if m, err := DecodeMessage(message); err == nil && m.Kind == "keys" {
		var k Keys
		if _, err := open(m.Signed, &k); err == nil {
			return fmt.Sprintf("keys %d", len(k.Boxes))
		}
	}
	h := sha256.Sum256(message)
	return short(h[:])
}

func short(b []byte) string { return hex.EncodeToString(b[:8]) }

func shortJ(j J) string {
	if j == (J{}) {
		return ""
	}
	return short(j[:])
}

func epochWord(e EpochName) string { return fmt.Sprintf("%d.%d.%s", e.Term, e.Epoch, short(e.Link[:])) }

// show is what can be seen of a member.
func show(m *Member) map[string]string {
	cause, _ := m.Ended()
	out := map[string]string{"state": string(m.State()), "cause": string(cause), "sending": fmt.Sprint(m.CanSend()), "leads": fmt.Sprint(m.Leads())}
	if l := m.List(); l != nil {
		out["list"] = fmt.Sprint(l.Version, " ", short(l.Hash[:]))
		out["code"] = m.Code()[:7]
	}
	var epochs, waiting []string
	for _, e := range m.Epochs() {
		epochs = append(epochs, epochWord(e))
	}
	for _, j := range m.Lobby() {
		waiting = append(waiting, short(j.J[:]))
	}
	out["epochs"], out["lobby"] = strings.Join(epochs, " "), strings.Join(waiting, " ")
	for kind, n := range m.Dropped {
		out["dropped "+kind] = fmt.Sprint(n)
	}
	return out
}

// told are the tests whose worlds are kept; those that change what a member holds by hand cannot be.
var told = []struct {
	name string
	test func(*testing.T)
}{
	{"leave and remove", TestLeaveAndRemove}, {"lock, deny, end", TestLockDenyEnd}, {"leader change", TestLeaderChange}, {"hand-over", TestHandOver},
	{"upgrade", TestUpgrade}, {"strange device", TestStrangeDevice}, {"ghost device", TestGhostDevice}, {"false meeting", TestFalseMeeting},
	{"swapped key", TestSwappedKeyAndForgedCertificate}, {"key that takes no box", TestKeyThatTakesNoBox}, {"downgrade", TestDowngrade},
	{"no note", TestNoteCannotBeWritten}, {"upgrade by a stranger", TestUpgradeByAStranger}, {"first link of an upgrade", TestFirstLinkOfAnUpgrade},
	{"split", TestSplitMeeting}, {"equivocation", TestLeaderEquivocates}, {"a member lies", TestMemberLies}, {"accomplice", TestAccompliceLeads},
	{"withholding", TestWithholding}, {"replayed board", TestReplayedBoard}, {"epochs without keys", TestEpochsWithoutKeys}, {"stranger", TestDeniedByAStranger},
	{"rekey", timedRekey}, {"keys that do not hold", TestKeysThatDoNotHold},
}

// timedRekey: a meeting in which nothing happens for five minutes but the clock.
func timedRekey(t *testing.T) {
	w, all := begun(t, 50, "Alice")
	w.run(310_000)
	w.together(all...)
}

// TestHistories plays what is kept. With -update it is made anew first, from the worlds of other tests.
func TestHistories(t *testing.T) {
	if *update {
		recording = &historyBook{places: map[string]int{}}
		for _, h := range told {
			t.Run(h.name, h.test)
		}
		book := recording
		recording = nil
		if err := os.WriteFile(historyFile, book.words().bytes(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(historyFile)
	if err != nil {
		t.Fatal(err)
	}
	var book historyBook
	if err := json.Unmarshal(data, &book); err != nil {
		t.Fatal(err)
	}
	if now := (historyBook{}); !reflect.DeepEqual(now.words(), &historyBook{About: book.About, Lifecycle: book.Lifecycle, Endings: book.Endings, Warnings: book.Warnings}) {
		t.Error("states, endings or warnings differ from the kept ones; if that is meant, run the test with -update")
	}
	for _, h := range book.Histories {
		if err := h.play(&book); err != nil {
			t.Errorf("%s: %v; if that is meant, run the test with -update", h.Name, err)
		}
	}
}

// words adds what people read, and the state machine.
func (b *historyBook) words() *historyBook {
	b.About = "Histories of members, made by media/e2ee (go test -run Histories$ -update): see replay_test.go there."
	b.Lifecycle, b.Endings, b.Warnings = nil, map[string]string{}, map[string]string{}
	for _, s := range AllStates {
		for _, c := range AllCauses {
			if next, ok := Apply(s, c); ok {
				b.Lifecycle = append(b.Lifecycle, [3]string{string(s), string(c), string(next)})
			}
		}
	}
	for c, w := range endings {
		b.Endings[string(c)] = w
	}
	for c, w := range warnings {
		b.Warnings[string(c)] = w
	}
	return b
}

func (b *historyBook) bytes(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(b); err != nil {
		t.Fatal(err)
	}
	// One history and one message on a line.
	return []byte(strings.NewReplacer(`{"name"`, "\n"+`{"name"`, `","`, `",`+"\n"+`"`).Replace(out.String()))
}

// answers is a memory that says again what one said.
type answers struct{ left string }

func (a *answers) next() byte {
	if a.left == "" {
		return '?'
	}
	c := a.left[0]
	a.left = a.left[1:]
	return c
}

func (a *answers) Remember(string) error {
	if a.next() != '+' {
		return errors.New("the disk is full")
	}
	return nil
}
func (a *answers) Remembered(string) bool { return a.next() == '1' }
func (a *answers) Meet(string, Key) bool  { return a.next() == 's' }

// play lets the history happen to a new member, and says where it goes otherwise.
func (h *history) play(b *historyBook) error {
	device, err := NewDevice(unhex(h.Seed))
	if err != nil {
		return err
	}
	drawn, memory := bytes.NewReader(unhex(h.Rand)), &answers{h.Memory}
	cfg := Config{Meeting: h.Meeting, Device: device, Certificate: b.Messages[h.Certificate], Host: h.Host, Rand: drawn, Memory: memory}
	for _, k := range h.Identity {
		cfg.Identity = append(cfg.Identity, Key(unhex(k)))
	}
	if h.Secret != "" {
		s := Secret(unhex(h.Secret))
		cfg.Secret = &s
	}
	m, actions, err := NewMember(cfg, h.Start)
	if err != nil {
		return err
	}
	now, shown := h.Start, map[string]string{}
	for i, s := range h.Steps {
		n, idle := s.(float64)
		var step happening
		if !idle {
			again, err := json.Marshal(s)
			if err == nil {
				err = json.Unmarshal(again, &step)
			}
			if err != nil {
				return err
			}
			n = 1
		}
		for range int(n) {
			e := Event(Tick{})
			now += step.After
			if idle {
				now += tickEvery
			} else if e, err = b.happened(step.Event); err != nil {
				return err
			}
			if e != nil {
				actions = m.Step(now, e)
			}
			maps.Copy(shown, step.Shown)
			maps.DeleteFunc(shown, func(_, v string) bool { return v == "" })
			got := show(m)
			maps.DeleteFunc(got, func(_, v string) bool { return v == "" })
			if done := describe(m, actions); !slices.Equal(done, step.Actions) || !maps.Equal(got, shown) {
				return fmt.Errorf("step %d, %v: it did %q and shows %v, not %q and %v", i, step.Event, done, got, step.Actions, shown)
			}
		}
	}
	if drawn.Len() > 0 || memory.left != "" {
		return errors.New("it drew less, or asked its memory less")
	}
	return nil
}

// happened makes the event of a step; nil at the beginning.
func (b *historyBook) happened(e []any) (Event, error) {
	if len(e) == 0 {
		return nil, nil
	}
	message := func(i int) []byte { return b.Messages[int(e[i].(float64))] }
	join := func() J { return J(unhex(e[1].(string))) }
	var all []J
	if list, ok := e[len(e)-1].([]any); ok {
		for _, j := range list {
			all = append(all, J(unhex(j.(string))))
		}
	}
	switch e[0] {
	case "tick":
		return Tick{}, nil
	case "entry":
		return &Entry{Number: uint64(e[1].(float64)), Message: message(2)}, nil
	case "live":
		return &LiveMessage{Signed: message(1)}, nil
	case "grant", "roster":
		event, err := DecodeControl(message(1))
		if err != nil {
			return nil, err
		}
		return event.(Event), nil
	case "admit":
		return Admit{join()}, nil
	case "refuse":
		return Refuse{join()}, nil
	case "remove":
		return Remove{join()}, nil
	case "lock":
		return Lock{e[1].(bool)}, nil
	case "succession":
		return Succession{all}, nil
	case "handover":
		return HandOver{join()}, nil
	case "end":
		return EndForAll{}, nil
	case "leave":
		return Leaving{}, nil
	case "upgrade":
		return GoE2EE{all}, nil
	}
	return nil, fmt.Errorf("no event: %v", e)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
