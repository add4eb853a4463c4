// node client.js GENERATION TARGET SCENARIO: one scenario of one client generation against the
// server of rsocket_test.go; the exit status says whether it went well.
'use strict';

const assert = require('assert');
const [generation, target, scenario] = process.argv.slice(2);
const {connect} = require(`./${generation}.js`);

const text = (b) => Buffer.from(b || '').toString();
const bytes = (s) => Buffer.from(s);

// What the server asks of us; its requests are answered in another order than they came in.
let asked = 0;
const answer = async (payload) => {
  asked++;
  const q = text(payload);
  if (q === 'fail') throw new Error('the app cannot');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
  return q.length > 1000 ? payload : bytes('re:' + q);
};

const open = (options) => connect({target, data: bytes('ok'), keepAlive: 1000, lifetime: 60000, answer, ...options});

const scenarios = {
  async requests() {
    const c = await open();
    assert.equal(text(await c.request(bytes('hello'))), 'hello');
    assert.equal(text(await c.request(bytes(''))), '');
    const many = await Promise.all(Array.from({length: 200}, (_, i) => c.request(bytes('later:' + i))));
    many.forEach((reply, i) => assert.equal(text(reply), 'later:' + i));
    c.close();
  },
  async serverRequests() {
    const c = await open();
    assert.equal(text(await c.request(bytes('ask:100'))), 'asked 100');
    assert.equal(asked, 100);
    assert.match(text(await c.request(bytes('ask-fail'))), /APPLICATION_ERROR.*the app cannot/);
    c.close();
  },
  async errors() {
    const c = await open();
    for (const [code, q] of [[0x201, 'fail:513'], [0x202, 'fail:514'], [0x204, 'fail:516']]) {
      const e = await c.request(bytes(q)).then(() => assert.fail('no error'), (e) => e);
      assert.match(c.describe(e), new RegExp(`^${code} .*because of fail:${code}`));
    }
    assert.equal(text(await c.request(bytes('still there'))), 'still there');
    c.close();
  },
  async large() {
    const c = await open({fragment: 4000});
    const big = Buffer.alloc(300000, 'x');
    assert.ok(big.equals(Buffer.from(await c.request(big))));
    assert.equal((await c.request(bytes('large:1000000'))).length, 1000000);
    assert.equal(text(await c.request(bytes('ask-large:300000'))), 'asked 300000');
    const e = await c.request(Buffer.alloc((1 << 20) + 1)).then(() => assert.fail('no error'), (e) => e);
    assert.match(c.describe(e), /^516 .*larger than 1048576 bytes/);
    assert.equal(text(await c.request(bytes('still there'))), 'still there');
    c.close();
  },
  async cancel() {
    const c = await open();
    const cancel = c.cancelled(bytes('never'));
    assert.equal(text(await c.request(bytes('hello'))), 'hello');
    cancel();
    assert.equal(text(await c.request(bytes('until-cancelled'))), 'cancelled');
    c.close();
  },
  async keepalive() {
    // Beyond the lifetime with nothing but KEEPALIVE, then a request.
    const c = await open({keepAlive: 100, lifetime: 3000});
    await new Promise((resolve) => setTimeout(resolve, 4000));
    assert.equal(text(await c.request(bytes('hello'))), 'hello');
    c.close();
  },
  async refused() {
    const c = await open({data: bytes('refuse me')});
    const e = await c.whenClosed;
    assert.match(c.describe(e), /unknown org, app or key/);
  },
  async closed() {
    const c = await open();
    assert.equal(text(await c.request(bytes('close'))), 'bye');
    assert.match(c.describe(await c.whenClosed), /that is all/);
  },
  async close() {
    const c = await open();
    await c.request(bytes('hello'));
    c.close();
    await c.whenClosed;
  },
  async resume() {
    const c = await open({keepAlive: 50, resumeToken: 'token-' + process.pid});
    assert.equal(text(await c.request(bytes('hello'))), 'hello');
    for (let round = 0; round < 5; round++) {
      const calls = Array.from({length: 20}, (_, i) => c.request(bytes(`later:${round}:${i}`)));
      calls.push(c.request(bytes('ask:20')));
      c.request(bytes('cut')).catch(() => {});
      const replies = await Promise.all(calls);
      replies.slice(0, 20).forEach((reply, i) => assert.equal(text(reply), `later:${round}:${i}`));
      assert.equal(text(replies[20]), 'asked 20');
    }
    assert.equal(asked, 100);
    assert.equal(text(await c.request(bytes('count'))), '105');
    c.close();
  },
};

scenarios[scenario]().then(
  () => process.exit(0),
  (e) => {
    console.error(e);
    process.exit(1);
  },
);
