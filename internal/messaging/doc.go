// Package messaging has messages: channels, bodies, statuses and the rules that say which may
// follow which. Plain values, no I/O, no SQL, no protobuf. The numbers of the enums are the
// wire's; the rules' source is behaviour.md, sections 8 to 10.
package messaging
