'use strict';

// Several processes of one app, and what happens to their work when they go.

const { fork } = require('node:child_process');
const path = require('node:path');
const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { connect, finish, simulator } = require('./client');
const { Events } = require('./events');
const { newPhone } = require('./phone');

let sim;
const running = new Set();

before(async () => { sim = await connect(simulator()); });
after(() => {
    running.forEach((p) => p.kill('SIGKILL'));
    finish();
});

// start gives a connected process of the app, with the events that it tells.
const start = async (behaviour = 'reply') => {
    const p = fork(path.join(__dirname, 'programs', 'recorder.js'), [behaviour], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    running.add(p);
    p.events = new Events(`process ${p.pid} (${behaviour})`);
    p.ended = new Promise((resolve) => { p.on('exit', resolve); });
    p.ended.then(() => running.delete(p));
    p.on('message', (m) => p.events.push({ ...m, by: p }));
    const { event, data } = await p.events.next((e) => ['connected', 'refused'].includes(e.event));
    assert.equal(event, 'connected', data);
    return p;
};

const stop = async (p) => {
    p.kill('SIGKILL');
    await p.ended;
};

const from = (phone) => (e) => e.data && e.data.customerNumber && e.data.customerNumber.number === phone.number;
// Whichever of several processes is told first.
const told = (phone, ...processes) => Promise.any(processes.map((p) => p.events.next(from(phone))));

test('two connections: each customer sticks to one, nothing is told twice', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const phones = Array.from({ length: 20 }, () => newPhone(sim));
    const texts = ['one', 'two', 'three', 'four'];
    for (const text of texts) {
        await Promise.all(phones.map(async (phone) => {
            await phone.sms(text);
            const { data, by } = await told(phone, a, b);
            assert.equal(data.text, text);
            assert.equal(by, phone.app || by, `${phone.number} moved to the other connection`);
            phone.app = by;
        }));
    }
    assert.deepEqual(a.events.seen.concat(b.events.seen), [], 'something was told twice');
    assert.ok(phones.some((p) => p.app === a) && phones.some((p) => p.app === b), 'one connection got everything');

    // When one goes, its customers go to the other.
    await stop(a);
    await Promise.all(phones.map(async (phone) => {
        await phone.sms('five');
        assert.equal((await told(phone, b)).data.text, 'five');
    }));
    assert.deepEqual(b.events.seen, [], 'something was told twice');
    await stop(b);
});

test('killed in the middle of a notification: another process gets it', async () => {
    const phone = newPhone(sim);
    const victim = await start('never');
    await phone.sms('important');
    const first = await told(phone, victim);
    const heir = await start();
    await stop(victim);
    const second = await told(phone, heir);
    assert.equal(second.data.messageId, first.data.messageId);
    assert.equal(second.data.text, 'important');
    await phone.sms('next');
    assert.equal((await told(phone, heir)).data.text, 'next');
    await stop(heir);
});

test('an async handler that throws ends its process: the next one gets what it had', async () => {
    const phone = newPhone(sim);
    const broken = await start('crash');
    await phone.sms('important');
    await told(phone, broken);
    await broken.ended;
    const heir = await start();
    assert.equal((await told(phone, heir)).data.text, 'important');
    await stop(heir);
});

test('killed in the middle of a USSD hop: the phone is not left waiting, the next call works', async () => {
    const phone = newPhone(sim);
    const victim = await start('never');
    const began = Date.now();
    const answer = phone.hop({ status: 'active', text: '' });
    await told(phone, victim);
    await stop(victim);
    await answer;
    assert.ok(Date.now() - began < 11000, `the phone waited ${Date.now() - began} ms`);
    const heir = await start();
    assert.equal((await phone.dial()).text, `by ${heir.pid}`);
    await stop(heir);
});

test('no app is connected: USSD ends politely, messages wait for the app', async () => {
    const phone = newPhone(sim);
    const began = Date.now();
    const reply = await phone.hop({ status: 'active', text: '' });
    assert.equal(reply.status, false);
    assert.match(reply.description, /\w/);
    assert.ok(Date.now() - began < 11000, `the phone waited ${Date.now() - began} ms`);

    const texts = ['missed 1', 'missed 2', 'missed 3'];
    for (const text of texts) assert.equal((await phone.sms(text)).status, true);
    const p = await start();
    const got = [];
    while (got.length < texts.length) {
        const { event, data } = await told(phone, p);
        if (event === 'receivedSms') got.push(data.text);
    }
    assert.deepEqual(got, texts);
    await stop(p);
});

test('a program that is restarted again and again loses nothing', async () => {
    const phones = Array.from({ length: 5 }, () => newPhone(sim));
    const expected = [];
    const got = new Set();
    for (let round = 0; round < 3; round += 1) {
        const p = await start();
        await Promise.all(phones.map((phone, i) => {
            const text = `round ${round} phone ${i}`;
            expected.push(text);
            return phone.sms(text);
        }));
        p.events.seen.filter((e) => e.event === 'receivedSms').forEach((e) => got.add(e.data.text));
        await stop(p);
        p.events.seen.filter((e) => e.event === 'receivedSms').forEach((e) => got.add(e.data.text));
    }
    const last = await start();
    for (const text of expected) {
        if (!got.has(text)) await last.events.next((e) => e.event === 'receivedSms' && e.data.text === text);
    }
    await stop(last);
});
