package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// kills is how often the server is killed, and loops how many people go through the flow meanwhile.
const (
	kills = 20
	loops = 2
)

// TestKilledAtRandomMoments kills the server, as a power cut of the process would, at random moments of the flow, and
// starts it again on the same folder. PROFFER_SEED repeats the moments of an earlier run.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("PROFFER_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("PROFFER_SEED=%d", seed)
	s := start(t)
	m := signInTeam(t, s)
	clip := clipBytes(t, "clip.mp4")

	stop := make(chan struct{})
	var wg sync.WaitGroup
	for l := range loops {
		wg.Go(func() { m.flowsUntil(t, stop, l, clip, rand.New(rand.NewPCG(seed, uint64(l)))) })
	}
	hit := map[string]int{}
	moments := rand.New(rand.NewPCG(seed, 99))
	for range kills {
		m.awaitMoment(moments)
		below := descendants(s.cmd.Process.Pid)
		m.stages.Range(func(_, at any) bool { hit[at.(string)]++; return true })
		s.kill()
		words := s.log
		s.boot()
		gone(t, below)
		if t.Failed() {
			t.Logf("the log before the kill:\n%s", tail(words.String(), 4000))
			break
		}
	}
	close(stop)
	wg.Wait()
	t.Logf("%d reports went through %d kills, which hit %v", len(m.filed), kills, hit)
	if len(m.filed) < loops {
		t.Error("nothing was under way while the server was killed")
	}
	m.checkNothingLost(t)
}

// awaitMoment waits until one of the loops has come to a stage drawn at random, or a random time without it, and then a
// little more.
func (m *team) awaitMoment(r *rand.Rand) {
	at := []string{atUpload, atIntake, atFiling, atProcessing, atClaim, atDecision, atApproval, atRequest, atAnswer, atExport}[r.IntN(10)]
	end := time.Now().Add(time.Duration(r.Int64N(int64(5 * time.Second))))
	for here := false; !here && time.Now().Before(end); time.Sleep(time.Millisecond) {
		m.stages.Range(func(_, stage any) bool { here = here || stage == at; return true })
	}
	time.Sleep(time.Duration(r.Int64N(int64(200 * time.Millisecond))))
}

// flowsUntil runs whole flows, one after another, and ends with a whole one.
func (m *team) flowsUntil(t *testing.T, stop <-chan struct{}, loop int, clip []byte, r *rand.Rand) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		// Above 8 MiB, a clip is sent on in more than one part, and the last one waits in the staging area.
		if _, err := m.flow(fmt.Sprintf("Kim %d of loop %d", i, loop), padded(clip, 8<<20+r.IntN(4<<20), r), func(at string) { m.stages.Store(loop, at) }); err != nil {
			t.Error(err)
			return
		}
	}
}

// outage is something that the server needs and does not get for a while.
type outage struct {
	name   string
	word   string // in the command line of the child that it befalls
	freeze bool   // it is stopped in its tracks; otherwise it is killed whenever it is there
	hold   time.Duration
}

// askedToWait is how an answer during an outage ends.
var askedToWait = regexp.MustCompile(`(?i)try again in a (moment|minute)`)

// outageTime is how long the longer outages hold: PROFFER_OUTAGE, such as 1m, or 8 seconds.
func outageTime(t *testing.T) time.Duration {
	if v := os.Getenv("PROFFER_OUTAGE"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return 8 * time.Second
}

// TestOutages takes the database or the object store away during intake, filing, processing and export.
func TestOutages(t *testing.T) {
	for _, o := range []outage{
		{"PostgreSQL restarted", "postgres -D", false, 0},
		{"PostgreSQL gone", "postgres -D", false, 3 * time.Second},
		{"S3 gone", "s3gateway", false, outageTime(t)},
		{"S3 frozen", "s3gateway", true, outageTime(t)},
	} {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			m := signInTeam(t, s)
			r := rand.New(rand.NewPCG(1, 2))
			clip := padded(clipBytes(t, "clip.mp4"), 9<<20, r)
			var wg sync.WaitGroup
			f, err := m.flow("Alva Ask", clip, func(stage string) {
				if !slices.Contains([]string{atIntake, atFiling, atProcessing, atExport}, stage) {
					return
				}
				wg.Wait() // for the end of the outage before
				begun := make(chan struct{})
				wg.Go(func() { o.befall(t, s, begun) })
				<-begun
			})
			if err != nil {
				t.Error(err)
			}
			wg.Wait()
			m.checkTroubles(t, o)
			if again, err := m.flow("Bo Berg", padded(clip, 64, r), nil); err != nil || again.report == f.report {
				t.Errorf("after it: %v", err)
			}
			m.checkNothingLost(t)
		})
	}
}

// befall takes the child away, says so on begun, and gives it back after the outage's time. Where that is not over at
// once, the server has to say meanwhile that it is not ready, and in the end that it is again.
func (o outage) befall(t *testing.T, s *server, begun chan<- struct{}) {
	watcher := s.newClient("a monitor")
	o.strike(s)
	close(begun)
	end := time.Now().Add(o.hold)
	for told := o.hold == 0; !told || time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if o.hold > 0 {
			o.strike(s)
		}
		if !told {
			r, _ := watcher.get("/readyz")
			told = r.status == 503
		}
		if time.Now().After(end.Add(waitTime)) {
			t.Errorf("%s, and /readyz does not say so", o.name)
			break
		}
	}
	if o.freeze {
		s.child(o.word).signal(syscall.SIGCONT)
	}
	if err := persist("getting ready again", func() error { _, err := watcher.page("/readyz"); return err }); err != nil {
		t.Error(err)
	}
}

func (o outage) strike(s *server) {
	if o.freeze {
		s.child(o.word).signal(syscall.SIGSTOP)
	} else {
		s.child(o.word).signal(syscall.SIGKILL)
	}
}

// checkTroubles makes sure that everybody who met the outage was told of it in words: nothing but 503, each with what to
// do. Only a request that sends a clip may break off: it is not read to its end once it is refused.
func (m *team) checkTroubles(t *testing.T, o outage) {
	t.Helper()
	met, longest := 0, trouble{}
	for _, c := range []*client{m.host, m.reviewer, m.lead, m.liaison} {
		for _, x := range c.troubles {
			if x.took > longest.took {
				longest = x
			}
			switch sending := len(x.request) > 5 && x.request[:5] == "PATCH"; {
			case x.status == 503 && askedToWait.MatchString(x.words):
				met++
			case x.status == 503 && x.request[:4] == "HEAD": // has no body
			case x.status == 0 && sending:
			default:
				t.Errorf("%s was told by %s: %d %q after %s", c.name, x.request, x.status, x.words, x.took)
			}
		}
	}
	if o.hold > 0 && met == 0 {
		t.Error("nobody met the outage")
	}
	t.Logf("%d clear messages; the slowest: %s after %s", met, longest.request, longest.took.Round(time.Millisecond))
}
