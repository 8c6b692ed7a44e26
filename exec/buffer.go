package exec

import (
	"encoding/json"
	"sync"
	"sync/atomic"
)

// maxPooled is the size from which buffers are left to the garbage collector, so that one large
// answer does not keep its memory for ever.
const maxPooled = 1 << 20

var (
	buffers  sync.Pool // *[]byte
	handles  sync.Pool // the same without a buffer: they need not be allocated again
	poisoned atomic.Bool
)

func takeBuffer() []byte {
	if handle, ok := buffers.Get().(*[]byte); ok {
		b := *handle
		*handle = nil
		handles.Put(handle)
		return b[:0]
	}
	return make([]byte, 0, 4096)
}

// Release gives the Data of a response back, so that a later response can be written into the same
// memory. Whoever calls it must be the last to hold Data or any part of it: all copies must be made
// and all writes that use the bytes must have returned. It must be called once at the most. A
// response whose Data is never released is only left to the garbage collector.
func Release(data json.RawMessage) {
	if poisoned.Load() {
		for i := range data[:cap(data)] {
			data[:cap(data)][i] = 0xDB
		}
	}
	if c := cap(data); c == 0 || c > maxPooled {
		return
	}
	handle, ok := handles.Get().(*[]byte)
	if !ok {
		handle = new([]byte)
	}
	*handle = data
	buffers.Put(handle)
}

// Poison has Release overwrite what it is given with bytes that are no JSON, so that a test sees at
// once when somebody reads an answer after its release.
func Poison(on bool) { poisoned.Store(on) }
