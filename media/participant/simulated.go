package participant

import (
	"bytes"
	_ "embed"
	"slices"
	"sync"
)

// The fixture: 8 s of a picture that says SIMULATED, with a key frame each second, and of a soft tone now and then. Made by
//
//	ffmpeg -f lavfi -i "gradients=s=320x180:r=15:d=8:c0=0x1f4b6e:c1=0x3d7a5a:c2=0x1f4b6e:n=3:speed=0.01:x0=0:y0=0:x1=320:y1=180" \
//	  -vf "drawbox=…,drawtext=text='SIMULATED':…" -c:v libvpx -b:v 90k -g 15 -keyint_min 15 -cpu-used 0 -auto-alt-ref 0 simulated.ivf
//	ffmpeg -f lavfi -i "sine=frequency=330:duration=8:sample_rate=48000" \
//	  -af "volume='if(lt(mod(t,4),0.25),0.06*sin(PI*mod(t,4)/0.25),0)':eval=frame" -c:a libopus -b:a 16k -ac 1 simulated.ogg
//
//go:embed testdata/simulated.ivf
var simulatedIVF []byte

//go:embed testdata/simulated.ogg
var simulatedOgg []byte

// The fixture of who misbehaves: 4 s of bars that say SIMULATED ABUSE, with a key frame each second, and of a beep twice as high. Made by
//
//	ffmpeg -f lavfi -i "smptebars=s=320x180:r=15:d=4" -vf "drawbox=…,drawtext=text='SIMULATED ABUSE':…" \
//	  -c:v libvpx -b:v 90k -g 15 -keyint_min 15 -cpu-used 0 -auto-alt-ref 0 misbehaves.ivf
//	ffmpeg -f lavfi -i "sine=frequency=880:duration=4:sample_rate=48000" -af "volume='0.12*lt(mod(t,1),0.5)':eval=frame" \
//	  -c:a libopus -b:a 16k -ac 1 misbehaves.ogg
//
//go:embed testdata/misbehaves.ivf
var misbehavesIVF []byte

//go:embed testdata/misbehaves.ogg
var misbehavesOgg []byte

var (
	readSimulated  = sync.OnceValues(func() (video, audio []Sample) { return builtIn(simulatedIVF, simulatedOgg) })
	readMisbehaves = sync.OnceValues(func() (video, audio []Sample) { return builtIn(misbehavesIVF, misbehavesOgg) })
)

func builtIn(ivf, ogg []byte) (video, audio []Sample) {
	video, err := ReadIVF(bytes.NewReader(ivf))
	if err != nil {
		panic(err) // it is built in, and a test reads it
	}
	audio, err = ReadOgg(bytes.NewReader(ogg))
	if err != nil {
		panic(err)
	}
	return video, audio
}

// Misbehaves gives the video and sound of a simulated participant whom somebody is to report: a marked pattern and a beep, over and over.
func Misbehaves() (video, audio Source) {
	pictures, sounds := readMisbehaves()
	return Loop(pictures), Loop(sounds)
}

// Simulated gives the video and sound of a simulated participant, over and over. Each n begins at another of its key frames.
func Simulated(n int) (video, audio Source) {
	pictures, sounds := readSimulated()
	var keys []int
	for i, s := range pictures {
		if s.Key {
			keys = append(keys, i)
		}
	}
	at := keys[n%len(keys)]
	sound := len(sounds) * at / len(pictures)
	return Loop(slices.Concat(pictures[at:], pictures[:at])), Loop(slices.Concat(sounds[sound:], sounds[:sound]))
}
