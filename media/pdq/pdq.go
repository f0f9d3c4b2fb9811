package pdq

import (
	"math"
	"slices"
)

const (
	side   = 64  // of what a picture is shrunk to
	kept   = 16  // lowest frequencies a side, but the constant one
	passes = 2   // of the box filter along rows and columns: a tent
	large  = 512 // what a picture that is larger, both ways, is thinned out to before it is smoothed
)

// Sum is the hash of a picture and its quality, 0 to 100: how much there is to see in it. It changes l.Pix. A picture without pixels has quality 0.
func Sum(l *Luma) (h Hash, quality int) {
	if l.Width <= 0 || l.Height <= 0 {
		return h, 0
	}
	small := shrink(thin(l))
	return hashOf(transform(&small)), qualityOf(&small)
}

// thin takes 512 × 512 pixels of a picture that has more both ways, each from the beginning of its stretch, as the reference does (pdqhashing's
// DOWNSAMPLE_DIMS, by CImg's resize): smoothing all of them takes long and tells nothing more.
func thin(l *Luma) *Luma {
	if l.Width <= large || l.Height <= large {
		return l
	}
	out := NewLuma(large, large)
	for y := range large {
		row := l.Pix[y*l.Height/large*l.Width:]
		for x := range large {
			out.Pix[y*large+x] = row[x*l.Width/large]
		}
	}
	return out
}

// shrink smooths a picture as much as is then left out, and takes 64 × 64 of its pixels.
func shrink(l *Luma) (out [side][side]float32) {
	if l.Width != side || l.Height != side {
		blur(l)
	}
	for i := range out {
		row := l.Pix[int((float64(i)+0.5)*float64(l.Height)/side)*l.Width:]
		for j := range out[i] {
			out[i][j] = row[int((float64(j)+0.5)*float64(l.Width)/side)]
		}
	}
	return out
}

// blur is the Jarosz filter of the reference.
func blur(l *Luma) {
	tmp := make([]float32, len(l.Pix))
	sums := make([]float32, l.Width)
	for range passes {
		for y := range l.Height {
			boxRow(tmp[y*l.Width:(y+1)*l.Width], l.Pix[y*l.Width:(y+1)*l.Width], window(l.Width))
		}
		boxColumns(l.Pix, tmp, l.Width, l.Height, window(l.Height), sums)
	}
}

// window is the size of the box for a dimension: a 128th of it, rounded up.
func window(n int) int { return (n + 2*side - 1) / (2 * side) }

// boxRow is the running mean of a row over a window that is cut off at both ends.
func boxRow(out, in []float32, w int) {
	half, n := (w+2)/2, len(in)
	var sum float32
	size, left, right, at := 0, 0, 0, 0
	for range min(half-1, n) {
		sum += in[right]
		size, right = size+1, right+1
	}
	for ; at < n && right < n && size < w; at++ {
		sum += in[right]
		size, right = size+1, right+1
		out[at] = sum / float32(size)
	}
	for ; right < n; at++ {
		sum += in[right] - in[left]
		left, right = left+1, right+1
		out[at] = sum / float32(size)
	}
	for ; at < n; at++ {
		sum -= in[left]
		left, size = left+1, size-1
		out[at] = sum / float32(size)
	}
}

// boxColumns is boxRow along every column at once, row after row, since memory lies that way.
func boxColumns(out, in []float32, width, height, w int, sums []float32) {
	clear(sums)
	half := (w + 2) / 2
	size, left, right, at := 0, 0, 0, 0
	add := func(sign float32, row int) {
		for x, v := range in[row*width : (row+1)*width] {
			sums[x] += sign * v
		}
	}
	write := func() {
		scale := 1 / float32(size)
		row := out[at*width : (at+1)*width]
		for x, s := range sums {
			row[x] = s * scale
		}
		at++
	}
	for range min(half-1, height) {
		add(1, right)
		size, right = size+1, right+1
	}
	for at < height && right < height && size < w {
		add(1, right)
		size, right = size+1, right+1
		write()
	}
	for right < height {
		add(1, right)
		add(-1, left)
		left, right = left+1, right+1
		write()
	}
	for at < height {
		add(-1, left)
		left, size = left+1, size-1
		write()
	}
}

// qualityOf is how steep the shrunk picture is: the reference's heuristic, with its roundings.
func qualityOf(a *[side][side]float32) int {
	steep := 0
	step := func(u, v float32) { steep += int(math.Abs(math.Trunc(float64((u - v) * 100 / 255)))) }
	for i := range side {
		for j := range side {
			if i+1 < side {
				step(a[i][j], a[i+1][j])
			}
			if j+1 < side {
				step(a[i][j], a[i][j+1])
			}
		}
	}
	return min(steep/90, 100)
}

// cosines is the 16 × 64 matrix of the discrete cosine transform, without its constant row.
var cosines = func() (d [kept][side]float32) {
	scale := math.Sqrt(2.0 / side)
	for i := range d {
		for j := range d[i] {
			d[i][j] = float32(scale * math.Cos(math.Pi/2/side*float64(i+1)*float64(2*j+1)))
		}
	}
	return d
}()

// transform is D A Dᵀ: the 16 × 16 lowest frequencies of a picture.
func transform(a *[side][side]float32) (b [kept * kept]float32) {
	for i := range kept {
		var t [side]float32 // row i of D A
		for k, d := range &cosines[i] {
			for j, v := range &a[k] {
				t[j] += d * v
			}
		}
		for j := range kept {
			var sum float32
			for k, d := range &cosines[j] {
				sum += t[k] * d
			}
			b[i*kept+j] = sum
		}
	}
	return b
}

// hashOf sets the bits of the frequencies above the median, which is the lower of the two in the middle.
func hashOf(b [kept * kept]float32) (h Hash) {
	sorted := b
	slices.Sort(sorted[:])
	median := sorted[len(sorted)/2-1]
	for k, v := range b {
		if v > median {
			h[k/64] |= 1 << (k % 64)
		}
	}
	return h
}
