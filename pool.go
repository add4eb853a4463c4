package elarian

import "sync"

// waiting is how many jobs may wait for each that may run.
const waiting = 16

// pool runs jobs on at most limit goroutines, which exist only while there is something to do. Jobs of
// one line run one after the other, in the order in which they were added; those of the line "" have none.
type pool struct {
	limit int

	mu      sync.Mutex
	running int
	waits   int
	queue   []job
	lines   map[string][]job // behind the one of their line that runs, or is in the queue
	done    chan struct{}    // made by who waits for the end of all jobs
}

type job struct {
	line string
	do   func()
}

// add runs do when its turn comes. It gives false where too many wait already. Those of one line take half of
// the places at the most, so that a job that takes long leaves some to the others.
func (p *pool) add(line string, do func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	behind, busy := p.lines[line]
	starts := p.running < p.limit && !busy
	if most := p.limit * waiting; !starts && p.waits >= most || len(behind) >= most/2 {
		return false
	}
	j := job{line, do}
	if line != "" {
		if p.lines == nil {
			p.lines = make(map[string][]job)
		}
		if busy {
			behind = append(behind, j)
		}
		p.lines[line] = behind
	}
	switch {
	case starts:
		p.running++
		go p.run(j)
		return true
	case !busy:
		p.queue = append(p.queue, j)
	}
	p.waits++
	return true
}

func (p *pool) run(j job) {
	for more := true; more; {
		j.do()
		j, more = p.next(j.line)
	}
}

// next gives the job that waits longest, after one of the line has ended. Where there is none, more is false,
// and the goroutine ends.
func (p *pool) next(line string) (j job, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if behind := p.lines[line]; len(behind) > 0 {
		p.queue = append(p.queue, behind[0])
		behind[0] = job{}
		p.lines[line] = behind[1:]
	} else {
		delete(p.lines, line)
	}
	if len(p.queue) > 0 {
		j = p.queue[0]
		p.queue[0] = job{}
		p.queue = p.queue[1:]
		p.waits--
		return j, true
	}
	p.running--
	if p.running == 0 && p.done != nil {
		close(p.done)
		p.done = nil
	}
	return j, false
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
