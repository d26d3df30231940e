package messaging

import (
	"sync"
	"time"

	"herald/internal/gateway"
)

// rememberedAtMost bounds how many things of a kind are remembered.
const rememberedAtMost = 1024

// remembered is what accepting a message remembers, so that it need not ask for it each time.
type remembered struct {
	terms memory[gateway.AccountID, gateway.Terms]
	bots  memory[ownBot, gateway.Bot]
}

// memory remembers things for a while.
type memory[K comparable, V any] struct {
	mu  sync.Mutex
	all map[K]dated[V]
}

type dated[V any] struct {
	value V
	until time.Time
}

func (m *memory[K, V]) get(key K, now time.Time) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.all[key]
	return d.value, ok && now.Before(d.until)
}

func (m *memory[K, V]) put(key K, value V, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) >= rememberedAtMost {
		m.all = map[K]dated[V]{}
	}
	m.all[key] = dated[V]{value, until}
}

func (m *memory[K, V]) forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, key)
}

func (m *memory[K, V]) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.all)
}
