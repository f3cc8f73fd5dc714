// The scheduler shapes in Go: standard library only, one line of JSON for one shape.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

// outcome says how many operations were done, and whether their result was right.
type outcome struct {
	operations int64
	isRight    bool
}

// shape is one workload; its size is what bench/contenders/sched/shape.cpp says.
type shape struct {
	size int64
	run  func(size int64) outcome
}

var shapes = map[string]shape{
	"skynet":       {100_000_000, runSkynet},
	"fib":          {39, runFib},
	"nqueens":      {14, runQueens},
	"spawn_join":   {10_000_000, spawnJoin},
	"ping_pong":    {2_000_000, pingPong},
	"channel_2_2":  {10_000_000, channelTwoTwo},
	"select_two":   {2_000_000, selectTwo},
	"mutex":        {10_000_000, contendedMutex},
	"timer_cancel": {2_000_000, timerCancel},
	"timer_fire":   {1_000_000, timerFire},
}

func refuse(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "go: "+format+"\n", arguments...)
	os.Exit(2)
}

func number(option, text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 1 {
		refuse("%s: expected a number above 0, got %s", option, text)
	}
	return value
}

// order is what the command line asks for.
type order struct {
	name    string
	workers int
	size    int64
}

func parse(arguments []string) order {
	if len(arguments)%2 != 1 {
		refuse("usage: SHAPE [--workers N] [--size N]")
	}
	chosen, known := shapes[arguments[0]]
	if !known {
		refuse("no shape '%s'", arguments[0])
	}
	asked := order{arguments[0], 2, chosen.size}
	for i := 1; i < len(arguments); i += 2 {
		value := number(arguments[i], arguments[i+1])
		switch arguments[i] {
		case "--workers":
			asked.workers = int(value)
		case "--size":
			asked.size = value
		default:
			refuse("no option '%s'", arguments[i])
		}
	}
	checkSize(asked)
	return asked
}

func checkSize(asked order) {
	if asked.name == "nqueens" && solutions[asked.size] == 0 {
		refuse("nqueens: no known answer for size %d", asked.size)
	}
	leaves := asked.size
	for leaves%10 == 0 {
		leaves /= 10
	}
	if asked.name == "skynet" && leaves != 1 {
		refuse("skynet: expected a power of ten, got %d", asked.size)
	}
}

func main() {
	asked := parse(os.Args[1:])
	runtime.GOMAXPROCS(asked.workers)
	started := time.Now()
	result := shapes[asked.name].run(asked.size)
	seconds := time.Since(started).Seconds()
	check := "ok"
	if !result.isRight {
		check = "wrong"
	}
	line, _ := json.Marshal(struct {
		Contender  string  `json:"contender"`
		Shape      string  `json:"shape"`
		Workers    int     `json:"workers"`
		Size       int64   `json:"size"`
		Operations int64   `json:"operations"`
		Seconds    float64 `json:"seconds"`
		PerOp      float64 `json:"ns_per_operation"`
		Check      string  `json:"check"`
	}{"go", asked.name, asked.workers, asked.size, result.operations, seconds,
		seconds * 1e9 / float64(result.operations), check})
	fmt.Println(string(line))
	if !result.isRight {
		os.Exit(1)
	}
}
