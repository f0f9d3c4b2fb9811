package e2ee

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/sframe"
)

// media/testdata/e2ee.json is made here (go test -run Vectors -update) and read by the JavaScript, too. Bytes are hex. Ed25519 is deterministic, so
// everything can be made again but the two parts of a box, whose ephemeral randomness the standard library draws itself: boxes are opened.

const vectorFile = "../testdata/e2ee.json"

type vectors struct {
	About    string            `json:"about"`
	Seeds    map[string]string `json:"seeds"`   // Ed25519 seeds of the devices
	Keys     map[string]string `json:"keys"`    // and their public keys
	Secrets  map[string]string `json:"secrets"` // of the link and of the epoch
	J        map[string]string `json:"j"`
	Signed   []signedVector    `json:"signed"`
	Messages []messageVector   `json:"messages"`
	Plain    []plainVector     `json:"plain"`
	Refused  []refusedVector   `json:"refused"`
	Box      boxVector         `json:"box"`
	Commits  []commitVector    `json:"commitments"`
	Streams  []streamVector    `json:"streams"`
	Standard []standardVector  `json:"standard"`
	KIDs     []kidVector       `json:"kids"`
	Codes    []codeVector      `json:"codes"`
}

type signedVector struct {
	Kind      string         `json:"kind"`
	Context   string         `json:"context"`
	Fields    map[string]any `json:"fields"`
	Signer    string         `json:"signer"` // which device
	Body      string         `json:"body"`
	Signature string         `json:"signature"`
	Signed    string         `json:"signed"`
	Hash      string         `json:"hash,omitempty"` // of a join or a link, under the same context
}

type messageVector struct {
	Kind    string `json:"kind"`
	MACOver string `json:"mac_context,omitempty"`
	MAC     string `json:"mac,omitempty"` // under the link's secret, over the body
	Message string `json:"message"`
}

type plainVector struct {
	Kind    string         `json:"kind"`
	Fields  map[string]any `json:"fields"`
	Message string         `json:"message"`
}

type refusedVector struct {
	Kind string `json:"kind"`
	Why  string `json:"why"`
	Body string `json:"body"`
}

type boxVector struct {
	PrivateSeed string `json:"private_seed"` // of the receiver's MLKEM768-X25519 key
	Public      string `json:"public"`
	Info        string `json:"info"`
	Enc         string `json:"enc"`
	Ciphertext  string `json:"ciphertext"`
	Plaintext   string `json:"plaintext"`
}

type commitVector struct {
	Meeting    string `json:"meeting"`
	Term       uint64 `json:"term"`
	Epoch      uint64 `json:"epoch"`
	Secret     string `json:"secret"`
	Commitment string `json:"commitment"`
}

type streamVector struct {
	Secret   string `json:"secret"`
	Meeting  string `json:"meeting"`
	Link     string `json:"link"`
	J        string `json:"j"`
	Stream   uint64 `json:"stream"`
	BaseInfo string `json:"base_info"`
	Base     string `json:"base_key"`
	Franking string `json:"franking_key"`
}

type standardVector struct {
	Meeting   string `json:"meeting"`
	Epoch     uint64 `json:"epoch"`
	Name      string `json:"name"`
	Connector string `json:"connector"`
	J         string `json:"connector_j"`
}

type kidVector struct {
	Term   uint64 `json:"term"`
	Epoch  uint64 `json:"epoch"`
	Index  uint64 `json:"index"`
	Stream uint64 `json:"stream"`
	KID    string `json:"kid"` // eight bytes, big-endian
}

type codeVector struct {
	Meeting string `json:"meeting"`
	Device  string `json:"device"`
	J       string `json:"j"`
	Code    string `json:"code"`
}

