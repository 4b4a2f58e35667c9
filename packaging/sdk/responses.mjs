// The official client of OpenAI Responses.
import { arrived, assert, command, counting, drain, m, need, parameters, pdf, png, retried, run, scripted, throws, title, token, tool, url } from './common.mjs';

const { default: OpenAI } = need('openai');
const { ResponsesToolRunner } = need('openai/helpers/responses-tool-runner');

const open = (options = {}) => new OpenAI({ apiKey: token, baseURL: url + '/v1', ...options });
const client = open();
const ask = (words, more = {}) => ({ model: m(words), store: false, instructions: 'Be brief.', input: 'hi', ...more });
const tools = [{ type: 'function', ...tool, parameters, strict: true }];
const runTool = Object.freeze([{ role: 'user', content: 'run-tool: ' + command }]);

function whole(answer, words) {
  assert.equal(answer.object, 'response');
  assert.match(answer.id, /\S/);
  assert.ok(answer.created_at > 1_700_000_000, String(answer.created_at));
  assert.equal(answer.status, 'completed');
  assert.match(answer.output_text, scripted);
  const u = answer.usage;
  assert.equal(u.input_tokens_details.cached_tokens, 7);
  assert.equal(u.total_tokens, u.input_tokens + u.output_tokens);
  return { model: m(words), prompt: u.input_tokens, output: u.output_tokens };
}

function called(answer, n) {
  const calls = answer.output.filter((i) => i.type === 'function_call');
  assert.equal(calls.length, n);
  assert.equal(new Set(calls.map((c) => c.call_id)).size, n);
  assert.equal(new Set(calls.map((c) => c.id)).size, n);
  for (const c of calls) {
    assert.equal(c.name, 'Bash');
    assert.deepEqual(JSON.parse(c.arguments), { command });
  }
  assert.equal(answer.status, 'completed');
  return calls;
}

async function toolTurn(request, say) {
  const first = await say({ ...request, tools, input: runTool });
  const calls = called(first, 2);
  const second = await say({ ...request, tools, input: [...runTool, ...first.output, ...calls.map((c) => ({ type: 'function_call_output', call_id: c.call_id, output: 'it says hi' }))] });
  assert.match(second.output_text, /^The tool said: it says hi/);
  return first;
}

const thinking = { reasoning: { effort: 'high', summary: 'auto' }, include: ['reasoning.encrypted_content'] };

function thought(answer) {
  assert.equal(answer.output[0].type, 'reasoning');
  assert.match(answer.output[0].summary.map((s) => s.text).join(''), /^Thought number \d+\.$/);
}

async function thinkTurn(words, say) {
  const request = ask(words, { ...thinking, input: [{ role: 'user', content: 'hi' }] });
  const first = await say(request);
  thought(first);
  assert.match(first.output_text, scripted);
  const second = await say({ ...request, input: [...request.input, ...first.output, { role: 'user', content: 'go on' }] });
  assert.match(second.output_text, scripted);
}

const create = (params) => client.responses.create(params);
const stream = (params) => client.responses.stream(params).finalResponse();

async function breaksOff(words) {
  const kinds = [];
  const e = await throws((async () => drain(await client.responses.create(ask(words, { stream: true })), (ev) => kinds.push(ev.type)))());
  assert.match(String(e.message), /overloaded|broke off/i, `${e.constructor.name}: ${e}`);
  assert.ok(kinds.includes('response.output_text.delta') && !kinds.includes('response.completed') && !kinds.includes('response.output_item.done'), kinds.join());
  await throws(stream(ask(words)));
}

