// Package probe lets bench look into a process that imports it: what it has allocated, and a CPU profile. It does
// nothing unless BENCH_PROBE names the address to listen on.
package probe

import (
	"encoding/json"
	"net"
	"net/http"
	_ "net/http/pprof" // on the default mux, which nothing else here serves
	"os"
	"runtime"
)

func init() {
	address := os.Getenv("BENCH_PROBE")
	if address == "" {
		return
	}
	http.HandleFunc("/memory", memory)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		panic("probe: " + err.Error())
	}
	go http.Serve(listener, nil)
}

func memory(w http.ResponseWriter, _ *http.Request) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	_ = json.NewEncoder(w).Encode(map[string]uint64{"Mallocs": stats.Mallocs, "TotalAlloc": stats.TotalAlloc})
}
