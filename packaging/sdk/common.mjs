// What the clients share: where the libraries and the proxy are, the cases of a
// run, and what all of them ask for. No framework: a case is a function that throws.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';

export { assert };
export const need = createRequire(process.env.SDK_MODULES + '/');
export const url = process.env.RINGLET_URL;
export const token = process.env.RINGLET_TOKEN;
// Of the models' names: the upstream goes by words in them, and the client's name
// keeps what one client does from what another sees.
const prefix = process.env.SDK_MODEL_PREFIX;
export const m = (words) => prefix + words;

export const command = 'echo "hi" é';
export const tool = { name: 'Bash', description: 'Runs a command.' };
export const parameters = { type: 'object', properties: { command: { type: 'string' } }, required: ['command'], additionalProperties: false };
export const title = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false };
export const scripted = /^This is the scripted upstream: model \S+ at \S+\.$/;
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const pdf = 'JVBERi0xLjQKJSBzY3JpcHRlZAo=';

// counting is a fetch that counts what a library sends, and when.
export function counting() {
  const times = [];
  const f = (...args) => { times.push(Date.now()); return fetch(...args); };
  return { fetch: f, times };
}

// throws waits for a failure, and returns it.
export async function throws(promise) {
  let value;
  try { value = await promise; } catch (e) { return e; }
  assert.fail('no error, but ' + JSON.stringify(value));
}

// drain reads a stream to its end, or to its failure.
export async function drain(stream, each = () => {}) {
  const seen = [];
  for await (const e of stream) { seen.push(e); each(e); }
  return seen;
}

// retried is held against a library's own policy: two retries, each no sooner
// than asked for, nor minutes later: all cases run at once, on whatever machine.
export function retried(times, seconds) {
  assert.equal(times.length, 3, 'requests sent');
  for (let i = 1; i < times.length; i++) {
    const waited = times[i] - times[i - 1];
    assert.ok(waited >= seconds * 1000 - 20 && waited < seconds * 1000 + 30_000, `a retry came after ${waited} ms`);
  }
}

// arrived waits until the upstream has a request for a model, and calls then.
export async function arrived(words, then) {
  for (;;) {
    const stats = await (await fetch(process.env.UPSTREAM_URL + '/__stats')).json();
    if (stats.models[m(words)]) return then();
    await new Promise((done) => setTimeout(done, 50));
  }
}

const limit = 180_000; // of a case, in milliseconds: a library that hangs is a failure

// run runs all cases at once and prints one line of JSON for each.
export async function run(cases) {
  await Promise.all(Object.entries(cases).map(async ([name, test]) => {
    const line = { name };
    let timer;
    try {
      const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('it hangs')), limit); });
      const value = await Promise.race([test(), late]);
      if (value?.prompt) line.tokens = value;
    } catch (e) {
      line.error = `${e?.stack ?? e}` + (e?.cause ? `\ncause: ${e.cause.stack ?? e.cause}` : '');
    }
    clearTimeout(timer);
    console.log(JSON.stringify(line));
  }));
  process.exit(0);
}
