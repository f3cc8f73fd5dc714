// The routes that tacit-bench compares, on fasthttp.
//
//	fasthttp PORT       listens on 127.0.0.1:PORT; GOMAXPROCS says on how many CPUs
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"../service"
	"github.com/valyala/fasthttp"
)

type message struct {
	Message string `json:"message"`
}

func handle(c *fasthttp.RequestCtx) {
	switch string(c.Path()) {
	case "/plaintext":
		c.SetContentType("text/plain; charset=utf-8")
		c.SetBodyString("Hello, World!")
	case "/json":
		body, err := json.Marshal(message{"Hello, World!"})
		if err != nil {
			c.Error(err.Error(), fasthttp.StatusInternalServerError)
			return
		}
		c.SetContentType("application/json")
		c.SetBody(body)
	case service.RuntimePath:
		c.SetContentType("application/json")
		c.SetBody(service.RuntimeFigures())
	default:
		c.Error("not found", fasthttp.StatusNotFound)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: fasthttp PORT")
		os.Exit(2)
	}
	server := fasthttp.Server{Handler: handle, Name: "fasthttp"}
	log.Fatal(server.ListenAndServe("127.0.0.1:" + os.Args[1]))
}
