package command

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"time"
)

// What is said on a simulated phone is a tone of that length, as a WAV file. It is stored compressed: in
// pieces that are compressed one by one, which together are one gzip file, so that an hour takes 70 KiB and no
// time.

const (
	sampleRate   = 8000 // a second, of one byte each, as telephones have it
	wavHeader    = 44   // bytes
	longestSound = 24 * time.Hour
)

// tone is a second of a quiet 400 Hz, which ends where it begins.
var tone = func() []byte {
	t := make([]byte, sampleRate)
	const wave = sampleRate / 400 // samples; all waves are the same, which is what compresses so well
	for i := range t {
		t[i] = byte(128 + 16*math.Sin(2*math.Pi*float64(i%wave)/wave))
	}
	return t
}()

var toneMinute, toneSecond = compressed(bytes.Repeat(tone, 60)), compressed(tone)

func compressed(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		panic("command: compress: " + err.Error()) // a buffer takes all
	}
	if err := w.Close(); err != nil {
		panic("command: compress: " + err.Error())
	}
	return out.Bytes()
}

// spoken is the file of somebody who spoke for that long, compressed, and its size without that.
func spoken(d time.Duration) (sound []byte, size int64) {
	d = min(d, longestSound)
	samples := int64(d) * sampleRate / int64(time.Second)
	sound = compressed(wav(samples))
	sound = append(sound, bytes.Repeat(toneMinute, int(d/time.Minute))...)
	sound = append(sound, bytes.Repeat(toneSecond, int(d%time.Minute/time.Second))...)
	return append(sound, compressed(tone[:samples%sampleRate])...), wavHeader + samples
}

// wav is the header of a WAV file: one channel of 8-bit PCM.
func wav(samples int64) []byte {
	h := make([]byte, 0, wavHeader)
	h = binary.LittleEndian.AppendUint32(append(h, "RIFF"...), uint32(samples)+wavHeader-8)
	h = binary.LittleEndian.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint16(h, 8)
	return binary.LittleEndian.AppendUint32(append(h, "data"...), uint32(samples))
}
