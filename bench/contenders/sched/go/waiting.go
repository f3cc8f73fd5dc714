package main

import (
	"sync"
	"time"
)

func sumBelow(n int64) int64 { return n * (n - 1) / 2 }

const batch = 1_000

// spawnJoin spawns a batch of tasks that do nothing, and joins it.
func spawnJoin(tasks int64) outcome {
	batches := (tasks + batch - 1) / batch
	var all sync.WaitGroup
	for done := int64(0); done < batches; done++ {
		all.Add(batch)
		for i := 0; i < batch; i++ {
			go func() { all.Done() }()
		}
		all.Wait()
	}
	return outcome{batches * batch, true}
}

func pingPong(trips int64) outcome {
	there, back := make(chan int64), make(chan int64)
	go func() {
		for value := range there {
			back <- value
		}
		close(back)
	}()
	sum := int64(0)
	for i := int64(0); i < trips; i++ {
		there <- i
		sum += <-back
	}
	close(there)
	return outcome{trips, sum == sumBelow(trips)}
}

func channelTwoTwo(elements int64) outcome {
	queue := make(chan int64, 1024)
	var producers, consumers sync.WaitGroup
	producers.Add(2)
	consumers.Add(2)
	half := elements / 2
	for p := int64(0); p < 2; p++ {
		go func(first int64) {
			for i := first; i < first+half; i++ {
				queue <- i
			}
			producers.Done()
		}(p * half)
	}
	var sums [2]int64
	for c := 0; c < 2; c++ {
		go func(c int) {
			sum := int64(0)
			for value := range queue {
				sum += value
			}
			sums[c] = sum
			consumers.Done()
		}(c)
	}
	producers.Wait()
	close(queue)
	consumers.Wait()
	return outcome{2 * half, sums[0]+sums[1] == sumBelow(2*half)}
}

func selectTwo(elements int64) outcome {
	a, b := make(chan int64), make(chan int64)
	half := elements / 2
	send := func(to chan<- int64, first int64) {
		for i := first; i < first+half; i++ {
			to <- i
		}
	}
	go send(a, 0)
	go send(b, half)
	sum := int64(0)
	for i := int64(0); i < 2*half; i++ {
		select {
		case value := <-a:
			sum += value
		case value := <-b:
			sum += value
		}
	}
	return outcome{2 * half, sum == sumBelow(2*half)}
}

func contendedMutex(locks int64) outcome {
	const tasks = 8
	var guard sync.Mutex
	var all sync.WaitGroup
	counter := int64(0)
	share := locks / tasks
	all.Add(tasks)
	for t := 0; t < tasks; t++ {
		go func() {
			for i := int64(0); i < share; i++ {
				guard.Lock()
				counter++
				guard.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
	return outcome{share * tasks, counter == share*tasks}
}

// timerCancel creates a timer that is due in an hour, and cancels it.
func timerCancel(timers int64) outcome {
	stopped := int64(0)
	for i := int64(0); i < timers; i++ {
		if time.AfterFunc(time.Hour, func() {}).Stop() {
			stopped++
		}
	}
	return outcome{timers, stopped == timers}
}

// timerFire has 100,000 tasks at a time sleep for 1 ms. To start them takes much longer than that,
// so the time is that of the runtime and not of the sleep.
func timerFire(timers int64) outcome {
	const together = 100_000
	for done := int64(0); done < timers; done += together {
		var all sync.WaitGroup
		all.Add(together)
		for i := 0; i < together; i++ {
			go func() {
				time.Sleep(time.Millisecond)
				all.Done()
			}()
		}
		all.Wait()
	}
	batches := (timers + together - 1) / together
	return outcome{batches * together, true}
}
