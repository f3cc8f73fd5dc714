// The routes that the comparisons ask for, on Node's http, as its documentation writes them.
//
//   node http.js PORT       listens on 127.0.0.1:PORT
'use strict';

const http = require('node:http');

const server = http.createServer((request, response) => {
  if (request.url === '/plaintext') {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.end('Hello, World!');
  } else if (request.url === '/json') {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({message: 'Hello, World!'}));
  } else if (request.url === '/echo') {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => response.end(Buffer.concat(pieces)));
  } else {
    response.statusCode = 404;
    response.end();
  }
});
server.listen(Number(process.argv[2]), '127.0.0.1');
