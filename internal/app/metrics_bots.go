package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"herald/internal/gateway"
)

const (
	// maxMetricBots bounds the series of one scrape: the bots that were added first.
	maxMetricBots = 1000
	// countEvery is how often people are counted: that reads an index entry for each of them.
	countEvery = time.Minute
)

// botMetrics tells about each bot at each scrape.
type botMetrics struct {
	app *App

	mu      sync.Mutex
	counted time.Time
	people  []gateway.BotPeople
}

// Describe sends nothing: what is collected depends on whether the database answers.
func (m *botMetrics) Describe(chan<- *prometheus.Desc) {}

var (
	botStateDesc   = prometheus.NewDesc("herald_bot_state", "1 for the state that each bot has.", []string{"bot", "username", "state"}, nil)
	botPendingDesc = prometheus.NewDesc("herald_bot_pending_updates", "Updates that waited at the messenger when it was last asked.", []string{"bot"}, nil)
	botLaggingDesc = prometheus.NewDesc("herald_bot_lagging", "1 if many updates wait at the messenger and their number grows.", []string{"bot"}, nil)
	botRefusedDesc = prometheus.NewDesc("herald_bot_refusals_total", "Calls that the messenger answered with 429, too many requests.", []string{"bot"}, nil)
	botPeopleDesc  = prometheus.NewDesc("herald_bot_subscribers", "People and chats, by whether the bot may write to them; counted once a minute.", []string{"bot", "connection"}, nil)
	botRenewsDesc  = prometheus.NewDesc("herald_bot_reconfirmations_total", "What became of people whose proof of a phone grew too old, by this process: asked, reminded, proved, lapsed or withdrawn.", []string{"bot", "outcome"}, nil)
	resealDesc     = prometheus.NewDesc("herald_reseal_pending", "1 while secrets may still be sealed by an earlier key.", nil, nil)
)

func (m *botMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	if m.app.o.Worker {
		gauge(resealDesc, number(m.app.stale.Load()))
	}
	list, err := m.app.store.BotStats(ctx, maxMetricBots)
	if err != nil {
		return
	}
	shown := map[gateway.BotID]bool{}
	for _, b := range list {
		shown[b.ID] = true
		gauge(botStateDesc, 1, string(b.ID), b.Username, string(b.State))
		gauge(botPendingDesc, float64(b.Pending), string(b.ID))
		gauge(botLaggingDesc, number(b.Lagging), string(b.ID))
		out <- prometheus.MustNewConstMetric(botRefusedDesc, prometheus.CounterValue, float64(b.Refusals), string(b.ID))
	}
	if m.app.reconfirmer != nil {
		for of, count := range m.app.reconfirmer.Counts() {
			if shown[of.Bot] {
				out <- prometheus.MustNewConstMetric(botRenewsDesc, prometheus.CounterValue, float64(count), string(of.Bot), string(of.Outcome))
			}
		}
	}
	for _, p := range m.count(ctx) {
		if shown[p.BotID] {
			gauge(botPeopleDesc, float64(p.Count), string(p.BotID), string(p.Connection))
		}
	}
}

// count counts people, not more often than once a minute.
func (m *botMetrics) count(ctx context.Context) []gateway.BotPeople {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now().Sub(m.counted) >= countEvery {
		if people, err := m.app.store.CountSubscribers(ctx); err == nil {
			m.people, m.counted = people, now()
		}
	}
	return m.people
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
