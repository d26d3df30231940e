package fault_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/sandbox/fault"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	var s fault.Set
	_, hit := s.Match(1, "getme", 0, fault.HTML)
	require.False(t, hit, "an empty set hits nothing")

	added, err := s.Add(fault.Fault{Bot: 1, Method: "SendMessage", Chat: 5, Kind: fault.HTML, Times: 2})
	require.NoError(t, err)
	require.Equal(t, 502, added.Status)
	for _, miss := range []struct {
		bot, chat int64
		method    string
		kind      fault.Kind
	}{{2, 5, "sendmessage", fault.HTML}, {1, 6, "sendmessage", fault.HTML}, {1, 5, "getme", fault.HTML}, {1, 5, "sendmessage", fault.Slow}} {
		_, hit = s.Match(miss.bot, miss.method, miss.chat, miss.kind)
		require.False(t, hit)
	}
	for want := range 3 {
		_, hit = s.Match(1, "sendmessage", 5, fault.Slow, fault.HTML)
		require.Equal(t, want < 2, hit, "it happens two times")
	}
	require.Empty(t, s.List())
}

func TestProbability(t *testing.T) {
	t.Parallel()
	var s fault.Set
	_, err := s.Add(fault.Fault{Kind: fault.Slow, Probability: 0.5})
	require.NoError(t, err)
	hits := 0
	for range 2000 {
		if _, hit := s.Match(1, "getme", 0, fault.Slow); hit {
			hits++
		}
	}
	require.InDelta(t, 1000, hits, 250)
	require.Equal(t, hits, s.List()[0].Happened)
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault.Fault{
		"no kind":         {},
		"unknown kind":    {Kind: "rain"},
		"probability":     {Kind: fault.HTML, Probability: 1.5},
		"status":          {Kind: fault.HTML, Status: 200},
		"endless delay":   {Kind: fault.Slow, Delay: fault.Duration(time.Hour)},
		"negative number": {Kind: fault.HTML, Times: -1},
	} {
		var s fault.Set
		_, err := s.Add(f)
		require.Error(t, err, name)
	}
}
