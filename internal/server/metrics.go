package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/elarian-go/elarian/internal/outbox"
	"github.com/elarian-go/elarian/internal/store"
)

// metrics are what /metrics shows.
type metrics struct {
	registry    *prometheus.Registry
	connections *prometheus.GaugeVec
	commands    *prometheus.CounterVec
	commandTime *prometheus.HistogramVec
	delivered   *prometheus.CounterVec
	retried     *prometheus.CounterVec
	dead        *prometheus.CounterVec
	answerTime  prometheus.Histogram
	batchSize   prometheus.Histogram
	commitTime  prometheus.Histogram
	worked      *prometheus.CounterVec
}

func newMetrics(s *store.Store) *metrics {
	latencies := prometheus.ExponentialBuckets(0.0001, 2, 18) // 0.1 ms to 13 s
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "elarian_connections", Help: "Connections that are up, by kind: app, simplex, simulator."}, []string{"kind"}),
		commands:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "elarian_commands_total", Help: "Commands answered, by command and result."}, []string{"command", "result"}),
		commandTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "elarian_command_seconds", Help: "Time from a command to its reply.", Buckets: latencies}, []string{"command"}),
		delivered:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "elarian_notifications_delivered_total", Help: "Notifications that an app has answered."}, []string{"kind"}),
		retried:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "elarian_notifications_retried_total", Help: "Failed deliveries that will be tried again."}, []string{"kind"}),
		dead:        prometheus.NewCounterVec(prometheus.CounterOpts{Name: "elarian_notifications_dead_total", Help: "Notifications put aside as dead letters."}, []string{"kind"}),
		answerTime:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "elarian_notification_answer_seconds", Help: "Time from sending a notification to its answer.", Buckets: latencies}),
		batchSize:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "elarian_commit_units", Help: "Units of work in a commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 9)}),
		commitTime:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "elarian_commit_seconds", Help: "Time of a commit with its reads.", Buckets: latencies}),
	}
	m.worked = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "elarian_work_customers_total", Help: "Customers that work by tag is done with, by kind and result."}, []string{"kind", "result"})
	m.registry.MustRegister(m.worked, &workCollector{s}, m.connections, m.commands, m.commandTime, m.delivered, m.retried, m.dead, m.answerTime, m.batchSize, m.commitTime,
		&outboxCollector{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, kind := range []string{"app", "simplex", "simulator"} {
		m.connections.WithLabelValues(kind)
	}
	return m
}

func (m *metrics) connection(kind string, change int) {
	m.connections.WithLabelValues(kind).Add(float64(change))
}

func (m *metrics) command(name, result string, took time.Duration) {
	m.commands.WithLabelValues(name, result).Inc()
	m.commandTime.WithLabelValues(name).Observe(took.Seconds())
}

func (m *metrics) commit(units int, took time.Duration) {
	m.batchSize.Observe(float64(units))
	m.commitTime.Observe(took.Seconds())
}

func (m *metrics) work(kind store.WorkKind, succeeded, failed int64) {
	m.worked.WithLabelValues(string(kind), "done").Add(float64(succeeded))
	m.worked.WithLabelValues(string(kind), "failed").Add(float64(failed))
}

func (m *metrics) outbox() outbox.Metrics {
	return outbox.Metrics{
		Delivered: func(kind string, took time.Duration) {
			m.delivered.WithLabelValues(kind).Inc()
			m.answerTime.Observe(took.Seconds())
		},
		Retried: func(kind string) { m.retried.WithLabelValues(kind).Inc() },
		Dead:    func(kind string) { m.dead.WithLabelValues(kind).Inc() },
	}
}

// workCollector counts the works that are not done.
type workCollector struct{ store *store.Store }

var workDesc = prometheus.NewDesc("elarian_works", "Works by tag that are not done.", nil, nil)

func (c *workCollector) Describe(ch chan<- *prometheus.Desc) { ch <- workDesc }

func (c *workCollector) Collect(ch chan<- prometheus.Metric) {
	if open, err := c.store.OpenWorks(); err == nil {
		ch <- prometheus.MustNewConstMetric(workDesc, prometheus.GaugeValue, float64(len(open)))
	}
}

// outboxCollector counts the rows of the outbox when they are asked for.
type outboxCollector struct{ store *store.Store }

var (
	waitingDesc = prometheus.NewDesc("elarian_notifications_waiting", "Notifications that no app has answered yet.", nil, nil)
	deadDesc    = prometheus.NewDesc("elarian_notifications_dead", "Notifications that are put aside now.", nil, nil)
)

func (c *outboxCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- waitingDesc
	ch <- deadDesc
}

func (c *outboxCollector) Collect(ch chan<- prometheus.Metric) {
	waiting, dead, err := c.store.OutboxStats()
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(waiting))
	ch <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(dead))
}
