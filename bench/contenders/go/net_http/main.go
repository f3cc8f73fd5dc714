// The routes that tacit-bench compares, on Go's net/http, as its documentation writes them.
//
//	net_http PORT       listens on 127.0.0.1:PORT; GOMAXPROCS says on how many CPUs
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

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

func runtimeFigures(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write(service.RuntimeFigures())
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: net_http PORT")
		os.Exit(2)
	}
	http.HandleFunc("/plaintext", plaintext)
	http.HandleFunc("/json", jsonMessage)
	http.HandleFunc("/echo", echo)
	http.HandleFunc(service.RuntimePath, runtimeFigures)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
