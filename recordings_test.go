package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/media/connector/recorder"
	"github.com/proffer/proffer/storage/embedded/embeddedtest"
	"github.com/proffer/proffer/storage/objects"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

// recordingsOf are those of a server whose data folder is dir.
func recordingsOf(t *testing.T, dir string, free func() (int64, error)) *recordings {
	t.Helper()
	s3 := embeddedtest.S3(t)
	store, err := objects.Open(t.Context(), objects.Config{Endpoint: s3.Endpoint, AccessKey: s3.AccessKey, SecretKey: s3.SecretKey,
		TLS: true, TLSConfig: s3.TLS, PathStyle: true, EvidenceBucket: s3.Evidence, DerivativeBucket: s3.Derivative})
	if err != nil {
		t.Fatal(err)
	}
	return newRecordings(&services{cfg: Config{Data: dir}, objects: store, free: free, log: slog.New(slog.DiscardHandler)})
}

func stored(t *testing.T, r *recordings, key string) string {
	t.Helper()
	f, err := r.objects.OpenDerivative(t.Context(), key)
	if err != nil {
		return "-"
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRecordingsKept holds that a file is in the object store when it is whole, beside the index, and that one which an earlier process left
// comes there too.
func TestRecordingsKept(t *testing.T) {
	dir := t.TempDir()
	r := recordingsOf(t, dir, nil)
	begun := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	anna := recorder.File{Meeting: "M-1", Recording: begun, Join: [32]byte{0xaa}, Person: "Anna", Part: 1, Type: "video/webm", Began: begun}
	ben := recorder.File{Meeting: "M-1", Recording: begun, Join: [32]byte{0xbb}, Person: "Ben", Part: 1, Type: "audio/matroska", Began: begun}
	one, err := r.Create(anna)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Create(anna); err == nil {
		t.Error("a file is begun twice")
	}
	two, err := r.Create(ben)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.Writer{one, two} {
		if _, err := io.WriteString(w, "sound"); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.store(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := "recordings/M-1/20261126T093000Z/"
	if got := stored(t, r, folder+anna.Name()); got != "sound" {
		t.Errorf("Anna's file holds %q", got)
	}
	if got := stored(t, r, folder+ben.Name()); got != "-" {
		t.Errorf("Ben's file is written still, and stored as %q", got)
	}
	var index []indexed
	if err := json.Unmarshal([]byte(stored(t, r, folder+indexName)), &index); err != nil || len(index) < 2 || index[len(index)-1].Person != "Ben" {
		t.Errorf("the index is %v, %v", index, err)
	}

	again := recordingsOf(t, dir, nil) // the process ended with Ben's file open
	again.objects = r.objects
	if err := again.store(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, again, folder+ben.Name()); got != "sound" {
		t.Errorf("Ben's file holds %q", got)
	}
	index1 := filepath.Join(dir, "recordings", "M-1", "20261126T093000Z", indexName)
	if err := os.Chtimes(index1, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	again.sweep()
	if left, err := os.ReadDir(filepath.Join(dir, "recordings")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestRecordingsNoRoom holds that a recording leaves room for everything else.
func TestRecordingsNoRoom(t *testing.T) {
	free := int64(minFree)
	r := recordingsOf(t, t.TempDir(), func() (int64, error) { return free, nil })
	f, err := r.Create(recorder.File{Meeting: "M-2", Part: 1, Type: "video/webm"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	free--
	if _, err := r.Create(recorder.File{Meeting: "M-2", Part: 2}); err == nil || !strings.Contains(err.Error(), "room") {
		t.Errorf("a file is begun: %v", err)
	}
	if _, err := io.Copy(f, bytes.NewReader(make([]byte, 2*lookEvery))); err == nil {
		t.Error("a file is written on")
	}
}

// TestSIPConfig holds that what an operator writes is read, or refused in words that name the variable.
func TestSIPConfig(t *testing.T) {
	good := SIPConfig{Addr: "0.0.0.0:5060", Trunks: []string{"192.0.2.0/24"}, IP: "198.51.100.7", RTP: "20000-20199", Calls: 5}
	c, err := good.config()
	if err != nil || len(c.Trunks) != 1 || c.Ports != [2]uint16{20000, 20199} || c.IP.String() != "198.51.100.7" {
		t.Errorf("%+v, %v", c, err)
	}
	for name, change := range map[string]func(*SIPConfig){
		"PROFFER_SIP_TRUNKS": func(c *SIPConfig) { c.Trunks = []string{"192.0.2.7"} },
		"PROFFER_SIP_IP":     func(c *SIPConfig) { c.IP = "phone.example" },
		"PROFFER_SIP_RTP":    func(c *SIPConfig) { c.RTP = "20199-20000" },
	} {
		bad := good
		change(&bad)
		if _, err := bad.config(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, rtp := range []string{"20000", "a-b", "20000-70000", "0-1", "20000-20001x"} {
		bad := good
		bad.RTP = rtp
		if c, err := bad.config(); err == nil {
			t.Errorf("%q is read as %v", rtp, c.Ports)
		}
	}
}
