package main

import (
	"net"

	"github.com/jackc/pgx/v5"
)

// isLocal says whether only this machine reaches an address.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return true // the listener says what is wrong with it
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// storeIsPrivate says whether nobody can read along on the way to the database: it is a file, on this
// machine, or reached by TLS and nothing else.
func storeIsPrivate(location string) bool {
	if _, ok := sqlitePath(location); ok {
		return true
	}
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return true // opening the store says what is wrong with it
	}
	private := func(host string, tls bool) bool {
		return tls || host == "" || host[0] == '/' || isLocal(net.JoinHostPort(host, "0"))
	}
	ok := private(config.Host, config.TLSConfig != nil)
	for _, fallback := range config.Fallbacks { // sslmode=prefer falls back to plain
		ok = ok && private(fallback.Host, fallback.TLSConfig != nil)
	}
	return ok
}
