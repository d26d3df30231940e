package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"herald/internal/gateway"
	"herald/internal/translate"
)

// metricsTimeout bounds the queries behind one scrape.
const metricsTimeout = 3 * time.Second

// metrics returns the handler of /metrics. Names and labels carry no personal data; the only labels that grow are those of
// bots, up to a bound.
func (a *App) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &queues{app: a}, &botMetrics{app: a})
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})
}

// queues reads what waits in the database at each scrape.
type queues struct{ app *App }

// Describe sends nothing: what is collected depends on whether the database answers.
func (q *queues) Describe(chan<- *prometheus.Desc) {}

func (q *queues) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	gauge := func(name, help string, value float64) {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, value)
	}
	if count, oldest, err := q.app.store.OutboxDepth(ctx, now()); err == nil {
		gauge("herald_outbox_messages", "Accepted messages that have neither ended nor got a workflow in time.", float64(count))
		gauge("herald_outbox_oldest_seconds", "Age of the oldest of them in seconds.", oldest.Seconds())
	}
	if waiting, aside, err := q.app.store.InboxDepth(ctx); err == nil {
		gauge("herald_inbox_updates", "Stored updates that wait to be processed.", float64(waiting))
		gauge("herald_inbox_aside_updates", "Updates that were put aside with an error.", float64(aside))
	}
	q.collectTranslations(out, q.app.translator.Stats())
	q.collectRefusals(out, q.app.policy.Refusals())
	if stats, err := q.app.store.QueueStats(ctx, now()); err == nil {
		q.collectTurns(out, stats)
	}
}

// collectTurns tells about messages that wait for their bot's turn.
func (q *queues) collectTurns(out chan<- prometheus.Metric, stats gateway.QueueStats) {
	waiting := prometheus.NewDesc("herald_send_queue_messages", "Messages that wait longer than seconds for their turn, by lane.", []string{"lane"}, nil)
	next := prometheus.NewDesc("herald_send_next_seconds", "Seconds until the turn of the first of them, by lane.", []string{"lane"}, nil)
	last := prometheus.NewDesc("herald_send_queue_seconds", "Seconds until the turn of the last of them, by lane.", []string{"lane"}, nil)
	for _, lane := range []gateway.Lane{gateway.LaneCode, gateway.LaneService, gateway.LaneBulk} {
		out <- prometheus.MustNewConstMetric(waiting, prometheus.GaugeValue, float64(stats.Waiting[lane]), string(lane))
		out <- prometheus.MustNewConstMetric(next, prometheus.GaugeValue, stats.Next[lane].Seconds(), string(lane))
		out <- prometheus.MustNewConstMetric(last, prometheus.GaugeValue, stats.Last[lane].Seconds(), string(lane))
	}
	refused := prometheus.NewDesc("herald_messenger_refusals_total", "Calls that a messenger answered with 429, too many requests.", nil, nil)
	out <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(stats.Refused))
	blocked := prometheus.NewDesc("herald_bots_blocked", "Bots that a messenger asked to wait.", nil, nil)
	out <- prometheus.MustNewConstMetric(blocked, prometheus.GaugeValue, float64(stats.Blocked))
}

// collectRefusals tells what the policy of shared bots refused in this process since it started.
func (q *queues) collectRefusals(out chan<- prometheus.Metric, list []gateway.PolicyRefusals) {
	desc := prometheus.NewDesc("herald_policy_refusals_total", "Messages, changes and answers that the policy of shared bots refused in this process, by bot and rule of the policy.", []string{"bot", "rule"}, nil)
	for _, r := range list {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(r.Count), string(r.BotID), r.Rule)
	}
}

// collectTranslations tells what this process had translated since it started.
func (q *queues) collectTranslations(out chan<- prometheus.Metric, stats translate.Stats) {
	texts := prometheus.NewDesc("herald_translation_texts_total", "Texts that were to be translated by this process, by outcome: translated, cached, same, sandbox, or why not.", []string{"outcome"}, nil)
	for outcome, n := range stats.Texts {
		out <- prometheus.MustNewConstMetric(texts, prometheus.CounterValue, float64(n), outcome)
	}
	characters := prometheus.NewDesc("herald_translation_characters_total", "Characters that this process paid a translator for.", nil, nil)
	out <- prometheus.MustNewConstMetric(characters, prometheus.CounterValue, float64(stats.Characters))
	cost := prometheus.NewDesc("herald_translation_cost_total", "What they cost, in units of the currency.", []string{"currency"}, nil)
	out <- prometheus.MustNewConstMetric(cost, prometheus.CounterValue, float64(stats.Cost)/1e6, stats.Currency)
}
