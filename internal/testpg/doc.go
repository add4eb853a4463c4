// Package testpg gives tests a real PostgreSQL: a temporary cluster on a free loopback port, run by
// an ordinary user, gone when the test process is gone, however that ended. It starts no system
// service and reads no settings but AdminEnv.
//
//	db := testpg.URL(t)          // a database of this test alone, in a cluster that all tests share
//	pg := testpg.Cluster(t)      // a cluster of this test alone, which it may kill and start again
//
// Commits are durable (fsync is on), because that is what the tests are about.
package testpg
