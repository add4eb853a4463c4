// Package sandbox sets up what somebody needs to try Elarian: an org with an app, an API key, channels
// of every kind and a purse, and a certificate for localhost. `elarian dev` keeps it in a folder, tests in memory.
package sandbox
