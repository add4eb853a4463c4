package elarian

import "time"

// RetryFast makes pauses between attempts to connect short, for tests that cut connections often.
func (c *Config) RetryFast() { c.retryMin, c.retryMax = time.Millisecond, 20*time.Millisecond }
