// The official client of OpenAI Chat Completions.
import { arrived, assert, command, counting, drain, m, need, parameters, pdf, png, retried, run, scripted, throws, title, token, tool, url } from './common.mjs';

const { default: OpenAI } = need('openai');

const open = (options = {}) => new OpenAI({ apiKey: token, baseURL: url + '/v1', ...options });
const client = open();
const ask = (words, more = {}) => ({ model: m(words), messages: [{ role: 'developer', content: 'Be brief.' }, { role: 'user', content: 'hi' }], ...more });
const tools = [{ type: 'function', function: { ...tool, parameters } }];
const runTool = Object.freeze([{ role: 'user', content: 'run-tool: ' + command }]);

function whole(answer, words) {
  assert.equal(answer.object, 'chat.completion');
  assert.match(answer.id, /\S/);
  assert.ok(answer.created > 1_700_000_000, String(answer.created));
  const [choice] = answer.choices;
  assert.match(choice.message.content, scripted);
  assert.equal(choice.message.role, 'assistant');
  assert.equal(choice.finish_reason, 'stop');
  const u = answer.usage;
  assert.equal(u.prompt_tokens_details.cached_tokens, 7);
  assert.equal(u.total_tokens, u.prompt_tokens + u.completion_tokens);
  return { model: m(words), prompt: u.prompt_tokens, output: u.completion_tokens };
}

function called(answer, n) {
  const [{ message, finish_reason }] = answer.choices;
  assert.equal(message.tool_calls.length, n);
  assert.equal(new Set(message.tool_calls.map((c) => c.id)).size, n);
  for (const c of message.tool_calls) {
    assert.equal(c.type, 'function');
    assert.equal(c.function.name, 'Bash');
    assert.deepEqual(JSON.parse(c.function.arguments), { command });
  }
  assert.equal(finish_reason, 'tool_calls');
  return message;
}

async function toolTurn(words, say) {
  const message = called(await say(ask(words, { tools, messages: runTool })), 2);
  const second = await say(ask(words, { tools, messages: [...runTool, message, ...message.tool_calls.map((c) => ({ role: 'tool', tool_call_id: c.id, content: 'it says hi' }))] }));
  assert.match(second.choices[0].message.content, /^The tool said: it says hi/);
  assert.equal(second.choices[0].finish_reason, 'stop');
}

async function thinkTurn(words, say) {
  const request = ask(words, { reasoning_effort: 'high' });
  const { message } = (await say(request)).choices[0];
  assert.match(message.reasoning_content, /^Thought number \d+\.$/);
  assert.match(message.content, scripted);
  const second = await say({ ...request, messages: [...request.messages, message, { role: 'user', content: 'go on' }] });
  assert.match(second.choices[0].message.content, scripted);
}

const create = (params) => client.chat.completions.create(params);
const stream = (params) => client.chat.completions.stream({ ...params, stream_options: { include_usage: true } }).finalChatCompletion();

async function breaksOff(words) {
  const chunks = [];
  const e = await throws((async () => drain(await client.chat.completions.create(ask(words, { stream: true })), (c) => chunks.push(c)))());
  assert.ok(e instanceof OpenAI.APIError, String(e));
  assert.match(e.message, /overloaded|broke off/i);
  assert.ok(chunks.some((c) => c.choices[0]?.delta?.content) && !chunks.some((c) => c.choices[0]?.finish_reason), JSON.stringify(chunks));
  await throws(stream(ask(words)));
}

async function fails(words, status, kind, { sent, wait, more } = {}) {
  const count = counting();
  const e = await throws(open({ fetch: count.fetch }).chat.completions.create(ask(words, more)));
  assert.ok(e instanceof kind, `${e?.constructor?.name}: ${e}`);
  assert.equal(e.status, status);
  assert.match(e.type, /\S/);
  if (sent) assert.equal(count.times.length, sent);
  else retried(count.times, wait);
  return e;
}

