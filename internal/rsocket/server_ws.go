package rsocket

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"github.com/coder/websocket"
)

// HTTPHandler serves RSocket over WebSocket, at any path and for pages of any origin: who may
// connect is decided by SETUP. The server's Shutdown covers its connections too. Give the http.Server
// a ReadHeaderTimeout: SetupTimeout begins with the upgrade.
func (s *Server) HTTPHandler() http.Handler {
	s.init()
	return http.HandlerFunc(s.serveWS)
}

func (s *Server) serveWS(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // of the Origin header
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		s.opt.Logger.Debug("rsocket WebSocket upgrade failed", "remote", r.RemoteAddr, "error", err)
		return // Accept has answered
	}
	run := s.startSetup(func() { _ = conn.CloseNow() })
	if run == nil {
		_ = conn.Close(websocket.StatusGoingAway, "shutting down")
		return
	}
	defer s.running.Done()
	defer s.endSetup(run)
	ctx, cancel := context.WithTimeout(s.ctx, s.opt.SetupTimeout)
	defer cancel()
	kind := "ws"
	if r.TLS != nil {
		kind = "wss"
	}
	s.setup(ctx, run, newWSTransport(conn, httpAddr(r.RemoteAddr), kind))
}

func httpAddr(s string) net.Addr {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return &net.TCPAddr{}
	}
	return net.TCPAddrFromAddrPort(ap)
}