// fields shows a body's fields by name: bytes as hex, integers as numbers.
func fields(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return fields(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "_" && name != "Kind" {
				out[strings.ToLower(name)] = fields(v.Field(i))
			} else if name == "Kind" && v.Field(i).Kind() == reflect.Uint64 { // of a roster's seat
				out["kind"] = fields(v.Field(i))
			}
		}
		return out
	case reflect.Array, reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b := make([]byte, v.Len())
			reflect.Copy(reflect.ValueOf(b), v)
			return hex.EncodeToString(b)
		}
		out := []any{}
		for i := range v.Len() {
			out = append(out, fields(v.Index(i)))
		}
		return out
	}
	return v.Interface()
}

func fieldsOf(b body) map[string]any { return fields(reflect.ValueOf(b)).(map[string]any) }

// makeVectors makes the whole file around a box.
func makeVectors(f fixed, box Box, seed []byte) vectors {
	link := f.linkBody()
	named := hash(contextLink, marshal(link))
	v := vectors{About: "Vectors of media/PROTOCOL.md, made by media/e2ee (go test -run Vectors -update). Bytes are hex.",
		Seeds:   map[string]string{"host": hexSeed(f.host), "guest": hexSeed(f.guest), "identity": hexSeed(f.identity)},
		Keys:    map[string]string{"host": hx(f.host.Key[:]), "guest": hx(f.guest.Key[:]), "identity": hx(f.identity.Key[:])},
		Secrets: map[string]string{"link": hx(f.link[:]), "epoch": hx(f.epoch[:])},
		J:       map[string]string{"host": hx(f.hostJoin.J[:]), "guest": hx(f.guestJoin.J[:])},
		Box: boxVector{PrivateSeed: hx(seed), Public: hx(f.guestJoin.hpke.PublicKey().Bytes()), Info: hx(infoOf(link, named, f.guestJoin.J)), Enc: hx(box.Enc[:]),
			Ciphertext: hx(box.Ciphertext[:]), Plaintext: hx(append(f.epoch[:], f.link[:]...))}}
	for _, b := range append(f.samples(), f.keys(box)) {
		v.sign(&f, b)
	}
	for _, b := range f.plain() {
		_, kind := b.meta()
		v.Plain = append(v.Plain, plainVector{Kind: kind, Fields: fieldsOf(b), Message: hx(marshal(b))})
	}
	v.refuse(&f)
	v.derive(&f, named)
	return v
}

func hx(b []byte) string { return hex.EncodeToString(b) }

func hexSeed(d *Device) string { return hx(d.private.Seed()) }

// sign adds a body, signed by who would sign it, and the message that carries it.
func (v *vectors) sign(f *fixed, b body) {
	_, kind := b.meta()
	signer, d := "host", f.host
	switch b := b.(type) {
	case *Certificate:
		signer, d = "identity", f.identity
	case *Live, *Leave, *Leader:
		signer, d = "guest", f.guest
	case *JoinBody:
		if b.Device == f.guest.Key {
			signer, d = "guest", f.guest
		}
	}
	signed, raw := d.sign(b)
	s, _ := DecodeSigned(signed)
	out := signedVector{Kind: kind, Context: contexts[kind], Fields: fieldsOf(b), Signer: signer, Body: hx(raw), Signature: hx(s.Signature[:]), Signed: hx(signed)}
	m := messageVector{Kind: kind}
	var tag []byte
	switch kind {
	case "join":
		h := hash(contextJoin, raw)
		out.Hash, m.MACOver, tag = hx(h[:]), contextJoinMAC, mac(f.link, contextJoinMAC, raw)
	case "link":
		h := hash(contextLink, raw)
		out.Hash, m.MACOver, tag = hx(h[:]), contextLinkMAC, mac(f.link, contextLinkMAC, raw)
	}
	v.Signed = append(v.Signed, out)
	if boardKinds[kind] {
		m.MAC, m.Message = hx(tag), hx(Message{Kind: kind, Signed: signed, MAC: tag}.Encode())
		v.Messages = append(v.Messages, m)
	}
}

