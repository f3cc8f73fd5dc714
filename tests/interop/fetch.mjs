// Node's fetch against a server: node fetch.mjs http://HOST:PORT
import assert from 'node:assert/strict';

const base = process.argv[2];

async function text(path, options) {
  const response = await fetch(base + path, options);
  return [response.status, await response.text(), response.headers];
}

assert.deepEqual((await text('/plaintext')).slice(0, 2), [200, 'Hello, World!']);
assert.deepEqual(await (await fetch(base + '/json')).json(), {message: 'Hello, World!'});

const [status, body, headers] = await text('/plaintext', {method: 'HEAD'});
assert.deepEqual([status, body, headers.get('content-length')], [200, '', '13']);

assert.equal((await text('/echo', {method: 'POST', body: 'x'.repeat(100_000)}))[1].length, 100_000);

// Without a length, so in chunks.
const pieces = new ReadableStream({
  start(controller) {
    for (const piece of ['one ', 'two ', 'three']) controller.enqueue(new TextEncoder().encode(piece));
    controller.close();
  },
});
assert.equal((await text('/echo', {method: 'POST', body: pieces, duplex: 'half'}))[1], 'one two three');

const range = await text('/files/digits.txt', {headers: {Range: 'bytes=2-4'}});
assert.deepEqual([range[0], range[1], range[2].get('content-range')], [206, '234', 'bytes 2-4/10']);

// fetch asks for compression by itself, and decodes it.
const file = await text('/files/large.txt');
assert.deepEqual([file[1].length, file[2].get('content-encoding')], [300_000, 'gzip']);
const said = 'some text '.repeat(1000);
const coded = await text('/echo', {method: 'POST', body: said, headers: {'Content-Type': 'text/plain'}});
assert.equal(coded[1], said);
assert.ok(['gzip', 'br'].includes(coded[2].get('content-encoding')), 'not compressed');

const all = await Promise.all(Array.from({length: 50}, () => text('/bytes/5000')));
assert.ok(all.every(([code, got]) => code === 200 && got.length === 5000));
assert.equal((await text('/none'))[0], 404);