async function fails(words, status, kind, { sent, wait, more } = {}) {
  const count = counting();
  const e = await throws(open({ fetch: count.fetch }).responses.create(ask(words, more)));
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
    const s = client.responses.stream(ask('slow-5x20')).on('response.output_text.delta', (e) => pieces.push(e.delta));
    const said = (await s.finalResponse()).output_text;
    assert.equal(pieces.join(''), said);
    assert.ok(pieces.length >= 5, pieces.join('|'));
  },
  'events': async () => {
    const events = await drain(await client.responses.create(ask('events', { stream: true })));
    assert.equal(events[0].type, 'response.created');
    assert.equal(events.at(-1).type, 'response.completed');
    events.forEach((e, i) => assert.equal(e.sequence_number, i));
  },
  'tools whole': () => toolTurn(ask('whole-calls-2'), create),
  'tools streamed': () => toolTurn(ask('streamed-calls-2'), stream),
  'tool runner': async () => {
    for (const streamed of [false, true]) {
      const inputs = [];
      const runner = new ResponsesToolRunner({ functions: [{ tool: tools[0], execute: (input) => { inputs.push(input); return 'it says hi'; } }] });
      const last = await runner.run(client, ask('runner-calls-2', { input: runTool }), { stream: streamed });
      assert.deepEqual(inputs, [{ command }, { command }]);
      assert.match(last.output_text, /^The tool said: it says hi/);
    }
  },
  'thinking whole': () => thinkTurn('whole-thinks', create),
  'thinking streamed': () => thinkTurn('streamed-thinks', stream),
  'thinking and tools': async () => thought(await toolTurn(ask('tools-thinks-calls-2', thinking), stream)),
  'structured output': async () => {
    const text = { format: { type: 'json_schema', name: 'title', schema: title, strict: true } };
    assert.deepEqual((await client.responses.parse(ask('schema', { text }))).output_parsed, { title: 'Scripted title' });
    assert.deepEqual((await stream(ask('schema', { text }))).output_parsed, { title: 'Scripted title' });
  },
  'image': async () => whole(await create(ask('image', { input: [{ role: 'user', content: [
    { type: 'input_image', image_url: 'data:image/png;base64,' + png, detail: 'auto' }, { type: 'input_text', text: 'what is it?' }] }] })), 'image'),
  'length': async () => {
    for (const answer of [await create(ask('truncated')), await stream(ask('truncated'))]) {
      assert.equal(answer.status, 'incomplete');
      assert.equal(answer.incomplete_details.reason, 'max_output_tokens');
    }
  },
  'refusal': async () => {
    for (const answer of [await create(ask('filtered')), await stream(ask('filtered'))]) {
      assert.equal(answer.status, 'incomplete');
      assert.equal(answer.incomplete_details.reason, 'content_filter');
    }
  },
  'document': async () => whole(await create(ask('document', { input: [{ role: 'user', content: [
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,' + pdf }, { type: 'input_text', text: 'what is it?' }] }] })), 'document'),
  'wrong token': async () => {
    const e = await throws(open({ apiKey: 'wrong' }).responses.create(ask('wrong-token')));
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
    const e = await throws(open({ maxRetries: 0 }).responses.create(ask('fail-529')));
    assert.ok(e instanceof OpenAI.InternalServerError, String(e));
  },
  'overflow': async () => {
    const e = await fails('overflow', 400, OpenAI.BadRequestError, { sent: 1 });
    assert.equal(e.code, 'context_length_exceeded');
    await fails('streamed-overflow', 400, OpenAI.BadRequestError, { sent: 1, more: { stream: true } });
  },
  'fallback': async () => {
    for (const words of ['falls-event', 'falls-cut', 'falls-529']) assert.match((await stream(ask(words))).output_text, scripted);
  },
  'error event first': async () => {
    const e = await throws(stream(ask('only-error-event')));
    assert.ok(e instanceof OpenAI.APIError && e.status >= 500, `${e.constructor.name} ${e.status}: ${e}`);
    assert.match(e.message, /Overloaded/i);
  },
  'error event late': () => breaksOff('late-error-event'),
  'cut in the middle': () => breaksOff('cut-mid'),
  'silence': async () => assert.match((await stream(ask('silent-12'))).output_text, scripted),
  // The event keepalive comes between the others, of which the library knows the kinds.
  'silence in the middle': async () => {
    const [answer, events] = await Promise.all([stream(ask('slow-2x11000')), client.responses.create(ask('slow-2x11000', { stream: true })).then((s) => drain(s))]);
    assert.equal(answer.output_text, 'piece 1 of 2 piece 2 of 2 ');
    const kinds = events.map((e) => e.type);
    assert.ok(kinds.includes('keepalive') && kinds.at(-1) === 'response.completed', kinds.join());
  },
  'abort': async () => {
    const s = client.responses.stream(ask('abort-slow-100x100'));
    s.on('response.output_text.delta', () => s.abort());
    assert.ok((await throws(s.finalResponse())) instanceof OpenAI.APIUserAbortError);
    const control = new AbortController();
    void arrived('abort-hang', () => control.abort());
    assert.ok((await throws(client.responses.create(ask('abort-hang'), { signal: control.signal }))) instanceof OpenAI.APIUserAbortError);
  },
});
