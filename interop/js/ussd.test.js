'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newPhone } = require('./phone');

let client;
let sim;
let hops;

// A service of several hops: what was asked is in the app data, only the latest input is in the hop.
const steps = {
    start: () => ['Your name?', { step: 'name' }],
    name: (text, data) => [`How old are you, ${text}?`, { ...data, step: 'age', name: text }],
    age: (text, data) => (/^\d+$/.test(text)
        ? [`Good bye, ${data.name} (${text})`, { step: 'start', last: { name: data.name, age: Number(text) } }, true]
        : ['A number, please', data]),
};

const service = ({ data, appData = { step: 'start' } }) => {
    if (data.input.status !== 'active') return { data: { step: 'start' } };
    const [text, next, isTerminal = false] = steps[appData.step](data.input.text, appData);
    return { payload: { text, isTerminal }, data: next };
};

before(async () => {
    client = app();
    sim = simulator();
    hops = record(client, 'ussdSession', service);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const from = (phone) => (e) => e.data.customerNumber.number === phone.number;

test('several hops, with app data between them', async () => {
    const phone = newPhone(sim);
    assert.deepEqual(await phone.dial(), { text: 'Your name?', isTerminal: false });
    assert.deepEqual(await phone.type('Asha'), { text: 'How old are you, Asha?', isTerminal: false });
    assert.deepEqual(await phone.type('old'), { text: 'A number, please', isTerminal: false });
    assert.deepEqual(await phone.type('30'), { text: 'Good bye, Asha (30)', isTerminal: true });

    const told = await hops.take(4, from(phone));
    assert.deepEqual(told.map((e) => e.data.input), ['', 'Asha', 'old', '30'].map((text) => ({ text, status: 'active' })));
    assert.equal(new Set(told.map((e) => e.data.sessionId)).size, 1, 'the session id changed');
    assert.ok(told[0].data.sessionId);
    assert.deepEqual(told[0].data.channelNumber, { number: env('USSD_CODE'), channel: 'ussd' });

    const customer = client.initializeCustomer({ number: phone.number, provider: 'cellular' });
    assert.deepEqual(await customer.leaseAppData(), { step: 'start', last: { name: 'Asha', age: 30 } });
    await customer.deleteAppData();
});

test('a second call begins where the app wants it to', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    await phone.type('Baraka');
    await phone.type('41');
    assert.equal((await phone.dial()).text, 'Your name?');
    const told = await hops.take(4, from(phone));
    assert.notEqual(told[3].data.sessionId, told[0].data.sessionId);
});

test('many phones at a time', async () => {
    await Promise.all(Array.from({ length: 30 }, async (_, i) => {
        const phone = newPhone(sim);
        await phone.dial();
        await phone.type(`N${i}`);
        assert.equal((await phone.type(String(i))).text, `Good bye, N${i} (${i})`);
    }));
});

test('a phone that hangs up is told to the app as incomplete, which needs no menu', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    await phone.type('Asha');
    await phone.hangUp();
    const told = await hops.take(3, from(phone));
    assert.deepEqual(told.map((e) => e.data.input.status), ['active', 'active', 'incomplete']);
    assert.equal(told[2].data.sessionId, told[0].data.sessionId);
});

test('who dials right after hanging up gets what the app made of the hang-up', async () => {
    const phone = newPhone(sim);
    for (let i = 0; i < 10; i += 1) {
        assert.equal((await phone.dial()).text, 'Your name?');
        await phone.type('Asha');
        await phone.hangUp();
    }
});

test('commands of the customer work within the handler', async () => {
    const phone = newPhone(sim);
    client.on('ussdSession', async (data, customer, appData, callback) => {
        const { customerId } = await customer.getState();
        await customer.updateMetadata({ dialled: true });
        await customer.updateTags([{ key: 'caller', value: 'yes' }]);
        callback({ text: `You are ${customerId}`, isTerminal: true });
    });
    const start = Date.now();
    const { text } = await phone.dial();
    assert.match(text, /^You are el_cst_/);
    assert.ok(Date.now() - start < 2000, `it took ${Date.now() - start} ms`);
    const customer = client.initializeCustomer({ number: phone.number, provider: 'cellular' });
    assert.deepEqual(await customer.getMetadata(), { dialled: true });
});

test('an app data update by command within the handler is not undone by the echo', async () => {
    const phone = newPhone(sim);
    client.on('ussdSession', async (data, customer, appData, callback) => {
        await customer.updateAppData({ by: 'command' });
        callback({ text: 'ok', isTerminal: true }); // the client echoes the data that it was given
    });
    const customer = client.initializeCustomer({ number: phone.number, provider: 'cellular' });
    await customer.updateAppData({ by: 'before' });
    assert.equal((await phone.dial()).text, 'ok');
    assert.deepEqual(await customer.leaseAppData(), { by: 'command' });
    await customer.deleteAppData();
});
