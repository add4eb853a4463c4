package server

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"
)

// recordingURL is where a recording can be fetched by whoever has its token.
func (s *Server) recordingURL(token string) string {
	return strings.TrimSuffix(cmp.Or(s.config.PublicURL, "http://"+reachable(s.httpListener.Addr())), "/") + "/recordings/" + token
}

// reachable is an address as this machine reaches it.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// recording serves what was said in a call of a simulated phone: a tone of that length. It is
// made when it is fetched; nothing else is kept of it.
func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	found, err := s.store.Recording(r.PathValue("token"))
	if err != nil {
		s.config.Log.Error("reading a recording", "error", err)
		http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if found == nil {
		http.Error(w, "there is no such recording, or its day is over", http.StatusNotFound)
		return
	}
	samples := int64(found.Duration) * sampleRate / int64(time.Second)
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Disposition", `inline; filename="recording.wav"`)
	w.Header().Set("Content-Length", fmt.Sprint(wavHeader+samples))
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(wav(samples)); err != nil {
		return // who asked is gone
	}
	for samples > 0 {
		n := min(samples, sampleRate)
		if _, err := w.Write(tone[:n]); err != nil {
			return
		}
		samples -= n
	}
}

const (
	sampleRate = 8000 // a second, of one byte each, as telephones have it
	wavHeader  = 44
)

// wav is the header of a WAV file: one channel of 8-bit PCM.
func wav(samples int64) []byte {
	size := uint32(min(samples, math.MaxUint32-wavHeader))
	h := make([]byte, 0, wavHeader)
	h = binary.LittleEndian.AppendUint32(append(h, "RIFF"...), size+wavHeader-8)
	h = binary.LittleEndian.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint16(h, 8)
	return binary.LittleEndian.AppendUint32(append(h, "data"...), size)
}

// tone is a second of a quiet 400 Hz, which ends where it begins.
var tone = func() (t [sampleRate]byte) {
	for i := range t {
		t[i] = byte(128 + 16*math.Sin(2*math.Pi*400*float64(i)/sampleRate))
	}
	return t
}()
