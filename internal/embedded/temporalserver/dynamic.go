//go:build !noembed

package temporalserver

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// dynamicSettings change what Temporal's defaults assume, which is a large cluster.
func dynamicSettings() dynamicconfig.StaticClient {
	const (
		// unbounded is out of reach of one machine: the processor and the disk are the limits here, and a refused
		// request would only be retried.
		unbounded = 1_000_000
		// schedulers is the number of goroutines that carry out tasks of one kind; each waits for the database most
		// of its time, and there are fewer connections than this.
		schedulers = 32
		day        = 24 * time.Hour
	)
	return dynamicconfig.StaticClient{
		// The first task of a workflow travels with the answer to its start: no trip through matching.
		dynamicconfig.EnableEagerWorkflowStart.Key():     true,
		dynamicconfig.EnableActivityEagerExecution.Key(): true,

		dynamicconfig.FrontendRPS.Key():                                         unbounded,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                  unbounded,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        unbounded,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): unbounded,
		dynamicconfig.HistoryRPS.Key():                                          unbounded,
		dynamicconfig.MatchingRPS.Key():                                         unbounded,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           unbounded,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            unbounded,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                           unbounded,
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key():                     unbounded,
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():                    unbounded,

		// One host: more partitions of a task queue only add loops and forwarding between them.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// Memory: a cache counted in bytes instead of 128,000 workflows, and hundreds instead of thousands of
		// goroutines. There is no second cluster to replicate to and no archive.
		dynamicconfig.HistoryCacheSizeBasedLimit.Key():                          true,
		dynamicconfig.HistoryCacheHostLevelMaxSizeBytes.Key():                   48 << 20,
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key():               schedulers,
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():                  schedulers,
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key():             schedulers,
		dynamicconfig.MemoryTimerProcessorSchedulerWorkerCount.Key():            schedulers,
		dynamicconfig.ArchivalProcessorSchedulerWorkerCount.Key():               1,
		dynamicconfig.ReplicationProcessorSchedulerWorkerCount.Key():            1,
		dynamicconfig.ReplicationLowPriorityProcessorSchedulerWorkerCount.Key(): 1,
		dynamicconfig.EnableReplicationStream.Key():                             false,

		// Idle load: nobody else changes namespaces or the cluster, so these tables need no look every two seconds.
		dynamicconfig.NamespaceCacheRefreshInterval.Key():         30 * time.Second,
		dynamicconfig.ClusterMetadataRefreshInterval.Key():        time.Hour,
		dynamicconfig.OutboundProcessorMaxPollInterval.Key():      10 * time.Minute,
		dynamicconfig.DeadlockInterval.Key():                      10 * time.Minute,
		dynamicconfig.EnableServerVersionCheck.Key():              false, // It would call Temporal's site.
		dynamicconfig.MatchingNexusEndpointsRefreshInterval.Key(): day,

		// The scanners stay on: twice a day they remove what failed deletions left behind, and cost nothing in between.

		// Closed workflows are removed soon after their retention instead of up to half an hour later.
		dynamicconfig.RetentionTimerJitterDuration.Key(): time.Minute,
	}
}
