package triagetest

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/custody"
)

// state is everything that is stored. Values in it are never changed in place: they are copied on their way in and out.
type state struct {
	orgs     map[account.OrgID]account.Organisation
	accounts map[account.ID]account.Account
	links    map[triage.SHA256]link
	sessions map[string]account.Session
	tokens   map[triage.SHA256]account.Token
	messages map[string]triage.Message

	passkeys   map[string]account.Passkey
	challenges map[triage.SHA256]triage.Challenge
	signatures map[string]triage.Signature
	recoveries map[string]account.Recovery
	identities map[[2]string]account.ID // by issuer and subject

	meetings      map[triage.MeetingID]meeting
	guests        map[guestKey]triage.Guest
	uploads       map[triage.UploadID]triage.Upload
	blobs         map[triage.SHA256]triage.Blob
	reports       map[triage.ReportID]triage.Report
	exhibits      map[triage.ExhibitID]triage.Exhibit
	prints        map[triage.ExhibitID]triage.Print
	near          map[[2]triage.ExhibitID]int
	hashLists     map[triage.HashListID]triage.HashList
	entries       map[triage.HashListID][]triage.HashEntry
	hits          map[matchKey]triage.HashMatch
	derivatives   map[derivativeKey]triage.Derivative
	watches       []triage.Watch
	verifications map[string]triage.Verification
	views         map[viewKey]time.Time

	cases        map[triage.CaseID]triage.Case
	skips        map[skipKey]time.Time
	notes        map[string]triage.Note
	decisions    map[triage.DecisionID]triage.Decision
	enforcements map[string]triage.Enforcement
	packages     map[triage.PackageID]triage.Package

	recordings     map[triage.RecordingID]triage.Recording
	recordingFiles map[triage.RecordingFileID]triage.RecordingFile

	preferences map[account.ID]triage.Preferences
	overrides   map[string]triage.Override
	mutes       map[string]triage.Mute
	saved       map[triage.ViewID]triage.View
	bulks       map[triage.BulkID]triage.Bulk
	visits      map[triage.VisitID]triage.Visit
	inside      map[triage.VisitID]time.Time
	moves       []triage.Move // in the order of their insertion
	opinions    map[triage.OpinionID]triage.Opinion
	rates       map[rateKey]triage.Rate

	policies     map[triage.PolicyID]triage.Policy
	workQueues   map[triage.QueueID]triage.WorkQueue
	routingRules map[triage.RuleID]triage.RoutingRule

	events      []custody.Event
	leaves      []triage.Leaf
	hashes      [][32]byte
	checkpoints []checkpoint
	jobs        []triage.Job
}

type link struct {
	to               account.ID
	created, expires time.Time
	used             bool
}

type meeting struct {
	triage.Meeting
	roster []triage.Attendee
}

type guestKey struct {
	of     triage.MeetingID
	device [32]byte
}

type derivativeKey struct {
	of   triage.ExhibitID
	kind triage.DerivativeKind
}

type viewKey struct {
	subject string
	by      account.ID
	kind    string
}

type skipKey struct {
	of triage.CaseID
	by account.ID
}

type checkpoint struct {
	size   int64
	signed []byte
}

