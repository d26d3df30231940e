package ring

import "sync"

// Log holds the newest entries of type T. The zero Log is not usable: see New.
type Log[T any] struct {
	mu    sync.Mutex
	items []T   // ring: the entry with number seq stands at (seq-1) % len
	last  int64 // number of the newest entry, 0 when empty
	wake  chan struct{}
}

// New returns a log that keeps size entries.
func New[T any](size int) *Log[T] {
	return &Log[T]{items: make([]T, size)}
}

// Append adds the entry that build returns for its number. build runs under the log's lock and must be short.
func (l *Log[T]) Append(build func(seq int64) T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	l.items[(l.last-1)%int64(len(l.items))] = build(l.last)
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
}

// After returns at most limit entries whose number is greater than seq, oldest first.
func (l *Log[T]) After(seq int64, limit int) []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := max(l.last-int64(len(l.items))+1, 1)
	from := max(seq+1, oldest)
	n := min(l.last-from+1, int64(limit))
	if n <= 0 {
		return nil
	}
	out := make([]T, 0, n)
	for s := from; s < from+n; s++ {
		out = append(out, l.items[(s-1)%int64(len(l.items))])
	}
	return out
}

// Last is the number of the newest entry.
func (l *Log[T]) Last() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// Changed returns a channel that is closed by the next Append. Take it before reading, so that nothing is missed.
func (l *Log[T]) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake == nil {
		l.wake = make(chan struct{})
	}
	return l.wake
}
