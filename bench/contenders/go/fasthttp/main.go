// The routes that tacit-bench compares, on fasthttp.
//
//	fasthttp PORT [LIVE_MB]     listens on 127.0.0.1:PORT; GOMAXPROCS says on how many CPUs
package main

import (
	"encoding/json"
	"log"

	"../service"
	"github.com/valyala/fasthttp"
)

type message struct {
	Message string `json:"message"`
}

func jsonMessage(c *fasthttp.RequestCtx) {
	body, err := json.Marshal(message{"Hello, World!"})
	if err != nil {
		c.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	c.SetContentType("application/json")
	c.SetBody(body)
}

func churn(c *fasthttp.RequestCtx, live *service.Set) {
	query := c.QueryArgs()
	answer, ok := live.Churn(string(query.Peek("objects")), string(query.Peek("bytes")))
	if !ok {
		c.Error("expected objects=N&bytes=M up to 64 MiB", fasthttp.StatusBadRequest)
		return
	}
	c.SetContentType("text/plain; charset=utf-8")
	c.SetBodyString(answer)
}

func main() {
	address, live := service.Start()
	handle := func(c *fasthttp.RequestCtx) {
		switch string(c.Path()) {
		case "/plaintext":
			c.SetContentType("text/plain; charset=utf-8")
			c.SetBodyString("Hello, World!")
		case "/json":
			jsonMessage(c)
		case "/churn":
			churn(c, live)
		case "/echo":
			c.SetBody(c.PostBody())
		case "/healthz":
			c.SetBodyString("ok\n")
		default:
			c.Error("not found", fasthttp.StatusNotFound)
		}
	}
	server := fasthttp.Server{Handler: handle, Name: "fasthttp"}
	log.Fatal(server.ListenAndServe(address))
}
