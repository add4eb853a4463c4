package server

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// routes are what the HTTP address serves: WebSocket at /, health and metrics.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	socket := s.socket.Server.HTTPHandler()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte("Elarian is running. Clients connect to this address by WebSocket, path /. See also /healthz and /metrics.\n"))
			return
		}
		socket.ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /recordings/{token}", s.recording)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

// health answers 200 where the store can be read.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.store.Ping(); err != nil {
		s.config.Log.Error("health", "error", err)
		http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
