// The routes that tacit-bench compares, on Go's net/http, as its documentation writes them.
//
//	net_http PORT [LIVE_MB]     listens on 127.0.0.1:PORT; GOMAXPROCS says on how many CPUs
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"

	"../service"
)

type message struct {
	Message string `json:"message"`
}

func plaintext(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "Hello, World!")
}

func jsonMessage(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(message{"Hello, World!"})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Write(body)
}

func main() {
	address, live := service.Start()
	http.HandleFunc("/plaintext", plaintext)
	http.HandleFunc("/json", jsonMessage)
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})
	http.HandleFunc("/churn", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		answer, ok := live.Churn(query.Get("objects"), query.Get("bytes"))
		if !ok {
			http.Error(w, "expected objects=N&bytes=M up to 64 MiB", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, answer)
	})
	log.Fatal(http.ListenAndServe(address, nil))
}
