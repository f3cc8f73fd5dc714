package main

// Children send their results over a buffered channel. Measured against a WaitGroup and an array of
// results: as fast for skynet and n-queens, and faster for fib.

const fanOut = 10

// skynet sends the sum of its leaves' numbers. Every leaf is a goroutine.
func skynet(result chan<- int64, first, leaves int64) {
	if leaves == 1 {
		result <- first
		return
	}
	sums := make(chan int64, fanOut)
	share := leaves / fanOut
	for child := int64(0); child < fanOut; child++ {
		go skynet(sums, first+child*share, share)
	}
	sum := int64(0)
	for child := 0; child < fanOut; child++ {
		sum += <-sums
	}
	result <- sum
}

func runSkynet(leaves int64) outcome {
	result := make(chan int64, 1)
	skynet(result, 0, leaves)
	return outcome{leaves, <-result == sumBelow(leaves)}
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
