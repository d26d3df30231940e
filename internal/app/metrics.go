package app

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metricsTimeout bounds the queries behind one scrape.
const metricsTimeout = 3 * time.Second

// metrics returns the handler of /metrics. Names carry no personal data and no labels that grow with customers.
func (a *App) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &queues{app: a})
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
		gauge("herald_outbox_messages", "Accepted messages whose workflow is overdue to start.", float64(count))
		gauge("herald_outbox_oldest_seconds", "Age of the oldest of them in seconds.", oldest.Seconds())
	}
	if waiting, aside, err := q.app.store.InboxDepth(ctx); err == nil {
		gauge("herald_inbox_updates", "Stored updates that wait to be processed.", float64(waiting))
		gauge("herald_inbox_aside_updates", "Updates that were put aside with an error.", float64(aside))
	}
}
