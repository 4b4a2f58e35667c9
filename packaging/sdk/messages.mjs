// The official client of Anthropic Messages.
import { arrived, assert, command, counting, drain, m, need, parameters, pdf, png, retried, run, scripted, throws, title, token, tool, url } from './common.mjs';

const { default: Anthropic } = need('@anthropic-ai/sdk');
const { jsonSchemaOutputFormat } = need('@anthropic-ai/sdk/helpers/json-schema');
const { betaTool } = need('@anthropic-ai/sdk/helpers/beta/json-schema');

const open = (options = {}) => new Anthropic({ apiKey: token, baseURL: url, ...options });
const client = open();
const ask = (words, more = {}) => ({ model: m(words), max_tokens: 1000, messages: [{ role: 'user', content: 'hi' }], ...more });
const tools = [{ ...tool, input_schema: parameters }];
const runTool = Object.freeze([{ role: 'user', content: 'run-tool: ' + command }]);
const text = (message) => message.content.filter((b) => b.type === 'text').map((b) => b.text).join('');
const prompt = (u) => u.input_tokens + u.cache_read_input_tokens + (u.cache_creation_input_tokens ?? 0);

function whole(message, words) {
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.match(message.id, /\S/);
  assert.match(message.model, /\S/);
  assert.match(text(message), scripted);
  assert.equal(message.stop_reason, 'end_turn');
  assert.equal(message.usage.cache_read_input_tokens, 7);
  return { model: m(words), prompt: prompt(message.usage), output: message.usage.output_tokens };
}

function called(message, n) {
  const calls = message.content.filter((b) => b.type === 'tool_use');
  assert.equal(calls.length, n);
  assert.equal(new Set(calls.map((c) => c.id)).size, n);
  for (const c of calls) assert.deepEqual([c.name, c.input], ['Bash', { command }]);
  assert.equal(message.stop_reason, 'tool_use');
  return calls;
}

// toolTurn calls tools in parallel and gives back what they returned.
async function toolTurn(words, say) {
  const first = await say(ask(words, { tools, messages: runTool }));
  const calls = called(first, 2);
  const second = await say(ask(words, { tools, messages: [...runTool, { role: 'assistant', content: first.content },
    { role: 'user', content: calls.map((c) => ({ type: 'tool_result', tool_use_id: c.id, content: 'it says hi' })) }] }));
  assert.match(text(second), /^The tool said: it says hi/);
  assert.equal(second.stop_reason, 'end_turn');
}

// thinkTurn gives the thinking back with the next turn.
async function thinkTurn(words, say) {
  const request = ask(words, { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 } });
  const first = await say(request);
  assert.equal(first.content[0].type, 'thinking');
  assert.match(first.content[0].thinking, /^Thought number \d+\.$/);
  assert.match(text(first), scripted);
  const second = await say({ ...request, messages: [...request.messages, { role: 'assistant', content: first.content }, { role: 'user', content: 'go on' }] });
  assert.match(text(second), scripted);
}

const create = (params) => client.messages.create(params);
const stream = (params) => client.messages.stream(params).finalMessage();

// breaksOff reads a stream that fails in its middle: an error, and no ending.
async function breaksOff(words) {
  const kinds = [];
  const e = await throws((async () => drain(await client.messages.create(ask(words, { stream: true })), (ev) => kinds.push(ev.type)))());
  assert.ok(e instanceof Anthropic.APIError, String(e));
  assert.match(e.message, /overloaded_error|broke off/i);
  assert.ok(kinds.includes('content_block_delta') && !kinds.includes('message_stop') && !kinds.includes('message_delta'), kinds.join());
  await throws(stream(ask(words)));
}

async function fails(words, status, kind, { sent, wait, more } = {}) {
  const count = counting();
  const e = await throws(open({ fetch: count.fetch }).messages.create(ask(words, more)));
  assert.ok(e instanceof kind, `${e?.constructor?.name}: ${e}`);
  assert.equal(e.status, status);
  assert.equal(e.error?.type, 'error');
  assert.match(e.error?.error?.type, /_error$/);
  if (sent) assert.equal(count.times.length, sent);
  else retried(count.times, wait);
  return e;
}

