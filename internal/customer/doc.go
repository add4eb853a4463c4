// Package customer has the rules about a person: the numbers that lead to them, tags, secondary
// ids, metadata, app data with its lease, activities and adoption. Plain values, no I/O, no SQL,
// no protobuf: each rule takes the time it needs as an argument. The rules' source is
// behaviour.md, sections 2 to 7.
package customer
