'use strict';

// Consent: by command, by keyword, and what follows from it.
//
// The client has a fault of its own here: before it calls the listener of messagingConsentUpdate it
// reads sessionId.value, which that notification does not have. It then logs the error and answers
// without a listener having been called. So the tests see the notification by that log line.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { Events, record } = require('./events');
const { newPhone, outbox } = require('./phone');

let client;
let sim;
let received;
let statuses;
let sent;
let told; // of the listener that the client never calls
const faults = new Events('messagingConsentUpdate in the client');

before(async () => {
    client = app();
    sim = simulator();
    client.platform.log = {
        ...client.platform.log,
        error: (what, why) => (/messagingConsentUpdate/.test(what) ? faults.push({ data: why }) : console.error(what, why)),
    };
    received = record(client, 'receivedSms', ({ data }) => (data.text === 'reply please' ? { payload: { body: { text: 'Here you are' } } } : {}));
    statuses = record(client, 'messageStatus');
    told = record(client, 'messagingConsentUpdate');
    sent = outbox(sim);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const shortCode = () => ({ number: env('SMS_SHORT_CODE'), channel: 'sms' });
const senderId = () => ({ number: env('SMS_SENDER_ID'), channel: 'sms' });
const customerOf = (phone) => client.initializeCustomer({ number: phone.number, provider: 'cellular' });
const to = (phone) => (e) => e.data.customerNumber.number === phone.number;
const isSent = (status) => ['sent', 'queued'].includes(status);

// sends says what becomes of a message.
const sends = async (customer, from = shortCode()) => {
    const { status, description, messageId } = await customer.sendMessage(from, { body: { text: 'hi' } });
    assert.match(description, /\w/);
    if (isSent(status)) await statuses.next((e) => e.data.messageId === messageId && e.data.status === 'delivered');
    return isSent(status) ? 'sent' : status;
};

const stateOf = async (customer) => {
    const { messagingState: { channels } } = await customer.getState();
    return channels.map((state) => Object.keys(state).filter((kind) => state[kind]).join('+'));
};

// updated does what changes consent, and waits for the notification of it.
const updated = async (change) => {
    const result = await change();
    assert.match((await faults.next()).data, /value/);
    return result;
};

const update = (customer, action, channel = shortCode()) => updated(async () => {
    const reply = await customer.updateMessagingConsent(channel, action);
    assert.equal(reply.status, 'completed', reply.description);
    return reply;
});

test('block and allow: completed, and messages are refused and sent', async () => {
    const customer = customerOf(newPhone(sim));
    assert.equal(await sends(customer), 'sent');
    const { customerId } = await update(customer, 'block');
    assert.equal(customerId, (await customer.getState()).customerId);
    assert.deepEqual(await stateOf(customer), ['blocked']);
    assert.equal(await sends(customer), 'no_consent');
    await update(customer, 'allow');
    assert.equal(await sends(customer), 'sent');
    assert.deepEqual(await stateOf(customer), ['active']);
});

test('somebody unknown can be blocked, and twice', async () => {
    const customer = customerOf(newPhone(sim));
    await update(customer, 'block');
    await update(customer, 'block');
    assert.deepEqual(await stateOf(customer), ['blocked']);
    assert.equal(await sends(customer), 'no_consent');
});

test('consent is for one channel number', async () => {
    const customer = customerOf(newPhone(sim));
    await update(customer, 'block');
    assert.equal(await sends(customer, senderId()), 'sent');
    assert.equal(await sends(customer, shortCode()), 'no_consent');
});

test("a channel number that is nobody's", async () => {
    const { status, description } = await customerOf(newPhone(sim)).updateMessagingConsent({ number: '11111', channel: 'sms' }, 'block');
    assert.equal(status, 'invalid_channel_number');
    assert.match(description, /11111/);
});

test('who has blocked can still write; a reply is not sent', async () => {
    const phone = newPhone(sim);
    const customer = customerOf(phone);
    await update(customer, 'block');
    await phone.sms('reply please');
    const { data } = await received.next(to(phone));
    const reply = await customer.replyToMessage(data.messageId, { body: { text: 'x' } });
    assert.equal(reply.status, 'no_consent');
    const { messagingState: { messasges } } = await customer.getState();
    assert.deepEqual(messasges.map((m) => Boolean(m.received)), [true]);
    assert.equal(sent.seen.some(to(phone)), false, 'something was sent');
});

for (const [stop, start] of [['STOP', 'START'], ['stopall', 'unstop'], [' Unsubscribe ', 'yes'], ['CANCEL', 'START'], ['END', 'START'], ['quit', 'START']]) {
    test(`an SMS ${JSON.stringify(stop)} blocks, ${JSON.stringify(start)} allows, and both are told`, async () => {
        const phone = newPhone(sim);
        const customer = customerOf(phone);
        for (const [word, becomes, state] of [[stop, 'no_consent', 'blocked'], [start, 'sent', 'active']]) {
            await updated(() => phone.sms(word));
            assert.equal((await received.next(to(phone))).data.text, word);
            assert.deepEqual(await stateOf(customer), [state]);
            assert.equal(await sends(customer), becomes);
        }
    });
}

test('a word in a sentence is no keyword', async () => {
    const phone = newPhone(sim);
    await phone.sms('please stop calling it STOP');
    await received.next(to(phone));
    assert.deepEqual(await stateOf(customerOf(phone)), ['active']);
});

test('a block in a session, and the session is there again when allowed', async () => {
    const phone = newPhone(sim);
    const customer = customerOf(phone);
    const whatsapp = { number: env('WHATSAPP_NUMBER'), channel: 'whatsapp' };
    const came = record(client, 'receivedWhatsapp');
    await sim.receiveMessage(phone.number, whatsapp, '', [{ text: 'STOP' }]); // no keyword here
    await came.next(to(phone));
    assert.deepEqual(await stateOf(customer), ['inSession']);
    await update(customer, 'block', whatsapp);
    assert.deepEqual(await stateOf(customer), ['blocked']);
    assert.equal(await sends(customer, whatsapp), 'no_consent');
    await update(customer, 'allow', whatsapp);
    assert.deepEqual(await stateOf(customer), ['inSession']);
    assert.equal(await sends(customer, whatsapp), 'sent');
});

test('the fault of the client: its listener is never called, nothing comes again, and all goes on', async () => {
    const phone = newPhone(sim);
    const customer = customerOf(phone);
    for (let i = 0; i < 3; i += 1) {
        await update(customer, i % 2 ? 'allow' : 'block');
    }
    await update(customer, 'allow');
    await phone.sms('reply please'); // behind the notifications, in the customer's order
    await received.next(to(phone));
    assert.equal((await sent.next(to(phone))).data.message.body.text, 'Here you are');
    assert.equal(told.seen.length, 0);
    assert.equal(faults.seen.length, 0, 'a notification came again');
    assert.equal(client.isConnected(), true);
});
