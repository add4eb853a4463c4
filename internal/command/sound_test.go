package command

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// TestSpoken: what is stored is short, and is the file of that length when it is fetched.
func TestSpoken(t *testing.T) {
	for _, d := range []time.Duration{0, time.Millisecond, time.Second, 59*time.Second + 999*time.Millisecond, time.Minute, 62*time.Minute + 1500*time.Millisecond, 4 * time.Hour, 48 * time.Hour} {
		sound, size := spoken(d)
		if most := 6<<10 + int(d/time.Minute)*1300; len(sound) > min(most, 2<<20) {
			t.Errorf("%s takes %d bytes", d, len(sound))
		}
		z, err := gzip.NewReader(bytes.NewReader(sound))
		if err != nil {
			t.Fatal(err)
		}
		header := make([]byte, wavHeader)
		if _, err := io.ReadFull(z, header); err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, z)
		if samples := int64(min(d, longestSound) / time.Millisecond * sampleRate / 1000); err != nil || n != samples || size != samples+wavHeader {
			t.Errorf("%s: %d samples and a size of %d, want %d samples: %v", d, n, size, samples, err)
		}
		if binary.LittleEndian.Uint32(header[40:]) != uint32(n) || binary.LittleEndian.Uint32(header[4:]) != uint32(n)+36 {
			t.Errorf("%s: the header is %q", d, header)
		}
	}
}
