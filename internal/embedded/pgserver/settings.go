package pgserver

import (
	"fmt"
	"strconv"
	"strings"
)

// setting is one line of herald.conf.
type setting struct {
	name, value, why string
}

// settingsFile is written at each start; it includes the postgresql.conf that initdb wrote.
const settingsFile = "herald.conf"

// settings fit a machine with two cores and a gigabyte to spare, and short transactions on few hot rows.
func settings(o Options, compression string) []setting {
	if o.FastAndUnsafe {
		return unsafeSettings(o)
	}
	return []setting{
		{"max_connections", strconv.Itoa(o.MaxConnections), "Herald's pools, Temporal's pools, and room for psql and more workers"},
		{"superuser_reserved_connections", "3", "so that a person can still look in when the pools are full"},
		{"shared_buffers", "'64MB'", "the hot rows are few; the system's page cache serves the rest and shrinks when memory is short"},
		{"effective_cache_size", "'512MB'", "what the planner may expect of the page cache on a small machine"},
		{"work_mem", "'4MB'", "per sort; queries are short and pages are small"},
		{"maintenance_work_mem", "'32MB'", "bounds what each vacuum worker takes"},
		{"synchronous_commit", "on", "an accepted message is on disk before the caller hears of it"},
		{"wal_compression", compression, "page images shrink several times, which saves much disk traffic; lz4 costs a fraction of the processor"},
		{"wal_buffers", "'4MB'", "the default of a thirty-second of shared_buffers is short for bursts of commits"},
		{"max_wal_size", "'512MB'", "bounds the replay after a kill to a few seconds"},
		{"checkpoint_timeout", "'10min'", "fewer page images than with 5 minutes; max_wal_size bounds the replay"},
		{"jit", "off", "compiling costs more than these queries do, and memory in each backend"},
		{"max_parallel_workers_per_gather", "0", "short queries: parallel plans would only add processes"},
		{"max_logical_replication_workers", "0", "nobody subscribes: one process less"},
		{"random_page_cost", "1.1", "solid-state disks"},
		{"autovacuum_max_workers", "2", "each takes maintenance_work_mem and a core"},
		{"autovacuum_vacuum_scale_factor", "0.05", "queue tables turn over quickly and must stay small"},
		{"autovacuum_vacuum_cost_limit", "1000", "finish a vacuum soon instead of dragging it on"},
		{"idle_in_transaction_session_timeout", "'5min'", "a forgotten transaction must not stop vacuum for ever"},
		{"log_min_messages", "log", "errors of queries go to the client, who knows what they mean"},
		{"log_min_error_statement", "panic", "statements carry personal data and stay out of the log"},
		{"log_error_verbosity", "terse", "details carry personal data and stay out of the log"},
		{"log_checkpoints", "off", "no line per checkpoint"},
		{"log_timezone", "'UTC'", "one clock in all logs"},
		{"timezone", "'UTC'", "the clients' clocks decide what people see"},
	}
}

// unsafeSettings trade the data's safety for speed.
func unsafeSettings(o Options) []setting {
	return []setting{
		{"max_connections", strconv.Itoa(o.MaxConnections), "many tests at once"},
		{"shared_buffers", "'64MB'", "the data is small"},
		{"fsync", "off", "the data may be lost with the machine"},
		{"synchronous_commit", "off", "as above"},
		{"full_page_writes", "off", "as above"},
		{"wal_level", "minimal", "nobody replicates"},
		{"max_wal_senders", "0", "wal_level minimal demands it"},
		{"checkpoint_timeout", "'1h'", "no checkpoint while tests run"},
		{"max_wal_size", "'4GB'", "as above"},
		{"autovacuum", "off", "the data is short-lived"},
		{"jit", "off", "compiling costs more than these queries do"},
		{"max_parallel_workers_per_gather", "0", "short queries"},
		{"max_logical_replication_workers", "0", "nobody subscribes"},
		{"log_min_messages", "log", "errors of queries go to the client"},
		{"log_min_error_statement", "panic", "statements stay out of the log"},
		{"log_error_verbosity", "terse", "details stay out of the log"},
		{"log_checkpoints", "off", "no line per checkpoint"},
		{"log_timezone", "'UTC'", "one clock in all logs"},
		{"timezone", "'UTC'", "tests must not depend on where they run"},
	}
}

func renderSettings(list []setting) []byte {
	var text strings.Builder
	text.WriteString("# Written by Herald at each start. Put settings of your own into local.conf beside it: they win.\n\n")
	for _, s := range list {
		fmt.Fprintf(&text, "# %s\n%s = %s\n", s.why, s.name, s.value)
	}
	return []byte(text.String())
}

// fixedSettings go on the command line, where no file can change them: the server's address and what this package
// reads from its log depend on them.
func fixedSettings(port int, clusterName string) []string {
	return []string{
		"-c", "cluster_name=" + clusterName,
		"-c", "listen_addresses=127.0.0.1",
		"-c", "port=" + strconv.Itoa(port),
		"-c", "unix_socket_directories=",
		"-c", "logging_collector=off",
		"-c", "log_destination=stderr",
		"-c", "log_line_prefix=",
		"-c", "lc_messages=C",
		// Errors of queries rank below LOG and go to the client only, who knows what they mean.
		"-c", "log_min_messages=log",
		"-c", "update_process_title=on",
	}
}