await run({
  'text whole': async () => whole(await create(ask('text-whole')), 'text-whole'),
  'text streamed': async () => whole(await stream(ask('text-streamed')), 'text-streamed'),
  'text in pieces': async () => {
    const pieces = [];
    const s = client.chat.completions.stream(ask('slow-5x20')).on('content', (t) => pieces.push(t));
    const said = (await s.finalChatCompletion()).choices[0].message.content;
    assert.equal(pieces.join(''), said);
    assert.ok(pieces.length >= 5, pieces.join('|'));
  },
  'events': async () => {
    const chunks = await drain(await client.chat.completions.create(ask('events', { stream: true })));
    assert.ok(chunks.every((c) => c.object === 'chat.completion.chunk' && c.choices.length === 1 && c.id === chunks[0].id), 'usage that nobody asked for, or another id');
    assert.equal(chunks[0].choices[0].delta.role, 'assistant');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
  },
  'tools whole': () => toolTurn('whole-calls-2', create),
  'tools streamed': () => toolTurn('streamed-calls-2', stream),
  'tool runner': async () => {
    for (const streamed of [false, true]) {
      const inputs = [];
      const bash = { type: 'function', function: { ...tool, parameters, parse: JSON.parse, function: (input) => { inputs.push(input); return 'it says hi'; } } };
      const runner = client.chat.completions.runTools({ model: m('runner-calls-2'), messages: runTool, tools: [bash], stream: streamed });
      assert.match(await runner.finalContent(), /^The tool said: it says hi/);
      assert.deepEqual(inputs, [{ command }, { command }]);
    }
  },
  'thinking whole': () => thinkTurn('whole-thinks', create),
  'thinking streamed': () => thinkTurn('streamed-thinks', stream),
  'structured output': async () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'title', schema: title, strict: true } };
    assert.deepEqual((await client.chat.completions.parse(ask('schema', { response_format }))).choices[0].message.parsed, { title: 'Scripted title' });
    assert.deepEqual((await stream(ask('schema', { response_format }))).choices[0].message.parsed, { title: 'Scripted title' });
  },
  'image': async () => whole(await create(ask('image', { messages: [{ role: 'user', content: [
    { type: 'image_url', image_url: { url: 'data:image/png;base64,' + png } }, { type: 'text', text: 'what is it?' }] }] })), 'image'),
  'length': async () => {
    assert.equal((await create(ask('truncated'))).choices[0].finish_reason, 'length');
    assert.equal((await stream(ask('truncated'))).choices[0].finish_reason, 'length');
  },
  'refusal': async () => {
    assert.equal((await create(ask('filtered'))).choices[0].finish_reason, 'content_filter');
    assert.equal((await stream(ask('filtered'))).choices[0].finish_reason, 'content_filter');
  },
  'document': async () => whole(await create(ask('document', { messages: [{ role: 'user', content: [
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,' + pdf } }, { type: 'text', text: 'what is it?' }] }] })), 'document'),
  'models': async () => {
    const ids = (await drain(client.models.list())).map((x) => x.id);
    assert.ok(ids.includes('claude-listed'), ids.join());
    assert.equal((await client.models.retrieve('claude-listed')).id, 'claude-listed');
  },
  'wrong token': async () => {
    const e = await throws(open({ apiKey: 'wrong' }).chat.completions.create(ask('wrong-token')));
    assert.ok(e instanceof OpenAI.AuthenticationError, String(e));
  },
  'error 400': async () => assert.match((await fails('fail-400', 400, OpenAI.BadRequestError, { sent: 1 })).message, /scripted failure 400/),
  'error 400 streamed': async () => fails('streamed-fail-400', 400, OpenAI.BadRequestError, { sent: 1, more: { stream: true } }),
  'error 401': async () => fails('fail-401', 401, OpenAI.AuthenticationError, { sent: 1 }),
  'error 404': async () => fails('fail-404', 404, OpenAI.NotFoundError, { sent: 1 }),
  'error 429': async () => {
    const e = await fails('fail-429-retry-after-1', 429, OpenAI.RateLimitError, { wait: 1 });
    assert.equal(e.headers.get('retry-after'), '1');
  },
  'error 503': async () => fails('fail-503', 503, OpenAI.InternalServerError, { wait: 0.375 }),
  'error 529': async () => {
    const e = await throws(open({ maxRetries: 0 }).chat.completions.create(ask('fail-529')));
    assert.ok(e instanceof OpenAI.InternalServerError, String(e));
  },
  'overflow': async () => {
    const e = await fails('overflow', 400, OpenAI.BadRequestError, { sent: 1 });
    assert.equal(e.code, 'context_length_exceeded');
    await fails('streamed-overflow', 400, OpenAI.BadRequestError, { sent: 1, more: { stream: true } });
  },
  'fallback': async () => {
    for (const words of ['falls-event', 'falls-cut', 'falls-529']) assert.match((await stream(ask(words))).choices[0].message.content, scripted);
  },
  'error event first': async () => {
    const e = await throws(stream(ask('only-error-event')));
    assert.ok(e instanceof OpenAI.APIError && e.status >= 500, `${e.constructor.name} ${e.status}: ${e}`);
    assert.match(e.message, /Overloaded/i);
  },
  'error event late': () => breaksOff('late-error-event'),
  'cut in the middle': () => breaksOff('cut-mid'),
  'silence': async () => assert.match((await stream(ask('silent-12'))).choices[0].message.content, scripted),
  'silence in the middle': async () => assert.equal((await stream(ask('slow-2x11000'))).choices[0].message.content, 'piece 1 of 2 piece 2 of 2 '),
  'abort': async () => {
    const s = client.chat.completions.stream(ask('abort-slow-100x100'));
    s.on('content', () => s.abort());
    assert.ok((await throws(s.finalChatCompletion())) instanceof OpenAI.APIUserAbortError);
    const control = new AbortController();
    void arrived('abort-hang', () => control.abort());
    assert.ok((await throws(client.chat.completions.create(ask('abort-hang'), { signal: control.signal }))) instanceof OpenAI.APIUserAbortError);
  },
});