// refuse adds what no decoder may take.
func (v *vectors) refuse(f *fixed) {
	add := func(kind, why string, data []byte) {
		v.Refused = append(v.Refused, refusedVector{Kind: kind, Why: why, Body: hx(data)})
	}
	leave := f.samples()[7]
	data := marshal(leave)
	for _, why := range []string{"a byte too many", "a byte too few", "nothing", "an array of no fixed length", "an array length in 2 bytes", "an element too many", "a tag",
		"a long kind length", "a kind as bytes", "another kind", "null for a value", "a float for a value", "a negative for a value", "a map"} {
		add("leave", why, damaged(data)[why])
	}
	add("leave", "a time of 2^53", marshal(&Leave{Meeting: fixedMeeting, Time: 1 << 53}))
	add("leave", "no meeting", marshal(&Leave{Time: 1}))
	c := f.hostCertificate()
	c.Name = "Zoe\u0308"
	add("certificate", "a name that is not in normal form C", marshal(c))
	c.Name = strings.Repeat("é", 101)
	add("certificate", "a name of 101 characters", marshal(c))
	c.Name = "a\nb"
	add("certificate", "a line break in a name", marshal(c))
	for _, r := range linkRefusals {
		b := f.linkBody()
		r.change(b)
		add("link", r.why, marshal(b))
	}
	add("upgrade", "the host is not first", marshal(&Upgrade{Meeting: fixedMeeting, Host: J{1}, Carried: []J{{2}, {1}}}))
	add("live", "a version without a hash", marshal(&Live{Meeting: fixedMeeting, Version: 1}))
	add("leader", "term 1", marshal(&Leader{Meeting: fixedMeeting, Term: 1}))
}

var linkRefusals = []struct {
	why    string
	change func(*LinkBody)
}{
	{"indexes that fall", func(b *LinkBody) { b.Members[0].Index = 5; b.Members[1].Index = 0 }},
	{"an index at next", func(b *LinkBody) { b.Next = 5 }},
	{"a leader from outside", func(b *LinkBody) { b.Leader = J{3} }},
	{"the leader succeeds itself", func(b *LinkBody) { b.Successors = []J{b.Leader} }},
	{"term 0", func(b *LinkBody) { b.Term = 0 }},
	{"a term beyond the KID", func(b *LinkBody) { b.Term = 4096 }},
	{"an epoch beyond the KID", func(b *LinkBody) { b.Epoch = 1 << 24 }},
	{"17 successors", func(b *LinkBody) {
		for i := range byte(17) {
			j := J{0xee, i}
			b.Members = append(b.Members, Seat{Index: 6 + uint64(i), J: j})
			b.Successors = append(b.Successors[:i:i], j)
		}
		b.Next = 30
	}},
}

// derive adds the key schedule of §5, names of §9 and codes of §4.
func (v *vectors) derive(f *fixed, named Hash) {
	for _, c := range []struct {
		meeting     string
		term, epoch uint64
	}{{fixedMeeting, 1, 3}, {"é", 4095, 1<<24 - 1}} {
		h := commitment(c.meeting, c.term, c.epoch, f.epoch)
		v.Commits = append(v.Commits, commitVector{Meeting: c.meeting, Term: c.term, Epoch: c.epoch, Secret: hx(f.epoch[:]), Commitment: hx(h[:])})
	}
	e := Epoch{Name: EpochName{1, 3, named}, Meeting: fixedMeeting, secret: f.epoch}
	for _, j := range []J{f.hostJoin.J, f.guestJoin.J} {
		for _, s := range []uint64{0, 1, 23, 24, 255, 256, 65535} {
			k, err := e.Keys(j, s)
			if err != nil {
				panic(err)
			}
			info := encode(streamInfo{Label: "proffer base key v1", Meeting: fixedMeeting, Link: named, J: j, Stream: s})
			v.Streams = append(v.Streams, streamVector{Secret: hx(f.epoch[:]), Meeting: fixedMeeting, Link: hx(named[:]), J: hx(j[:]), Stream: s, BaseInfo: hx(info), Base: hx(k.Base[:]), Franking: hx(k.Franking[:])})
		}
	}
	name, j := StandardEpoch(Grant{Meeting: fixedMeeting, Epoch: 2}).Name.Link, ConnectorJ("phone 1")
	v.Standard = []standardVector{{Meeting: fixedMeeting, Epoch: 2, Name: hx(name[:]), Connector: "phone 1", J: hx(j[:])}}
	for _, k := range []sframe.KID{{}, {Term: 1, Epoch: 1}, {Term: 1, Epoch: 3, Index: 5, Stream: 7}, {Epoch: 2, Index: 1, Stream: 1},
		{Term: 4095, Epoch: 1<<24 - 1, Index: 4095, Stream: 65535}} {
		packed, err := k.Pack()
		if err != nil {
			panic(err)
		}
		v.KIDs = append(v.KIDs, kidVector{uint64(k.Term), uint64(k.Epoch), uint64(k.Index), uint64(k.Stream), fmt.Sprintf("%016x", packed)})
	}
	for _, c := range []struct {
		meeting string
		device  Key
		j       J
	}{{fixedMeeting, f.host.Key, j}, {fixedMeeting, f.host.Key, J{1}}, {fixedMeeting, f.guest.Key, j}, {"M-1", Key{}, J{}}} {
		v.Codes = append(v.Codes, codeVector{Meeting: c.meeting, Device: hx(c.device[:]), J: hx(c.j[:]), Code: SecurityCode(c.meeting, c.device, c.j)})
	}
}

