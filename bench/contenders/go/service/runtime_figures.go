package service

import (
	"encoding/json"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
)

// RuntimePath is the route of RuntimeFigures.
const RuntimePath = "/debug/runtime"

const waits = "/sched/latencies:seconds"

type runtimeFigures struct {
	Pid            int    `json:"pid"`
	Mode           string `json:"mode"`
	Memory         string `json:"memory"`
	Allocations    uint64 `json:"allocations"`
	AllocatedBytes uint64 `json:"allocated_bytes"`
	Tasks          int    `json:"tasks"`
	Collections    uint32 `json:"collections"`
	WaitNs         int64  `json:"wait_ns"`
}

// RuntimeFigures is what the Go runtime says about itself, as JSON with the fields that Tacit's answer has. Asking
// costs allocations and stops all goroutines shortly: the harness asks before and after what it measures, and
// subtracts what asking costs.
func RuntimeFigures() []byte {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	body, err := json.Marshal(runtimeFigures{os.Getpid(), "goroutine", "collected", memory.Mallocs, memory.TotalAlloc,
		runtime.NumGoroutine(), memory.NumGC, waitNs()})
	if err != nil {
		return []byte("{}")
	}
	return body
}

// waitNs is for how long goroutines were ready and did not run, all together. The runtime has a histogram of
// it; each wait counts as the middle of its bucket.
func waitNs() int64 {
	sample := []metrics.Sample{{Name: waits}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	histogram := sample[0].Value.Float64Histogram()
	sum := 0.0
	for i, count := range histogram.Counts {
		low, high := histogram.Buckets[i], histogram.Buckets[i+1]
		if math.IsInf(low, 0) {
			low = 0
		}
		if math.IsInf(high, 0) {
			high = low
		}
		sum += float64(count) * (low + high) / 2
	}
	return int64(sum * 1e9)
}
