package pdq

import (
	"image"
	"image/color"
	"image/draw"
)

// Luma is the brightness of a picture's pixels, 0 to 255, row by row.
type Luma struct {
	Width, Height int
	Pix           []float32
}

// NewLuma makes room for a picture.
func NewLuma(width, height int) *Luma {
	return &Luma{width, height, make([]float32, width*height)}
}

// FromGrey takes bytes of brightness, row by row, as decoders give them.
func FromGrey(width, height int, grey []byte) *Luma {
	l := NewLuma(width, height)
	for i, y := range grey[:width*height] {
		l.Pix[i] = float32(y)
	}
	return l
}

// FromImage takes a picture's pixels by the weights of the reference: 0.299 red, 0.587 green, 0.114 blue. What is transparent is black.
func FromImage(m image.Image) *Luma {
	b := m.Bounds()
	rgba, ok := m.(*image.RGBA)
	if !ok {
		rgba = image.NewRGBA(b)
		draw.Draw(rgba, b, image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.Draw(rgba, b, m, b.Min, draw.Over)
	}
	l := NewLuma(b.Dx(), b.Dy())
	for y := range l.Height {
		row := rgba.Pix[rgba.PixOffset(b.Min.X, b.Min.Y+y):]
		out := l.Pix[y*l.Width : (y+1)*l.Width]
		for x := range out {
			p := row[4*x : 4*x+3 : 4*x+3]
			out[x] = 0.299*float32(p[0]) + 0.587*float32(p[1]) + 0.114*float32(p[2])
		}
	}
	return l
}