// clone copies the maps and slices, but not what is in them.
func (s *state) clone() *state {
	return &state{
		cloneMap(s.orgs), cloneMap(s.accounts), cloneMap(s.links), cloneMap(s.sessions), cloneMap(s.tokens), cloneMap(s.messages),
		cloneMap(s.passkeys), cloneMap(s.challenges), cloneMap(s.signatures), cloneMap(s.recoveries), cloneMap(s.identities),
		cloneMap(s.meetings), cloneMap(s.guests), cloneMap(s.uploads), cloneMap(s.blobs), cloneMap(s.reports), cloneMap(s.exhibits),
		cloneMap(s.prints), cloneMap(s.near), cloneMap(s.hashLists), cloneMap(s.entries), cloneMap(s.hits), cloneMap(s.derivatives), slices.Clone(s.watches), cloneMap(s.verifications), cloneMap(s.views),
		cloneMap(s.cases), cloneMap(s.skips), cloneMap(s.notes), cloneMap(s.decisions), cloneMap(s.enforcements),
		cloneMap(s.packages),
		cloneMap(s.recordings), cloneMap(s.recordingFiles),
		cloneMap(s.preferences), cloneMap(s.overrides), cloneMap(s.mutes), cloneMap(s.saved), cloneMap(s.bulks), cloneMap(s.visits), cloneMap(s.inside), slices.Clone(s.moves), cloneMap(s.opinions), cloneMap(s.rates),
		cloneMap(s.policies), cloneMap(s.workQueues), cloneMap(s.routingRules),
		slices.Clone(s.events), slices.Clone(s.leaves), slices.Clone(s.hashes), slices.Clone(s.checkpoints), slices.Clone(s.jobs),
	}
}

// cloneMap is maps.Clone, but makes an empty map of nil.
func cloneMap[M ~map[K]V, K comparable, V any](m M) M {
	if m == nil {
		return M{}
	}
	return maps.Clone(m)
}

// copyOf copies a value with everything it points to, and brings it to the form in which a database gives it back: times
// in UTC to the microsecond, empty lists nil.
func copyOf[T any](v T) T {
	deepen(reflect.ValueOf(&v).Elem())
	return v
}

func deepen(v reflect.Value) {
	if at, ok := v.Interface().(time.Time); ok {
		if at = at.UTC().Truncate(time.Microsecond); at.IsZero() {
			at = time.Time{}
		}
		v.Set(reflect.ValueOf(at))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			deepen(v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		v.Set(fresh)
		if k := v.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Slice {
			for i := range v.Len() {
				deepen(v.Index(i))
			}
		}
	case reflect.Map:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeMap(v.Type())
		for it := v.MapRange(); it.Next(); {
			fresh.SetMapIndex(it.Key(), it.Value())
		}
		v.Set(fresh)
	}
}

func missing() error {
	return triage.Errorf(triage.NotFound, "There is nothing here under that number.")
}

func conflict() error {
	return triage.Errorf(triage.Conflict, "Somebody was quicker. Reload to see where it stands.")
}

// get fetches a copy of one value.
func get[K comparable, V any](m map[K]V, k K) (V, error) {
	v, ok := m[k]
	if !ok {
		return v, missing()
	}
	return copyOf(v), nil
}

// insert adds a value that must not be there yet.
func insert[K comparable, V any](m map[K]V, k K, v V) error {
	if _, ok := m[k]; ok {
		return conflict()
	}
	m[k] = copyOf(v)
	return nil
}

// guarded fetches what a Save writes over, if its version is the one that was read.
func guarded[K comparable, V any](m map[K]V, k K, version func(V) int, read int) (V, error) {
	v, err := get(m, k)
	if err == nil && version(v) != read {
		err = conflict()
	}
	return v, err
}

// find lists copies of the values to keep, in order, at most limit of them (0: all).
func find[K comparable, V any](m map[K]V, keep func(V) bool, order func(a, b V) int, limit int) []V {
	var out []V
	for _, v := range m {
		if keep(v) {
			out = append(out, copyOf(v))
		}
	}
	slices.SortFunc(out, order)
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

// oldest and newest order by time, then by id.
func oldest[V any, K cmp.Ordered](at func(V) time.Time, id func(V) K) func(a, b V) int {
	return func(a, b V) int { return cmp.Or(at(a).Compare(at(b)), cmp.Compare(id(a), id(b))) }
}

func newest[V any, K cmp.Ordered](at func(V) time.Time, id func(V) K) func(a, b V) int {
	return func(a, b V) int { return cmp.Or(at(b).Compare(at(a)), cmp.Compare(id(a), id(b))) }
}
