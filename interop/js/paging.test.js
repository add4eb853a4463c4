'use strict';

// USSD menus that are longer than a screen, and phones that hang up.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newPhone } = require('./phone');

const screen = 182;
const length = (text) => [...text].length;

// The counties, as a menu that needs several screens; letters of two bytes are in it.
const lines = Array.from({ length: 30 }, (_, i) => `${i + 1}. Wilaya ya Mto Ñandú`);
const long = ['Chagua wilaya', ...lines].join('\n');

let client;
let sim;
let hops;
let ended;

// What the app answers, by what was typed last; the app data holds what the app saw so far.
const answers = {
    '': { text: long, isTerminal: false },
    end: { text: long, isTerminal: true },
    words: { text: 'palabra '.repeat(60).trim(), isTerminal: false },
    one: { text: '🌍'.repeat(400), isTerminal: false },
    exact: { text: 'ñ'.repeat(screen), isTerminal: false },
};

const service = ({ data, appData = { seen: [] } }) => {
    const seen = [...appData.seen, data.input.text];
    if (data.input.status !== 'active') return { data: { seen: [] } };
    return { payload: answers[data.input.text] || { text: `You chose ${data.input.text}`, isTerminal: true }, data: { seen } };
};

before(async () => {
    client = app();
    sim = simulator();
    hops = record(client, 'ussdSession', service);
    ended = record(client, 'messagingSessionEnded');
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const from = (phone) => (e) => e.data.customerNumber.number === phone.number;
const customerOf = (phone) => client.initializeCustomer({ number: phone.number, provider: 'cellular' });

const option = /\n(\S+)\. More$/;

// pages reads on until a screen has no more; all of them fit.
const pages = async (phone, first) => {
    const read = [first];
    for (let m = option.exec(first.text); m; m = option.exec(read[read.length - 1].text)) read.push(await phone.type(m[1]));
    for (const { text } of read) assert.ok(length(text) <= screen, `${length(text)} characters: ${text}`);
    return read;
};
const bodies = (read) => read.map(({ text }) => text.replace(option, ''));

test('a long menu comes in pages, cut at ends of lines, and the app is not asked for them', async () => {
    const phone = newPhone(sim);
    const read = await pages(phone, await phone.dial());
    assert.ok(read.length > 3, `${read.length} pages`);
    assert.equal(bodies(read).join('\n'), long);
    assert.deepEqual(read.map((p) => p.isTerminal), read.map(() => false));

    assert.deepEqual(await phone.type('17'), { text: 'You chose 17', isTerminal: true });
    const told = await hops.take(2, from(phone));
    assert.deepEqual(told.map((e) => e.data.input.text), ['', '17']);
    assert.deepEqual(told[1].appData, { seen: [''] });
    assert.equal(told[1].data.sessionId, told[0].data.sessionId);
    assert.equal(hops.seen.some(from(phone)), false, 'the app was asked for a page');
});

test('a choice on the first page goes to the app at once', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    assert.equal((await phone.type('3')).text, 'You chose 3');
});

test('an option of the menu is never taken for the one that asks for more', async () => {
    const phone = newPhone(sim);
    const [, key] = option.exec((await phone.dial()).text);
    assert.equal(long.includes(key), false, `the menu itself has ${key}`);
});

test('a long menu that ends the session ends it with its last page', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    const read = await pages(phone, await phone.type('end'));
    assert.equal(bodies(read).join('\n'), long);
    assert.deepEqual(read.map((p) => p.isTerminal), read.map((_, i) => i === read.length - 1));
    const { data } = await ended.next(from(phone));
    assert.equal(data.reason, 'normal_clearing');
    assert.equal(ended.seen.some(from(phone)), false, 'it ended twice');
});

test('text without lines is cut between words, and without words between characters', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    assert.equal(bodies(await pages(phone, await phone.type('words'))).join(' '), answers.words.text);
    assert.equal(bodies(await pages(phone, await phone.type('one'))).join(''), answers.one.text);
});

test('a menu that just fits is shown as it is', async () => {
    const phone = newPhone(sim);
    await phone.dial();
    assert.deepEqual(await phone.type('exact'), answers.exact);
});

test('the whole menu is in the state, once', async () => {
    const phone = newPhone(sim);
    await pages(phone, await phone.dial());
    const { messagingState: { messasges } } = await customerOf(phone).getState();
    assert.deepEqual(messasges.map((m) => (m.received ? m.received.partsList[0].ussd.text.value : m.sent.message.body.ussd.text)), ['', long]);
});

test('hanging up between pages: incomplete, the session ends, and the next call begins anew', async () => {
    const phone = newPhone(sim);
    const [, key] = option.exec((await phone.dial()).text);
    await phone.type(key);
    const { status, description } = await phone.hangUp();
    assert.equal(status, true, description);
    const told = await hops.take(2, from(phone));
    assert.deepEqual(told.map((e) => e.data.input.status), ['active', 'incomplete']);
    const { data } = await ended.next(from(phone));
    assert.equal(data.reason, 'normal_clearing');

    const read = await pages(phone, await phone.dial());
    assert.equal(bodies(read).join('\n'), long);
    const [again] = await hops.take(1, from(phone));
    assert.notEqual(again.data.sessionId, told[0].data.sessionId);
    assert.deepEqual(again.appData, { seen: [] }, 'the app data of the hang-up');
    const { messagingState: { sessions, channels } } = await customerOf(phone).getState();
    assert.equal(sessions.length, 1);
    assert.equal(sessions[0].sessionId, told[0].data.sessionId);
    assert.equal(channels[0].inSession.sessionId, again.data.sessionId);
});

test('the key for more, typed in a new call, is a choice like any other', async () => {
    const phone = newPhone(sim);
    const [, key] = option.exec((await phone.dial()).text);
    await phone.hangUp();
    await phone.dial();
    await phone.type('exact');
    assert.equal((await phone.type(key)).text, `You chose ${key}`);
});

test('a phone that hangs up without a session', async () => {
    const phone = newPhone(sim);
    phone.session = 'never-dialled';
    const { status, description } = await phone.hangUp();
    assert.equal(status, true, description);
    const { data } = await hops.next(from(phone));
    assert.equal(data.input.status, 'incomplete');
    assert.deepEqual(data.channelNumber, { number: env('USSD_CODE'), channel: 'ussd' });
    assert.equal((await phone.dial()).isTerminal, false);
});

test('many phones turn pages at a time', async () => {
    await Promise.all(Array.from({ length: 20 }, async () => {
        const phone = newPhone(sim);
        assert.equal(bodies(await pages(phone, await phone.dial())).join('\n'), long);
        await phone.hangUp();
    }));
});
