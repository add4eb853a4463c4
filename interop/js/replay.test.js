'use strict';

// Replays bring history in: they change the state, tell nobody, and are the same when they come again.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newPhone, outbox } = require('./phone');

let client;
let sim;
let sent;
let received;
const told = [];

before(async () => {
    client = app();
    sim = simulator();
    sent = outbox(sim);
    received = record(client, 'receivedSms');
    for (const event of ['messageStatus', 'sentMessageReaction', 'messagingSessionStarted', 'messagingSessionEnded', 'receivedWhatsapp']) {
        told.push(record(client, event));
    }
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const shortCode = () => ({ number: env('SMS_SHORT_CODE'), channel: 'sms' });
const whatsapp = () => ({ number: env('WHATSAPP_NUMBER'), channel: 'whatsapp' });
const cost = { amount: 0.8, currencyCode: 'KES' };
const minutesAgo = (n) => Math.floor(Date.now() / 1000) - 60 * n;

let ids = 0;
const newId = () => {
    ids += 1;
    return `provider-${process.pid}-${ids}`;
};

// Somebody whose history is brought in, by nothing but the number.
class Somebody {
    constructor() {
        this.phone = newPhone(sim);
        this.number = { number: this.phone.number, provider: 'cellular' };
        this.customer = client.initializeCustomer(this.number);
    }

    async replay(what, ...args) {
        const reply = await client[`replay${what}`](this.number, ...args);
        assert.equal(reply.status, true, reply.description);
        assert.match(reply.customerId, /^el_cst_/);
        return reply.customerId;
    }

    async refused(what, ...args) {
        const { status, description } = await client[`replay${what}`](this.number, ...args);
        assert.equal(status, false);
        return description;
    }

    async state() { return (await this.customer.getState()).messagingState; }

    async kind() {
        const { channels } = await this.state();
        return channels.map((s) => Object.keys(s).filter((k) => s[k]).join('+'));
    }

    // same does something twice, and the state is the same after both.
    async same(...args) {
        const first = await this.replay(...args);
        const state = await this.state();
        assert.equal(await this.replay(...args), first);
        assert.deepEqual(await this.state(), state);
        return state;
    }
}

const inbound = (more = {}) => ({
    messageId: newId(), receivedAt: minutesAgo(30), provider: 'at', parts: [{ text: 'long ago' }], cost, ...more,
});
const outbound = (more = {}) => ({
    messageId: newId(), sentAt: minutesAgo(20), provider: 'twilio', status: 'sent', message: { body: { text: 'also long ago' }, labels: ['old'] }, cost, ...more,
});

test('replayReceivedMessage', async () => {
    const somebody = new Somebody();
    const message = inbound();
    const { messasges } = await somebody.same('ReceivedMessage', shortCode(), message);
    assert.equal(messasges.length, 1);
    const { received: got } = messasges[0];
    assert.match(got.messageId, /^el_msg_/);
    assert.equal(got.providerMessageId.value, message.messageId);
    assert.equal(got.createdAt.seconds, message.receivedAt);
    assert.equal(got.partsList[0].text, 'long ago');
    assert.equal(got.customerNumber.number, somebody.number.number);
    assert.equal(got.channelNumber.number, env('SMS_SHORT_CODE'));
    assert.equal(got.provider, 1);
    assert.deepEqual(got.cost, cost);
    assert.equal(got.appId.value, env('APP_ID'));
});

test('replaySentMessage', async () => {
    const somebody = new Somebody();
    const message = outbound();
    const { messasges } = await somebody.same('SentMessage', shortCode(), message);
    assert.equal(messasges.length, 1);
    const { sent: got } = messasges[0];
    assert.equal(got.providerMessageId.value, message.messageId);
    assert.equal(got.createdAt.seconds, message.sentAt);
    assert.equal(got.message.body.text, 'also long ago');
    assert.deepEqual(got.message.labelsList, ['old']);
    assert.equal(got.provider, 2);
    assert.equal(got.status, 101);
});

test('the same provider id on another channel is another message', async () => {
    const somebody = new Somebody();
    const message = inbound();
    await somebody.replay('ReceivedMessage', shortCode(), message);
    await somebody.replay('ReceivedMessage', whatsapp(), message);
    assert.equal((await somebody.state()).messasges.length, 2);
});

test('replayMessageStatusUpdate: forward only', async () => {
    const somebody = new Somebody();
    const { messageId } = outbound();
    await somebody.replay('SentMessage', shortCode(), outbound({ messageId }));
    for (const [status, updatedAt, becomes] of [['delivered', minutesAgo(19), 300], ['read', minutesAgo(18), 301], ['sent', minutesAgo(17), 301]]) {
        const { messasges: [{ sent: got }] } = await somebody.same('MessageStatusUpdate', shortCode(), {
            messageId, updatedAt, status, cost,
        });
        assert.equal(got.status, becomes);
        if (status !== 'sent') assert.equal(got.updatedAt.seconds, updatedAt);
    }
});

test('replayMessageReactionUpdate: shown, and a complaint blocks', async () => {
    const somebody = new Somebody();
    const { messageId } = outbound();
    await somebody.replay('SentMessage', shortCode(), outbound({ messageId }));
    const clicked = minutesAgo(15);
    await somebody.same('MessageReactionUpdate', shortCode(), messageId, 'clicked', clicked);
    const { messasges: [{ sent: got }] } = await somebody.state();
    assert.deepEqual(got.reactionsList.map((r) => [r.reaction, r.createdAt.seconds]), [[100, clicked]]);
    await somebody.same('MessageReactionUpdate', shortCode(), messageId, 'complained', minutesAgo(14));
    assert.deepEqual(await somebody.kind(), ['blocked']);
    assert.equal((await somebody.customer.sendMessage(shortCode(), { body: { text: 'x' } })).status, 'no_consent');
});

test('replayMessagingSession', async () => {
    const somebody = new Somebody();
    const session = {
        sessionId: newId(), startedAt: minutesAgo(90), duration: 600, reason: 'inactivity', cost,
    };
    const { sessions } = await somebody.same('MessagingSession', whatsapp(), session);
    assert.equal(sessions.length, 1);
    const [got] = sessions;
    assert.equal(got.providerSessionId.value, session.sessionId);
    assert.equal(got.startedAt.seconds, session.startedAt);
    assert.equal(got.duration.seconds, 600);
    assert.equal(got.endReason, 200);
    assert.deepEqual(got.cost, cost);
    assert.deepEqual(await somebody.kind(), ['active'], 'a session that is over does not run');
    assert.equal((await somebody.customer.sendMessage(whatsapp(), { body: { text: 'x' } })).status, 'no_session_in_progress');
});

test('replayMessagingConsentUpdate: the latest holds, whenever it was brought in', async () => {
    const somebody = new Somebody();
    await somebody.same('MessagingConsentUpdate', shortCode(), 'block', minutesAgo(40));
    assert.deepEqual(await somebody.kind(), ['blocked']);
    await somebody.same('MessagingConsentUpdate', shortCode(), 'allow', minutesAgo(50)); // before the block
    assert.deepEqual(await somebody.kind(), ['blocked']);
    await somebody.same('MessagingConsentUpdate', shortCode(), 'allow', minutesAgo(30));
    assert.deepEqual(await somebody.kind(), ['active']);
    await somebody.replay('MessagingConsentUpdate', shortCode(), 'block', minutesAgo(40)); // comes again, late
    assert.deepEqual(await somebody.kind(), ['active']);
});

test('a block that is older than what the customer was known to have wanted changes nothing', async () => {
    const somebody = new Somebody();
    await somebody.customer.updateMessagingConsent(shortCode(), 'block');
    await somebody.customer.updateMessagingConsent(shortCode(), 'allow');
    await somebody.replay('MessagingConsentUpdate', shortCode(), 'block', minutesAgo(40));
    assert.deepEqual(await somebody.kind(), ['active']);
});

test('an unknown message: refused, and why', async () => {
    const somebody = new Somebody();
    const messageId = newId();
    const update = {
        messageId, updatedAt: minutesAgo(1), status: 'delivered', cost,
    };
    assert.match(await somebody.refused('MessageStatusUpdate', shortCode(), update), new RegExp(messageId));
    assert.match(await somebody.refused('MessageReactionUpdate', shortCode(), messageId, 'clicked', minutesAgo(1)), new RegExp(messageId));

    const other = new Somebody(); // whose message it is not
    await other.replay('SentMessage', shortCode(), outbound({ messageId }));
    assert.match(await somebody.refused('MessageStatusUpdate', shortCode(), update), new RegExp(messageId));
    assert.match(await other.refused('MessageStatusUpdate', whatsapp(), update), new RegExp(messageId)); // nor that channel's
});

test('what cannot have been: refused, and nothing is changed', async () => {
    const somebody = new Somebody();
    const elsewhere = { number: '11111', channel: 'sms' };
    const consent = 'MessagingConsentUpdate';
    for (const [why, what, ...args] of [
        [/11111/, 'ReceivedMessage', elsewhere, inbound()],
        [/11111/, 'SentMessage', elsewhere, outbound()],
        [/11111/, consent, elsewhere, 'block', minutesAgo(1)],
        [/received_at/, 'ReceivedMessage', shortCode(), inbound({ receivedAt: 0 })],
        [/sent_at.*future/, 'SentMessage', shortCode(), outbound({ sentAt: minutesAgo(-24 * 60) })],
        [/updated_at/, consent, shortCode(), 'block', 0],
        [/provider_message_id/, 'ReceivedMessage', shortCode(), inbound({ messageId: '' })],
        [/parts/, 'ReceivedMessage', shortCode(), inbound({ parts: [] })],
        [/body/, 'SentMessage', shortCode(), outbound({ message: { body: {} } })],
        [/provider_session_id/, 'MessagingSession', whatsapp(), {
            sessionId: '', startedAt: minutesAgo(9), duration: 60, reason: 'failure', cost,
        }],
    ]) {
        assert.match(await somebody.refused(what, ...args), why);
    }
    const { messasges, sessions, channels } = await somebody.state();
    assert.deepEqual([messasges, sessions, channels], [[], [], []]);
});

test('nobody was told of any of it, and nothing was sent', async () => {
    const somebody = new Somebody();
    await somebody.replay('ReceivedMessage', shortCode(), inbound());
    await somebody.replay('SentMessage', shortCode(), outbound());
    await somebody.phone.sms('now'); // behind whatever there was to tell
    assert.equal((await received.next((e) => e.data.customerNumber.number === somebody.number.number)).data.text, 'now');
    for (const events of [...told, received, sent]) assert.deepEqual(events.seen, [], events.name);
});

test('a reply to a message that was brought in', async () => {
    const somebody = new Somebody();
    await somebody.replay('ReceivedMessage', shortCode(), inbound());
    const { messasges: [{ received: { messageId } }] } = await somebody.state();
    const { status, description } = await somebody.customer.replyToMessage(messageId, { body: { text: 'sorry, late' } });
    assert.ok(['sent', 'queued'].includes(status), `${status}: ${description}`);
    assert.equal((await sent.next()).data.message.body.text, 'sorry, late');
});

test('a block holds whether it is brought in before or after the messages, whatever their times', async () => {
    const session = {
        sessionId: newId(), startedAt: minutesAgo(10), duration: 60, reason: 'inactivity', cost,
    };
    const blocked = minutesAgo(20);
    for (const [what, channel, ...args] of [
        ['ReceivedMessage', shortCode(), inbound({ receivedAt: minutesAgo(30) })],
        ['ReceivedMessage', shortCode(), inbound({ receivedAt: minutesAgo(10) })],
        ['SentMessage', shortCode(), outbound({ sentAt: minutesAgo(10) })],
        ['MessagingSession', whatsapp(), session],
    ]) {
        const before = new Somebody();
        await before.replay('MessagingConsentUpdate', channel, 'block', blocked);
        await before.replay(what, channel, ...args);
        assert.deepEqual(await before.kind(), ['blocked'], what);
    }
    for (const [what, channel, ...args] of [
        ['ReceivedMessage', shortCode(), inbound({ receivedAt: minutesAgo(30) })],
        ['ReceivedMessage', shortCode(), inbound({ receivedAt: minutesAgo(10) })],
        ['SentMessage', shortCode(), outbound({ sentAt: minutesAgo(10) })],
        ['MessagingSession', whatsapp(), { ...session, sessionId: newId() }],
    ]) {
        const after = new Somebody();
        await after.replay(what, channel, ...args);
        await after.replay('MessagingConsentUpdate', channel, 'block', blocked);
        assert.deepEqual(await after.kind(), ['blocked'], what);
    }
});

test('consent in any order: the latest holds', async () => {
    const updates = [['allow', minutesAgo(50)], ['block', minutesAgo(40)], ['block', minutesAgo(20)], ['allow', minutesAgo(10)]];
    const orders = (list) => (list.length < 2 ? [list] : list.flatMap((x, i) => orders(list.filter((_, j) => j !== i)).map((rest) => [x, ...rest])));
    for (const chosen of [updates, updates.slice(0, 3)]) {
        const becomes = chosen.length === 4 ? 'active' : 'blocked';
        for (const order of orders(chosen)) {
            for (const written of [false, true]) {
                const somebody = new Somebody();
                if (written) await somebody.replay('ReceivedMessage', shortCode(), inbound());
                for (const [action, at] of order) await somebody.replay('MessagingConsentUpdate', shortCode(), action, at);
                assert.deepEqual(await somebody.kind(), [becomes], JSON.stringify(order));
            }
        }
    }
});
