'use strict';

// Several processes of one app, and what happens to their work when they go.

const { fork } = require('node:child_process');
const path = require('node:path');
const {
    test, before, beforeEach, after, afterEach,
} = require('node:test');
const assert = require('node:assert/strict');
const { connect, finish, simulator } = require('./client');
const { Events } = require('./events');
const { assertFailed, newPhone } = require('./phone');

let sim;
const running = new Set();

before(async () => { sim = await connect(simulator()); });
afterEach(() => Promise.all([...running].map(stop)));
after(finish);

// What all processes of the running test were notified of, with the process: by.
let all;
beforeEach(() => { all = new Events('notifications of all processes'); });

// start gives a connected process of the app. It answers, but for one phone where it behaves otherwise.
const start = (behaviour = 'reply', phone = {}) => new Promise((resolve, reject) => {
    const by = fork(path.join(__dirname, 'programs', 'recorder.js'), [behaviour, phone.number], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    running.add(by);
    by.ended = new Promise((done) => { by.on('exit', done); });
    by.ended.then(() => {
        running.delete(by);
        reject(new Error('the process ended'));
    });
    by.on('message', ({ event, data }) => {
        if (event === 'connected') resolve(by);
        else if (event === 'refused') reject(new Error(data));
        else all.push({ event, data, by });
    });
});

const stop = async (p) => {
    p.kill('SIGKILL');
    await p.ended;
};

const from = (phone) => (e) => e.data.customerNumber && e.data.customerNumber.number === phone.number;
const told = (phone) => all.next(from(phone));

test('two connections: each customer sticks to one, nothing is told twice', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    const phones = Array.from({ length: 20 }, () => newPhone(sim));
    const texts = ['one', 'two', 'three', 'four'];
    for (const text of texts) {
        await Promise.all(phones.map(async (phone) => {
            await phone.sms(text);
            const { data, by } = await told(phone);
            assert.equal(data.text, text);
            assert.equal(by, phone.app || by, `${phone.number} moved to the other connection`);
            phone.app = by;
        }));
    }
    assert.deepEqual(all.seen, [], 'something was told twice');
    assert.ok(phones.some((p) => p.app === a) && phones.some((p) => p.app === b), 'one connection got everything');

    // When one goes, its customers go to the other. What it was told last may come again: its answer
    // may have gone with it.
    await stop(a);
    await Promise.all(phones.map(async (phone) => {
        await phone.sms('five');
        const { by } = await all.next((e) => from(phone)(e) && e.data.text === 'five');
        assert.equal(by, b);
    }));
    assert.ok(all.seen.every((e) => e.data.text === 'four'), 'something was told twice');
});

test('killed in the middle of a notification: another process gets it', async () => {
    const phone = newPhone(sim);
    const victim = await start('never', phone);
    await phone.sms('important');
    const first = await told(phone);
    const heir = await start();
    await stop(victim);
    const second = await told(phone);
    assert.equal(second.data.messageId, first.data.messageId);
    assert.equal(second.data.text, 'important');
    await phone.sms('next');
    assert.equal((await told(phone)).data.text, 'next');
});

test('an async handler that throws ends its process: the next one gets what it had', async () => {
    const phone = newPhone(sim);
    const broken = await start('crash', phone);
    await phone.sms('important');
    await told(phone);
    await broken.ended;
    await start();
    assert.equal((await told(phone)).data.text, 'important');
});

test('killed in the middle of a USSD hop: the phone is not left waiting, the next call works', async () => {
    const phone = newPhone(sim);
    const victim = await start('never', phone);
    const began = Date.now();
    const answer = phone.ring();
    await told(phone);
    await stop(victim);
    assertFailed(await answer);
    assert.ok(Date.now() - began < 11000, `the phone waited ${Date.now() - began} ms`);
    const heir = await start();
    assert.equal((await phone.dial()).text, `by ${heir.pid}`);
});

test('no app is connected: USSD ends politely, messages wait for the app', async () => {
    const phone = newPhone(sim);
    const began = Date.now();
    const reply = await phone.ring();
    assertFailed(reply);
    assert.ok(Date.now() - began < 11000, `the phone waited ${Date.now() - began} ms`);

    const texts = ['missed 1', 'missed 2', 'missed 3'];
    for (const text of texts) assert.equal((await phone.sms(text)).status, true);
    await start();
    const got = [];
    while (got.length < texts.length) {
        const { event, data } = await told(phone);
        if (event === 'receivedSms') got.push(data.text);
    }
    assert.deepEqual(got, texts);
});

test('a program that is restarted again and again loses nothing', async () => {
    const phones = Array.from({ length: 5 }, () => newPhone(sim));
    const expected = [];
    for (let round = 0; round < 3; round += 1) {
        const p = await start();
        await Promise.all(phones.map((phone, i) => {
            expected.push(`round ${round} phone ${i}`);
            return phone.sms(expected.at(-1));
        }));
        await stop(p);
    }
    await start();
    for (const text of expected) await all.next((e) => e.data.text === text);
});
