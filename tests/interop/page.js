// What a browser does with the server; the page's text says how it went.
async function run() {
  const text = async (path, options) => (await fetch(path, options)).text();
  if ((await text('/plaintext')) !== 'Hello, World!') throw new Error('GET');
  if ((await (await fetch('/json')).json()).message !== 'Hello, World!') throw new Error('JSON');
  if ((await text('/echo', {method: 'POST', body: 'abc'})) !== 'abc') throw new Error('POST');
  if ((await text('/files/large.txt')).length !== 300000) throw new Error('a compressed file');
  const range = await fetch('/files/digits.txt', {headers: {Range: 'bytes=2-4'}});
  if (range.status !== 206 || (await range.text()) !== '234') throw new Error('a range');
  const all = await Promise.all(Array.from({length: 20}, () => text('/bytes/5000')));
  if (!all.every((each) => each.length === 5000)) throw new Error('many at once');
}

run().then(
    () => { document.getElementById('result').textContent = 'all is well'; },
    (error) => { document.getElementById('result').textContent = 'failed: ' + error.message; });
