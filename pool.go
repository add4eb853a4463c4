package elarian

import "sync"

// waiting is how many jobs may wait for each that may run.
const waiting = 16

// pool runs jobs on at most limit goroutines, which exist only while there is something to do.
type pool struct {
	limit int

	mu      sync.Mutex
	running int
	queue   []func()
	done    chan struct{} // made by who waits for the end of all jobs
}

// add runs the job when its turn comes. It gives false where too many wait already.
func (p *pool) add(job func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running < p.limit {
		p.running++
		go p.run(job)
		return true
	}
	if len(p.queue) >= p.limit*waiting {
		return false
	}
	p.queue = append(p.queue, job)
	return true
}

func (p *pool) run(job func()) {
	for job != nil {
		job()
		job = p.next()
	}
}

// next gives the job that waits longest, or ends the goroutine with nil.
func (p *pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 {
		job := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		return job
	}
	p.running--
	if p.running == 0 && p.done != nil {
		close(p.done)
		p.done = nil
	}
	return nil
}

// idle is closed when nothing runs and nothing waits.
func (p *pool) idle() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == 0 {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	if p.done == nil {
		p.done = make(chan struct{})
	}
	return p.done
}
