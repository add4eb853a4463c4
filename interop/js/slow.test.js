'use strict';

// Handlers that do not do what they should. The client then answers by itself: at once when the
// handler throws, after 5 s when it never calls back.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    connect, finish, app, simulator,
} = require('./client');
const { Events, record } = require('./events');
const { assertFailed, newPhone, outbox } = require('./phone');

let client;
let sim;
let sent;

before(async () => {
    client = app();
    sim = simulator();
    sent = outbox(sim);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const customerOf = (phone) => client.initializeCustomer({ number: phone.number, provider: 'cellular' });
const from = (phone) => (e) => e.data.customerNumber.number === phone.number;

test('an SMS handler that never calls back: commands work, and the next SMS does not wait for it', async () => {
    const phone = newPhone(sim);
    const received = record(client, 'receivedSms', null);
    await phone.sms('first');
    const start = (await received.next(from(phone))).at;
    await customerOf(phone).updateMetadata({ still: 'works' });
    assert.deepEqual(await customerOf(phone).getMetadata(), { still: 'works' });
    await phone.sms('second');
    const { data, at } = await received.next(from(phone));
    assert.equal(data.text, 'second');
    assert.ok(at - start < 4000, `the second came ${at - start} ms after the first, when the client had given up`);
});

test('the echo of a slow handler does not undo what was written meanwhile', async () => {
    const phone = newPhone(sim);
    // The client writes the data that it was given when it gives up: its serializer sees that.
    const echoes = new Events('echo');
    const { serializer } = client.configOptions;
    client.configOptions.serializer = {
        ...serializer,
        serialize: (data) => {
            echoes.push(data);
            return serializer.serialize(data);
        },
    };
    const customer = customerOf(phone);
    await customer.updateAppData({ by: 'before' });
    const received = record(client, 'receivedSms', null);
    await phone.sms('slow');
    assert.deepEqual((await received.next(from(phone))).appData, { by: 'before' });
    await customer.updateAppData({ by: 'command' });
    assert.deepEqual(await echoes.take(3), [{ by: 'before' }, { by: 'command' }, { by: 'before' }]);
    client.configOptions.serializer = serializer;
    assert.deepEqual(await customer.leaseAppData(), { by: 'command' });
    await customer.deleteAppData();
});

test('a lease within the handler is granted', async () => {
    const phone = newPhone(sim);
    client.on('receivedSms', async (data, customer, appData, callback) => {
        const leased = await customer.leaseAppData();
        callback({ body: { text: `leased ${JSON.stringify(leased)}` } }, { n: 2 });
    });
    await customerOf(phone).updateAppData({ n: 1 });
    await phone.sms('hello');
    assert.equal((await sent.next(from(phone), 8000)).data.message.body.text, 'leased {"n":1}');
});

test('a USSD handler that never calls back: a polite end, then app_error, and the next call works', async () => {
    const phone = newPhone(sim);
    const hops = record(client, 'ussdSession', null);
    const start = Date.now();
    const reply = await phone.ring();
    assert.ok(Date.now() - start < 11000, `the phone waited ${Date.now() - start} ms`);
    assertFailed(reply);
    assert.equal((await hops.next(from(phone))).data.input.status, 'active');
    assert.equal((await hops.next(from(phone))).data.input.status, 'app_error');

    record(client, 'ussdSession', ({ data }) => ({ payload: { text: `status ${data.input.status}`, isTerminal: true } }));
    assert.equal((await phone.dial()).text, 'status active');
});

test('a USSD handler that throws: a polite end at once, and the next call works', async () => {
    const phone = newPhone(sim);
    client.on('ussdSession', () => { throw new Error('the handler is broken (as this test wants it)'); });
    const start = Date.now();
    const reply = await phone.ring();
    assertFailed(reply);
    assert.ok(Date.now() - start < 3000, `the phone waited ${Date.now() - start} ms`);

    record(client, 'ussdSession', () => ({ payload: { text: 'mended', isTerminal: true } }));
    assert.equal((await phone.dial()).text, 'mended');
});

test('an SMS handler that throws: told once, and the next SMS comes', async () => {
    const phone = newPhone(sim);
    let told = 0;
    client.on('receivedSms', () => { told += 1; throw new Error('the handler is broken (as this test wants it)'); });
    await phone.sms('first');
    await phone.sms('second');
    const received = record(client, 'receivedSms');
    await phone.sms('third');
    await received.next((e) => from(phone)(e) && e.data.text === 'third');
    assert.ok(told <= 2, `told ${told} times`);
});

test('no handler at all: acknowledged, nothing waits', async () => {
    const phone = newPhone(sim);
    const notified = new Events('data');
    client.on('receivedSms', null);
    client.on('data', (event, data) => { notified.push({ event, data }); });
    await phone.sms('nobody listens');
    await notified.next(from(phone));
    await customerOf(phone).getState(); // the client has looked for its handler by then
    client.on('data', null);
    const received = record(client, 'receivedSms');
    await phone.sms('now somebody does');
    assert.equal((await received.next(from(phone))).data.text, 'now somebody does');
});
