// Package service is what the contenders in Go have in common: how they are started and stopped,
// and the churn workload. bench/contenders/README.md says what each of them has to do.
package service

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"unsafe"
)

const clockMonotonic = 1

// As early as Go allows: gctrace counts its times from a moment before this.
var startedNs = monotonicNs()

func monotonicNs() int64 {
	var now syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

// Start reads the arguments PORT [LIVE_MB], makes the live set, and has SIGTERM end the program
// with status 0. It returns the address to listen on.
func Start() (address string, live *Set) {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintf(os.Stderr, "usage: %s PORT [LIVE_MB]\n", os.Args[0])
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "clock_monotonic_ns=%d\n", startedNs)
	liveMB := uint64(0)
	if len(os.Args) == 3 {
		var err error
		if liveMB, err = strconv.ParseUint(os.Args[2], 10, 20); err != nil {
			fmt.Fprintf(os.Stderr, "%s: LIVE_MB: %v\n", os.Args[0], err)
			os.Exit(2)
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	return "127.0.0.1:" + os.Args[1], NewSet(liveMB)
}
