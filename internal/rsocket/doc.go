// Package rsocket speaks RSocket 1.0 as client and as server, over TCP, TLS and WebSocket.
//
// It offers request/response in both directions on one connection, fragmentation, keep-alive and
// resumption. Payloads are bytes; metadata is read and dropped, except that of SETUP. The package
// knows nothing about what the bytes mean. Streams, channels and leases are not offered:
// request-stream and request-channel get REJECTED on their stream, fire-and-forget is dropped.
//
// A [Conn] is one logical connection. Where the peers agreed on resumption it outlives its
// transport; requests in flight then simply take longer.
//
// Goroutines: one reader for each transport, and a writer that exists only while there is
// something to write. An idle TLS connection holds about 20 KiB.
package rsocket