func (v vectors) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestVectors(t *testing.T) {
	f := fixtures()
	seed := make([]byte, 32)
	random(7).Read(seed) // what newJoin drew first
	info := infoOf(f.linkBody(), hash(contextLink, marshal(f.linkBody())), f.guestJoin.J)
	live := [16]byte{1, 2, 3}
	if *update {
		box, err := sealBox(f.guestJoin.hpke.PublicKey(), info, f.guestJoin.J, live, f.epoch, f.link)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("../testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, makeVectors(f, box, seed).bytes(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var stored vectors
	if err := json.Unmarshal(want, &stored); err != nil {
		t.Fatal(err)
	}
	box := stored.box(t, f.guestJoin.J, live)
	epoch, link, err := box.open(f.guestJoin.hpke, info)
	if err != nil || epoch != f.epoch || link != f.link {
		t.Fatalf("the stored box does not open to what it should: %v", err)
	}
	if got := makeVectors(f, box, seed).bytes(t); !bytes.Equal(got, want) {
		t.Error("the vectors differ from what the code makes now; if that is meant, run the test with -update and change PROTOCOL.md")
	}
	stored.verify(t, f)
}

func (v *vectors) box(t *testing.T, to J, live [16]byte) Box {
	t.Helper()
	enc, err := hex.DecodeString(v.Box.Enc)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := hex.DecodeString(v.Box.Ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	return Box{To: to, Live: live, Enc: enc, Ciphertext: sealed}
}

// verify reads the file as another implementation would: by opening and by refusing.
func (v *vectors) verify(t *testing.T, f fixed) {
	kinds := map[string]body{}
	for _, b := range append(f.samples(), f.keys(emptyBox(J{}))) {
		_, kind := b.meta()
		kinds[kind] = b
	}
	for _, s := range v.Signed {
		raw, err := hex.DecodeString(s.Signed)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := open(raw, anew(kinds[s.Kind])); err != nil || hx(got.Body) != s.Body {
			t.Errorf("%s: %v", s.Kind, err)
		}
	}
	for _, r := range v.Refused {
		raw, err := hex.DecodeString(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if unmarshal(raw, anew(kinds[r.Kind])) == nil {
			t.Errorf("%s, %s: accepted", r.Kind, r.Why)
		}
	}
}

// streamInfo is the HKDF info of a stream's keys (§5), for the vectors.
//
//	info = [ label, meeting, link: bstr, J, stream: uint ]
type streamInfo struct {
	_       struct{} `cbor:",toarray"`
	Label   string
	Meeting string
	Link    Hash
	J       J
	Stream  uint64
}
