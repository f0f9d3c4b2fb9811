package export

import "testing"

func BenchmarkVerifySmall(b *testing.B) {
	w := newWorld(b, "desk.example.org")
	w.file(smallClips[:1])
	w.request(1)
	pkg := w.build(noCover)
	b.SetBytes(int64(len(pkg)))
	for b.Loop() {
		verify(b, pkg, w.ring.Keys())
	}
}
