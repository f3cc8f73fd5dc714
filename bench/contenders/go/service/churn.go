package service

import (
	"bytes"
	"strconv"
	"sync"
	"sync/atomic"
)

const (
	sessionsPerMB = 2048
	shards        = 16
	payloadBytes  = 320
	tags          = 4
	tagBytes      = 32
	garbageMax    = 64 << 20
)

type session struct {
	id           uint64
	visits       uint64
	newer, older *session
	payload      []byte
	tags         [tags][]byte
}

// One part of the live set: an index, and a list by last use.
type shard struct {
	mutex          sync.Mutex
	index          map[uint64]*session
	newest, oldest *session
	sessionsMax    int
}

// Set is the live set: a bounded number of sessions, of which the least recently used one goes.
type Set struct {
	sessions uint64
	turn     atomic.Uint64
	shards   [shards]shard
}

// NewSet makes a full set of liveMB times 2,048 sessions.
func NewSet(liveMB uint64) *Set {
	s := &Set{sessions: liveMB * sessionsPerMB}
	for i := range s.shards {
		s.shards[i].sessionsMax = int(s.sessions / shards)
		s.shards[i].index = make(map[uint64]*session, s.sessions/shards+1)
	}
	for id := uint64(0); id < s.sessions; id++ {
		s.shards[id%shards].replace(id)
	}
	return s
}

// Touch replaces one session, which the number of the request decides.
func (s *Set) Touch() {
	if s.sessions == 0 {
		return
	}
	id := mix(s.turn.Add(1)) % (2 * s.sessions)
	part := &s.shards[id%shards]
	part.mutex.Lock()
	part.replace(id)
	part.mutex.Unlock()
}

func (p *shard) replace(id uint64) {
	made := newSession(id)
	if old := p.index[id]; old != nil {
		made.visits = old.visits + 1
		p.unlink(old)
	} else if len(p.index) == p.sessionsMax {
		old := p.oldest
		p.unlink(old)
		delete(p.index, old.id)
	}
	p.index[id] = made
	made.older = p.newest
	if p.newest != nil {
		p.newest.newer = made
	} else {
		p.oldest = made
	}
	p.newest = made
}

func (p *shard) unlink(old *session) {
	if old.newer != nil {
		old.newer.older = old.older
	} else {
		p.newest = old.older
	}
	if old.older != nil {
		old.older.newer = old.newer
	} else {
		p.oldest = old.newer
	}
}

func newSession(id uint64) *session {
	s := &session{id: id, visits: 1, payload: bytes.Repeat([]byte{byte(id)}, payloadBytes)}
	for i := range s.tags {
		s.tags[i] = bytes.Repeat([]byte{byte(id) + byte(i)}, tagBytes)
	}
	return s
}

// The finalizer of SplitMix64.
func mix(turn uint64) uint64 {
	z := turn * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Churn is what one request does: garbage, a live set that changes, and an answer that needs both.
// ok is false for numbers that are out of bounds.
func (s *Set) Churn(objects, objectBytes string) (answer string, ok bool) {
	count, err := strconv.ParseUint(objects, 10, 32)
	if err != nil {
		return "", false
	}
	size, err := strconv.ParseUint(objectBytes, 10, 32)
	if err != nil || count*size > garbageMax || count > garbageMax || size > garbageMax {
		return "", false
	}
	garbage := make([][]byte, 0, count)
	sum := uint64(0)
	for i := uint64(0); i < count; i++ {
		object := make([]byte, size)
		for at := range object {
			object[at] = byte(i)
		}
		for _, each := range object {
			sum += uint64(each)
		}
		garbage = append(garbage, object)
	}
	s.Touch()
	return strconv.FormatUint(sum, 10) + "\n", true
}
