package pdq

import "slices"

// Index finds the hashes near another one among many, exactly: multi-index hashing (Norouzi, Punjani, Fleet, 2012). A hash is cut into 16 bands of
// 16 bits. Two hashes at most MatchDistance = 31 apart differ by at most one bit in one of the bands, so it is enough to look, in each band, at those that have
// the same 16 bits, or all but one: 17 lists of 65,536 in each of 16 bands. It is made once and then only read; it is safe for concurrent use.
type Index struct {
	hashes []Hash
	bands  [bands]band
}

const (
	bands    = 16
	bandBits = 16
	buckets  = 1 << bandBits
)

// band lists the hashes by their bits in one band: those of x are from[x] to from[x+1] of places.
type band struct {
	from   []uint32 // buckets + 1
	places []uint32
}

// band is the bits of a hash in one band.
func (h Hash) band(i int) uint16 { return uint16(h[i/4] >> (bandBits * (i % 4))) }

// Bands is a hash cut into its 16 bands, each with the band's number above its 16 bits: what a database's inverted index is made of.
func (h Hash) Bands() []int32 {
	out := make([]int32, bands)
	for i := range out {
		out[i] = int32(i)<<bandBits | int32(h.band(i))
	}
	return out
}

// NearBands is what a hash at most MatchDistance away has at least one of among its Bands: 16 × 17 of them.
func (h Hash) NearBands() (out []int32) {
	for _, b := range h.Bands() {
		out = append(out, b)
		for bit := range bandBits {
			out = append(out, b^1<<bit)
		}
	}
	return out
}

// NewIndex makes an index over hashes, which it keeps: 4 · 16 bytes each, beside the 32 of the hash.
func NewIndex(hashes []Hash) *Index {
	x := &Index{hashes: hashes}
	for i := range x.bands {
		x.bands[i] = newBand(hashes, i)
	}
	return x
}

// newBand sorts by counting.
func newBand(hashes []Hash, i int) band {
	b := band{make([]uint32, buckets+1), make([]uint32, len(hashes))}
	for _, h := range hashes {
		b.from[int(h.band(i))+1]++
	}
	for k := range buckets {
		b.from[k+1] += b.from[k]
	}
	next := slices.Clone(b.from[:buckets])
	for n, h := range hashes {
		k := h.band(i)
		b.places[next[k]] = uint32(n)
		next[k]++
	}
	return b
}

// Near lists the places, in what the index was made of, of all hashes at most MatchDistance from one, in rising order.
func (x *Index) Near(h Hash) []int {
	var out []int
	for i := range x.bands {
		own := h.band(i)
		out = x.look(out, h, i, own)
		for bit := range bandBits {
			out = x.look(out, h, i, own^1<<bit)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// look adds those of one list that match.
func (x *Index) look(out []int, h Hash, i int, bits uint16) []int {
	b := &x.bands[i]
	for _, n := range b.places[b.from[bits]:b.from[int(bits)+1]] {
		if x.hashes[n].Matches(h) {
			out = append(out, int(n))
		}
	}
	return out
}
