package meeting

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/proffer/proffer/media/franking"
)

// vectors are what media/e2ee made (media/testdata/e2ee.json): its clients and this server have to agree on every byte.
type vectors struct {
	Keys   map[string]string `json:"keys"`
	J      map[string]string `json:"j"`
	Signed []struct {
		Kind, Context, Signer, Body, Signed, Hash string
		Fields                                    map[string]any
	} `json:"signed"`
	Messages []struct{ Kind, Message string } `json:"messages"`
	Plain    []struct {
		Kind, Message string
		Fields        map[string]any
	} `json:"plain"`
	Refused  []struct{ Kind, Why, Body string } `json:"refused"`
	Standard []struct {
		Connector string
		J         string `json:"connector_j"`
	} `json:"standard"`
}

func readVectors(t testing.TB) (v vectors) {
	t.Helper()
	data, err := os.ReadFile("../testdata/e2ee.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signedKinds makes a body for each kind that somebody signs.
func signedKinds() map[string]func() body {
	all := map[string]func() body{"certificate": func() body { return new(Certificate) }, "session": func() body { return new(Proof) }, "testimony": func() body { return new(Testimony) },
		"live": func() body { return new(Live) }}
	for kind, make := range boardKinds {
		all[kind] = make
	}
	return all
}

// outgoing makes a value for each kind that only a server sends.
func outgoing() map[string]func() body {
	return map[string]func() body{"welcome": func() body { return new(Welcome) }, "entry": func() body { return new(EntryMessage) },
		"grant": func() body { return new(Grant) }, "roster": func() body { return new(Roster) }, "ticket": func() body { return new(Ticket) },
		"refused": func() body { return new(Refused) }, "lobby": func() body { return new(Lobby) }, "terms": func() body { return new(Terms) },
		"phone": func() body { return new(Phone) }, "over": func() body { return new(Over) }, "line from": func() body { return new(LineFrom) },
		"stamped": func() body { return new(Stamped) }}
}

// fields shows a body's fields by name, as the vectors do: bytes as hex, integers as numbers.
func fields(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return fields(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			switch {
			case name == "_", name == "Kind" && v.Field(i).Kind() == reflect.String:
			case name == "Commitment": // the page calls it by what it commits to
				out["secret"] = fields(v.Field(i))
			default:
				out[strings.ToLower(name)] = fields(v.Field(i))
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
	case reflect.Uint64, reflect.Uint16:
		return float64(v.Uint())
	}
	return v.Interface()
}

// same holds that a body reads as the vector says, and writes the vector's bytes again.
func same(t *testing.T, kind string, b body, data []byte, want map[string]any) {
	t.Helper()
	if err := unmarshal(data, b); err != nil {
		t.Errorf("%s: %v", kind, err)
		return
	}
	if got := fields(reflect.ValueOf(b)); !reflect.DeepEqual(got, any(want)) {
		t.Errorf("%s reads as\n%v, want\n%v", kind, got, want)
	}
	fresh := reflect.New(reflect.TypeOf(b).Elem()).Interface().(body)
	reflect.ValueOf(fresh).Elem().Set(reflect.ValueOf(b).Elem())
	if !bytes.Equal(marshal(fresh), data) {
		t.Errorf("%s is written as %x, want %x", kind, marshal(fresh), data)
	}
}

func TestVectors(t *testing.T) {
	v, kinds := readVectors(t), signedKinds()
	seen := map[string]bool{}
	for _, x := range v.Signed {
		make := kinds[x.Kind]
		if make == nil || contexts[x.Kind] != x.Context {
			t.Errorf("%s is unknown, or its context is not %q", x.Kind, x.Context)
			continue
		}
		seen[x.Kind] = true
		same(t, x.Kind, make(), unhex(t, x.Body), x.Fields)
		s, err := open(unhex(t, x.Signed), make())
		if err != nil || hex.EncodeToString(s.Signer[:]) != v.Keys[x.Signer] || !bytes.Equal(encode(s), unhex(t, x.Signed)) {
			t.Errorf("%s, signed by %s: %v", x.Kind, x.Signer, err)
		}
		if h := hash(x.Context, s.Body); x.Hash != "" && hex.EncodeToString(h[:]) != x.Hash {
			t.Errorf("the hash of a %s is %x, want %s", x.Kind, h, x.Hash)
		}
	}
	for kind := range kinds {
		if !seen[kind] {
			t.Errorf("no vector has a %s", kind)
		}
	}
	for _, x := range v.Standard {
		if j := franking.ConnectorJoin(x.Connector); hex.EncodeToString(j[:]) != x.J {
			t.Errorf("the connector %q is %x, want %s", x.Connector, j, x.J)
		}
	}
	for _, x := range v.Messages {
		o, err := openMessage(unhex(t, x.Message))
		if err != nil || o.kind != x.Kind {
			t.Errorf("%s: %v", x.Kind, err)
		}
	}
}

func TestControlVectors(t *testing.T) {
	in, out := incoming, outgoing()
	seen := map[string]bool{}
	for _, x := range readVectors(t).Plain {
		kind := x.Kind
		if _, ok := x.Fields["j"]; ok && kind == "line" {
			kind = "line from"
		}
		if _, ok := x.Fields["text"]; ok {
			continue // the plaintext of a line: the server never sees one
		}
		make := in[kind]
		if make == nil {
			make = out[kind]
		} else if _, err := decodeControl(unhex(t, x.Message)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if make == nil {
			t.Errorf("the server neither reads nor writes a %s", kind)
			continue
		}
		seen[kind] = true
		same(t, kind, make(), unhex(t, x.Message), x.Fields)
	}
	for _, kinds := range []map[string]func() body{in, out} {
		for kind := range kinds {
			if !seen[kind] {
				t.Errorf("no vector has a %s", kind)
			}
		}
	}
}

func TestRefusedVectors(t *testing.T) {
	kinds := signedKinds()
	tried := 0
	for _, x := range readVectors(t).Refused {
		make := kinds[x.Kind]
		if make == nil {
			make = incoming[x.Kind]
		}
		if make == nil {
			make = outgoing()[x.Kind]
		}
		if make == nil {
			t.Logf("%s: not read here", x.Kind)
			continue
		}
		tried++
		if err := unmarshal(unhex(t, x.Body), make()); err == nil {
			t.Errorf("%s, %s: it was taken", x.Kind, x.Why)
		}
	}
	if tried < 20 {
		t.Errorf("only %d were tried", tried)
	}
}
