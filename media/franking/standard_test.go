package franking

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// TestStandardVectors compares with what media/e2ee made for clients: names in standard meetings, and keys of streams.
func TestStandardVectors(t *testing.T) {
	raw, err := os.ReadFile("../testdata/e2ee.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Standard []struct {
			Meeting    string `json:"meeting"`
			Epoch      uint32 `json:"epoch"`
			Name       string `json:"name"`
			Connector  string `json:"connector"`
			ConnectorJ string `json:"connector_j"`
		} `json:"standard"`
		Streams []struct {
			Secret      string `json:"secret"`
			Meeting     string `json:"meeting"`
			Link        string `json:"link"`
			J           string `json:"j"`
			Stream      uint16 `json:"stream"`
			BaseKey     string `json:"base_key"`
			FrankingKey string `json:"franking_key"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Standard) == 0 || len(v.Streams) == 0 {
		t.Fatal("there are no vectors")
	}
	same := func(what string, got [32]byte, want string) {
		t.Helper()
		if hex.EncodeToString(got[:]) != want {
			t.Errorf("%s is %x, want %s", what, got, want)
		}
	}
	for _, s := range v.Standard {
		same("the name of the epoch", StandardLink(s.Meeting, s.Epoch), s.Name)
		same("a connector's J", ConnectorJoin(s.Connector), s.ConnectorJ)
	}
	for _, s := range v.Streams {
		o := Origin{Meeting: s.Meeting, Join: [32]byte(unhex(t, s.J)), Stream: s.Stream}
		base, franking, err := o.DeriveKeys(unhex(t, s.Secret), [32]byte(unhex(t, s.Link)))
		if err != nil {
			t.Fatal(err)
		}
		same("the base key", base, s.BaseKey)
		same("the franking key", franking, s.FrankingKey)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
