package pdq

import (
	"bytes"
	"encoding/csv"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const vectors = "../../../shared/vectors/pdq"

func load(t testing.TB, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join(vectors, name))
	if err != nil {
		t.Skip("the test data of others are not here: ", err)
	}
	defer f.Close()
	m, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// pixels decodes a JPEG to the pixels that the reference's decoder gives: ffmpeg's with the accurate inverse transform and the smooth chroma of libjpeg.
func pixels(t *testing.T, name string) image.Image {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-idct", "int", "-i", filepath.Join(vectors, name), "-sws_flags", "bilinear", "-c:v", "png", "-f", "image2pipe", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestReference compares with the hashes of the reference: on its pixels every bit and the quality are the same; on those of Go's JPEG decoder, which is
// another, a few bits differ.
func TestReference(t *testing.T) {
	f, err := os.Open(filepath.Join(vectors, "expected.csv"))
	if err != nil {
		t.Skip("the test data of others are not here: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("there is no vector")
	}
	for _, row := range rows {
		want, err := Parse(row[0])
		if err != nil {
			t.Fatal(err)
		}
		quality, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if got, q := Sum(FromImage(pixels(t, row[2]))); got != want || q != quality {
			t.Errorf("%s: %v of quality %d, want %v of %d: %d bits", row[2], got, q, want, quality, got.Distance(want))
		}
		if got, q := Sum(FromImage(load(t, row[2]))); got.Distance(want) > 2 || q != quality {
			t.Errorf("%s by Go's decoder: %v of quality %d is %d away from %v of %d", row[2], got, q, got.Distance(want), want, quality)
		}
	}
}

// plain is the algorithm as the paper writes it, without care for speed: what Sum is held against.
func plain(l *Luma) [side][side]float32 {
	box := func(get func(int) float32, n, w int) []float32 {
		out := make([]float32, n)
		before := (w+2)/2 - 1
		for i := range out {
			var sum float64
			count := 0
			for k := i - (w - 1 - before); k <= i+before; k++ {
				if k >= 0 && k < n {
					sum += float64(get(k))
					count++
				}
			}
			out[i] = float32(sum / float64(count))
		}
		return out
	}
	for range passes {
		for y := range l.Height {
			copy(l.Pix[y*l.Width:], box(func(x int) float32 { return l.Pix[y*l.Width+x] }, l.Width, window(l.Width)))
		}
		for x := range l.Width {
			for y, v := range box(func(y int) float32 { return l.Pix[y*l.Width+x] }, l.Height, window(l.Height)) {
				l.Pix[y*l.Width+x] = v
			}
		}
	}
	var out [side][side]float32
	for i := range out {
		for j := range out[i] {
			out[i][j] = l.Pix[(2*i+1)*l.Height/(2*side)*l.Width+(2*j+1)*l.Width/(2*side)]
		}
	}
	return out
}

// TestPlainly holds the fast filter against a plain one, on pictures of odd sizes, small ones too.
func TestPlainly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {2, 300}, {63, 65}, {129, 64}, {200, 127}, {640, 360}} {
		a := NewLuma(size[0], size[1])
		for i := range a.Pix {
			a.Pix[i] = 255 * r.Float32()
		}
		b := &Luma{a.Width, a.Height, append([]float32(nil), a.Pix...)}
		fast, slow := shrink(a), plain(b)
		for i := range fast {
			for j := range fast[i] {
				if d := fast[i][j] - slow[i][j]; d > 0.05 || d < -0.05 {
					t.Fatalf("%v at %d, %d: %v, want %v", size, i, j, fast[i][j], slow[i][j])
				}
			}
		}
	}
}

// TestNear holds that a picture stays near when it is shrunk, and that its mirror image is far.
func TestNear(t *testing.T) {
	m := load(t, "square-512x512.jpg")
	h, q := Sum(FromImage(m))
	if q < MinQuality {
		t.Fatalf("quality %d", q)
	}
	b := m.Bounds()
	mirror := image.NewRGBA(b)
	half := image.NewRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	for y := range b.Dy() {
		for x := range b.Dx() {
			mirror.Set(b.Dx()-1-x, y, m.At(x, y))
			half.Set(x/2, y/2, m.At(x, y))
		}
	}
	if g, _ := Sum(FromImage(half)); !h.Matches(g) {
		t.Errorf("half the size is %d away", h.Distance(g))
	}
	if g, _ := Sum(FromImage(mirror)); h.Matches(g) {
		t.Errorf("the mirror image is %d away", h.Distance(g))
	}
	grey := image.NewGray(b)
	draw.Draw(grey, b, m, b.Min, draw.Src)
	if g, _ := Sum(FromGrey(b.Dx(), b.Dy(), grey.Pix)); h.Distance(g) > 4 {
		t.Errorf("of its brightness alone the hash is %d away", h.Distance(g))
	}
}

func TestNothingToSee(t *testing.T) {
	for _, l := range []*Luma{NewLuma(0, 0), NewLuma(0, 5), NewLuma(300, 200)} {
		if h, q := Sum(l); q != 0 || h != (Hash{}) {
			t.Errorf("%d × %d without anything has %v of quality %d", l.Width, l.Height, h, q)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")
	f.Add("xyz")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := Parse(h.String()); err != nil || again != h || h.Distance(again) != 0 {
			t.Errorf("%q is read as %v", s, h)
		}
	})
}

// BenchmarkSum hashes a frame of 640 × 360, against its own decoding from JPEG.
func BenchmarkSum(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 4))
	frame := image.NewRGBA(image.Rect(0, 0, 640, 360))
	for y := range 360 {
		for x := range 640 {
			v := uint8(128 + 60*math.Sin(float64(x)/37) + 50*math.Cos(float64(y)/23) + 16*r.Float64())
			frame.SetRGBA(x, y, color.RGBA{v, v / 2, 255 - v, 255})
		}
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, frame, nil); err != nil {
		b.Fatal(err)
	}
	var sum, decode time.Duration
	for b.Loop() {
		began := time.Now()
		m, err := jpeg.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		decode += time.Since(began)
		grey := m.(*image.YCbCr).Y // as a decoder of video gives it
		began = time.Now()
		Sum(FromGrey(640, 360, grey))
		sum += time.Since(began)
	}
	b.ReportMetric(float64(sum.Microseconds())/float64(b.N), "µs/frame")
	b.ReportMetric(float64(sum)/float64(decode), "x_decoding_it")
}
