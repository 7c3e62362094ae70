// Package main makes thumbnails of pictures, as an action.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"
	_ "image/jpeg"
	"image/png"
)

// Input is a picture in base64, and the longest side of its thumbnail. A web
// request brings the picture as its body.
type Input struct {
	Image string `json:"image"`
	Body  string `json:"__ow_body"`
	Size  int    `json:"size"`
}

// Output is an answer as web actions give it: with a body that is binary
// because its type says so.
type Output struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"` // PNG in base64
	Width      int               `json:"width"`
	Height     int               `json:"height"`
}

// Main makes the thumbnail.
func Main(in Input) (Output, error) {
	if in.Image == "" {
		in.Image = in.Body
	}
	if in.Size <= 0 || in.Size > 1024 {
		in.Size = 128
	}
	data, err := base64.StdEncoding.DecodeString(in.Image)
	if err != nil || len(data) == 0 {
		return Output{}, errors.New(`the parameter "image" must be a picture in base64`)
	}
	// Look at the size first: a small file can be a very large picture.
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Output{}, fmt.Errorf("read the picture: %w", err)
	}
	if config.Width*config.Height > 20_000_000 {
		return Output{}, fmt.Errorf("the picture has %d x %d pixels, which is too large", config.Width, config.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return Output{}, fmt.Errorf("read the picture: %w", err)
	}
	small := shrink(picture, in.Size)
	var out bytes.Buffer
	if err := png.Encode(&out, small); err != nil {
		return Output{}, fmt.Errorf("write the thumbnail: %w", err)
	}
	size := small.Bounds().Size()
	fmt.Printf("made %d x %d of a %s with %d x %d\n", size.X, size.Y, format, config.Width, config.Height)
	return Output{
		StatusCode: 200,
		Headers:    map[string]string{"Content-Type": "image/png"},
		Body:       base64.StdEncoding.EncodeToString(out.Bytes()),
		Width:      size.X,
		Height:     size.Y,
	}, nil
}

// shrink gives each pixel of the result the mean of those that it stands for.
// A picture that is small enough stays as it is.
func shrink(from image.Image, size int) image.Image {
	b := from.Bounds()
	longest := max(b.Dx(), b.Dy())
	if longest <= size {
		return from
	}
	to := image.NewNRGBA64(image.Rect(0, 0, max(1, b.Dx()*size/longest), max(1, b.Dy()*size/longest)))
	w, h := to.Rect.Dx(), to.Rect.Dy()
	for y := range h {
		for x := range w {
			to.Set(x, y, mean(from, image.Rect(
				b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h,
				b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h)))
		}
	}
	return to
}

func mean(of image.Image, area image.Rectangle) color.RGBA64 {
	var r, g, b, a, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := of.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{R: uint16(r / n), G: uint16(g / n), B: uint16(b / n), A: uint16(a / n)}
}
