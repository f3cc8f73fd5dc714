package main

import "sync"

const fanOut = 10

// skynet adds the numbers of its leaves. Every leaf is a goroutine. A WaitGroup and an array of sums
// measured faster than a channel here, unlike below.
func skynet(first, leaves int64) int64 {
	if leaves == 1 {
		return first
	}
	var sums [fanOut]int64
	var all sync.WaitGroup
	all.Add(fanOut)
	share := leaves / fanOut
	for child := range sums {
		go skynetChild(first+int64(child)*share, share, &sums[child], &all)
	}
	all.Wait()
	sum := int64(0)
	for _, part := range sums {
		sum += part
	}
	return sum
}

func skynetChild(first, leaves int64, sum *int64, all *sync.WaitGroup) {
	*sum = skynet(first, leaves)
	all.Done()
}

func runSkynet(leaves int64) outcome {
	return outcome{leaves, skynet(0, leaves) == sumBelow(leaves)}
}

// fib forks one of its two calls and makes the other one itself.
func fib(n int64) int64 {
	if n < 2 {
		return n
	}
	forked := make(chan int64, 1)
	go func() { forked <- fib(n - 1) }()
	own := fib(n - 2)
	return own + <-forked
}

// runFib counts the calls as operations.
func runFib(n int64) outcome {
	value, next := int64(0), int64(1)
	for i := int64(0); i < n; i++ {
		value, next = next, value+next
	}
	return outcome{2*next - 1, fib(n) == value}
}

const sideMax = 16

// board holds the row of the queen of each column.
type board [sideMax]uint8

// solutions and placements (queens set on the way) by the side of the board.
var (
	solutions  = map[int64]int64{8: 92, 9: 352, 10: 724, 11: 2680, 12: 14200, 13: 73712, 14: 365596}
	placements = map[int64]int64{8: 2056, 9: 8393, 10: 35538, 11: 166925, 12: 856188, 13: 4674889, 14: 27358552}
)

func (b *board) isSafe(column, row int) bool {
	for other := 0; other < column; other++ {
		apart := column - other
		if at := int(b[other]); at == row || at == row-apart || at == row+apart {
			return false
		}
	}
	return true
}

// queens sends the number of ways to fill the columns from `column` on. Every queen that can be set
// is a goroutine with a board of its own.
func queens(result chan<- int64, side, column int, set board) {
	if column == side {
		result <- 1
		return
	}
	found := make(chan int64, side)
	children := 0
	for row := 0; row < side; row++ {
		if !set.isSafe(column, row) {
			continue
		}
		next := set
		next[column] = uint8(row)
		children++
		go queens(found, side, column+1, next)
	}
	sum := int64(0)
	for ; children > 0; children-- {
		sum += <-found
	}
	result <- sum
}

func runQueens(side int64) outcome {
	result := make(chan int64, 1)
	queens(result, int(side), 0, board{})
	return outcome{placements[side], <-result == solutions[side]}
}