await run({
  'text whole': async () => whole(await create(ask('text-whole')), 'text-whole'),
  'text streamed': async () => whole(await stream(ask('text-streamed')), 'text-streamed'),
  'text in pieces': async () => {
    const pieces = [];
    const s = client.messages.stream(ask('slow-5x20')).on('text', (t) => pieces.push(t));
    const said = text(await s.finalMessage());
    assert.equal(pieces.join(''), said);
    assert.ok(pieces.length >= 5, pieces.join('|'));
  },
  'events': async () => {
    const kinds = (await drain(await client.messages.create(ask('events', { stream: true })))).map((e) => e.type);
    assert.equal(kinds[0], 'message_start');
    assert.equal(kinds.at(-1), 'message_stop');
    assert.equal(kinds.at(-2), 'message_delta');
  },
  'tools whole': () => toolTurn('whole-calls-2', create),
  'tools streamed': () => toolTurn('streamed-calls-2', stream),
  'tool runner': async () => {
    for (const streamed of [false, true]) {
      const inputs = [];
      const bash = betaTool({ ...tool, inputSchema: parameters, run: (input) => { inputs.push(input); return 'it says hi'; } });
      const last = await client.beta.messages.toolRunner(ask('runner-calls-2', { tools: [bash], messages: [...runTool], stream: streamed })).runUntilDone();
      assert.deepEqual(inputs, [{ command }, { command }]);
      assert.match(text(last), /^The tool said: it says hi/);
    }
  },
  // The runner and the thread send only what is new, until they are told to send all.
  'thread': async () => {
    const thread = client.beta.messages.thread(ask('thread', { messages: [] }));
    assert.match(text(await thread.send({ role: 'user', content: 'hi' })), scripted);
    assert.match(text(await thread.send({ role: 'user', content: 'go on' })), scripted);
    assert.match(text(await thread.stream({ role: 'user', content: 'and on' }).finalMessage()), scripted);
    assert.equal(thread.messages.length, 6);
  },
  'thinking whole': () => thinkTurn('whole-thinks', create),
  'thinking streamed': () => thinkTurn('streamed-thinks', stream),
  'thinking and tools': async () => {
    const request = ask('tools-thinks-calls-2', { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 }, tools, messages: runTool });
    const first = await stream(request);
    assert.equal(first.content[0].type, 'thinking');
    const calls = called(first, 2);
    const second = await stream({ ...request, messages: [...runTool, { role: 'assistant', content: first.content },
      { role: 'user', content: calls.map((c) => ({ type: 'tool_result', tool_use_id: c.id, content: 'it says hi' })) }] });
    assert.match(text(second), /^The tool said/);
  },
  'structured output': async () => {
    const format = jsonSchemaOutputFormat(title);
    const parsed = await client.messages.parse(ask('schema', { output_config: { format } }));
    assert.deepEqual(parsed.parsed_output, { title: 'Scripted title' });
    const streamed = await stream(ask('schema', { output_config: { format } }));
    assert.deepEqual(streamed.parsed_output, { title: 'Scripted title' });
  },
  'image': async () => whole(await create(ask('image', { messages: [{ role: 'user', content: [
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }, { type: 'text', text: 'what is it?' }] }] })), 'image'),
  'length': async () => {
    assert.equal((await create(ask('truncated'))).stop_reason, 'max_tokens');
    assert.equal((await stream(ask('truncated'))).stop_reason, 'max_tokens');
  },
  'refusal': async () => {
    assert.equal((await create(ask('filtered'))).stop_reason, 'refusal');
    assert.equal((await stream(ask('filtered'))).stop_reason, 'refusal');
  },
  'document': async () => whole(await create(ask('document', { messages: [{ role: 'user', content: [
    { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: pdf } }, { type: 'text', text: 'what is it?' }] }] })), 'document'),
  'count tokens': async () => assert.ok((await client.messages.countTokens({ model: m('count'), messages: runTool, tools })).input_tokens > 10),
  'models': async () => {
    const ids = (await drain(client.models.list({ limit: 2 }))).map((x) => x.id);
    assert.ok(ids.includes('claude-listed') && ids.length > 2 && new Set(ids).size === ids.length, ids.join());
    assert.equal((await client.models.retrieve('claude-listed')).id, 'claude-listed');
    assert.ok((await throws(client.models.retrieve('none'))) instanceof Anthropic.NotFoundError);
  },
  'wrong token': async () => {
    const e = await throws(open({ apiKey: 'wrong' }).messages.create(ask('wrong-token')));
    assert.ok(e instanceof Anthropic.AuthenticationError, String(e));
  },
  'error 400': async () => assert.match((await fails('fail-400', 400, Anthropic.BadRequestError, { sent: 1 })).message, /scripted failure 400/),
  'error 400 streamed': async () => fails('streamed-fail-400', 400, Anthropic.BadRequestError, { sent: 1, more: { stream: true } }),
  'error 401': async () => fails('fail-401', 401, Anthropic.AuthenticationError, { sent: 1 }),
  'error 404': async () => fails('fail-404', 404, Anthropic.NotFoundError, { sent: 1 }),
  'error 429': async () => {
    const e = await fails('fail-429-retry-after-1', 429, Anthropic.RateLimitError, { wait: 1 });
    assert.equal(e.headers.get('retry-after'), '1');
    assert.equal(e.type, 'rate_limit_error');
  },
  'error 503': async () => fails('fail-503', 503, Anthropic.InternalServerError, { wait: 0.375 }),
  'error 529': async () => assert.equal((await fails('fail-529', 529, Anthropic.InternalServerError, { wait: 0.375 })).type, 'overloaded_error'),
  'overflow': async () => {
    assert.match((await fails('overflow', 400, Anthropic.BadRequestError, { sent: 1 })).error.error.message, /prompt is too long: 130000 tokens > 128000 maximum/);
    await fails('streamed-overflow', 400, Anthropic.BadRequestError, { sent: 1, more: { stream: true } });
  },
  'fallback': async () => {
    for (const words of ['falls-event', 'falls-cut', 'falls-529']) assert.match(text(await stream(ask(words))), scripted);
  },
  'error event first': async () => {
    const e = await throws(stream(ask('only-error-event')));
    assert.ok(e instanceof Anthropic.APIError && e.status >= 500, `${e.constructor.name} ${e.status}: ${e}`);
    assert.match(String(e.message), /Overloaded/i);
  },
  'error event late': () => breaksOff('late-error-event'),
  'cut in the middle': () => breaksOff('cut-mid'),
  'silence': async () => assert.match(text(await stream(ask('silent-12'))), scripted),
  'silence in the middle': async () => assert.match(text(await stream(ask('slow-2x11000'))), /^piece 1 of 2 piece 2 of 2 $/),
  'abort': async () => {
    const s = client.messages.stream(ask('abort-slow-100x100'));
    s.on('text', () => s.abort());
    assert.ok((await throws(s.finalMessage())) instanceof Anthropic.APIUserAbortError);
    const control = new AbortController();
    void arrived('abort-hang', () => control.abort());
    assert.ok((await throws(client.messages.create(ask('abort-hang'), { signal: control.signal }))) instanceof Anthropic.APIUserAbortError);
  },
});
