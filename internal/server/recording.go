package server

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
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

// recording serves what was said in a call.
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
	sound, err := gzip.NewReader(bytes.NewReader(found.Sound))
	if err != nil {
		s.config.Log.Error("a stored recording is broken", "error", err)
		http.Error(w, "the recording is broken", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Content-Disposition", `inline; filename="recording.wav"`)
	w.Header().Set("Content-Length", strconv.FormatInt(found.Size, 10))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, sound) // who asked may be gone
}
