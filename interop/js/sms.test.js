'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newPhone, outbox } = require('./phone');

// An app and the phones' side in one process, as many programs of the original's sandbox were.
let client;
let sim;
let statuses;
let received;
let sent;

// What the app answers to an inbound SMS, by its text.
const answers = {
    'reply please': ({ appData = { count: 0 } }) => ({
        payload: { body: { text: `You have written ${appData.count + 1} times` } },
        data: { count: appData.count + 1 },
    }),
};

before(async () => {
    client = app();
    sim = simulator();
    statuses = record(client, 'messageStatus');
    received = record(client, 'receivedSms', (event) => (answers[event.data.text] || (() => ({})))(event));
    sent = outbox(sim);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const shortCode = () => ({ number: env('SMS_SHORT_CODE'), channel: 'sms' });
const customerOf = (phone) => client.initializeCustomer({ number: phone.number, provider: 'cellular' });
const to = (phone) => (e) => e.data.customerNumber.number === phone.number;

test('sendMessage: sent, on the phone, delivered', async () => {
    const phone = newPhone(sim);
    const customer = customerOf(phone);
    const text = 'Habari! Grüße 🌍 '.repeat(20);
    const reply = await customer.sendMessage(shortCode(), { body: { text } });
    assert.ok(['sent', 'queued'].includes(reply.status), `${reply.status}: ${reply.description}`);
    assert.match(reply.messageId, /^el_msg_/);

    const { data } = await sent.next(to(phone));
    assert.equal(data.messageId, reply.messageId);
    assert.equal(data.message.body.text, text);
    assert.deepEqual(data.channelNumber, shortCode());
    assert.equal(data.orgId, env('ORG_ID'));
    assert.equal(data.customerId, reply.customerId);

    const status = await statuses.next((e) => e.data.messageId === reply.messageId && e.data.status === 'delivered');
    assert.equal(status.data.customerId, reply.customerId);
    // The client fetched the state for this number, within the unanswered notification.
    assert.equal(status.customer.customerNumber.number, phone.number);

    const { messagingState } = await customer.getState();
    const [message] = messagingState.messasges;
    assert.equal(message.sent.messageId, reply.messageId);
    assert.equal(message.sent.message.body.text, text);
    assert.equal(message.sent.status, 300);
});

test('sendMessage: from the sender id', async () => {
    const phone = newPhone(sim);
    await customerOf(phone).sendMessage({ number: env('SMS_SENDER_ID'), channel: 'sms' }, { body: { text: 'hi' } });
    assert.equal((await sent.next(to(phone))).data.channelNumber.number, env('SMS_SENDER_ID'));
});

test('sendMessage: refusals are replies with a status and a text', async () => {
    const customer = customerOf(newPhone(sim));
    const send = async (channelNumber, body) => {
        const { status, description } = await customer.sendMessage(channelNumber, { body });
        assert.match(description, /\w/);
        return status;
    };
    assert.equal(await send({ number: '11111', channel: 'sms' }, { text: 'x' }), 'invalid_channel_number');
    assert.equal(await send({ number: env('SMS_SHORT_CODE'), channel: 'telegram' }, { text: 'x' }), 'invalid_channel_number');
    assert.equal(await send(shortCode(), {}), 'invalid_request');
    assert.equal(await send(shortCode(), { voice: [{ say: { text: 'hello', voice: 'male' } }] }), 'not_supported');
});

test('an inbound SMS is told to the app, with the customer', async () => {
    const phone = newPhone(sim);
    const { status, description } = await phone.sms('hello?');
    assert.equal(status, true, description);
    const { data, customer, appData } = await received.next(to(phone));
    assert.equal(data.text, 'hello?');
    assert.deepEqual(data.channelNumber, shortCode());
    assert.match(data.messageId, /^el_msg_/);
    assert.equal(data.appId, env('APP_ID'));
    assert.equal(appData, undefined);
    assert.equal(customer.customerNumber.number, phone.number);
    const { customerId, messagingState } = await customer.getState();
    assert.equal(customerId, data.customerId);
    assert.equal(messagingState.messasges[0].received.messageId, data.messageId);
    assert.ok(messagingState.channels.length > 0, 'no channel shows the number');
});

test('the answer of the handler is a reply, and its app data is kept', async () => {
    const phone = newPhone(sim);
    for (const n of [1, 2, 3]) {
        await phone.sms('reply please');
        const { data: inbound } = await received.next(to(phone));
        const { data } = await sent.next(to(phone));
        assert.equal(data.message.body.text, `You have written ${n} times`);
        await statuses.next((e) => e.data.messageId === data.messageId && e.data.status === 'delivered');
        const { messagingState } = await customerOf(phone).getState();
        const reply = messagingState.messasges.find((m) => m.sent && m.sent.messageId === data.messageId);
        assert.equal(reply.sent.inReplyTo.value, inbound.messageId);
    }
    assert.deepEqual(await customerOf(phone).leaseAppData(), { count: 3 });
});

test('replyToMessage', async () => {
    const phone = newPhone(sim);
    await phone.sms('who are you?');
    const { data: inbound, customer } = await received.next(to(phone));
    const reply = await customer.replyToMessage(inbound.messageId, { body: { text: 'An app' } });
    assert.ok(['sent', 'queued'].includes(reply.status), `${reply.status}: ${reply.description}`);
    assert.equal((await sent.next(to(phone))).data.message.body.text, 'An app');
    const unknown = await customer.replyToMessage(`el_msg_${'0'.repeat(32)}`, { body: { text: 'x' } });
    assert.equal(unknown.status, 'invalid_reply_to_message_id');
});

test('inbound on a channel that is nobody\'s: status false, and why', async () => {
    const { status, description } = await newPhone(sim).sms('hi', '99999');
    assert.equal(status, false);
    assert.match(description, /99999|channel/i);
});

test('messages of one customer come in order, each once; many customers at a time', async () => {
    const phones = Array.from({ length: 20 }, () => newPhone(sim));
    const texts = ['one', 'two', 'three', 'four', 'five'];
    await Promise.all(phones.map(async (phone) => {
        for (const text of texts) await phone.sms(text);
        assert.deepEqual((await received.take(texts.length, to(phone))).map((e) => e.data.text), texts);
    }));
    assert.equal(received.seen.filter((e) => texts.includes(e.data.text)).length, 0, 'some came twice');
});
