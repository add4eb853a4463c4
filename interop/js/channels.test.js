'use strict';

// The channels of text besides SMS, each with what it carries, and the sessions of those that have them.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newNumber, outbox } = require('./phone');

const digits = () => newNumber().slice(1);

// What is special of each: the client's event, how its customers are named, and whether a message
// may be sent before the customer has written.
const channels = {
    whatsapp: {
        event: 'receivedWhatsapp', number: 'WHATSAPP_NUMBER', provider: 'cellular', newName: newNumber, session: true, unasked: false,
    },
    telegram: {
        event: 'receivedTelegram', number: 'TELEGRAM_NUMBER', provider: 'telegram', newName: digits, session: true, unasked: true,
    },
    fb_messenger: {
        event: 'receivedFbMessenger', number: 'MESSENGER_NUMBER', provider: 'facebook', newName: digits, session: true, unasked: false,
    },
    email: {
        event: 'receivedEmail', number: 'EMAIL_ADDRESS', provider: 'email', newName: () => `c${digits()}@example.test`, session: false, unasked: true,
    },
};

const media = { url: 'https://example.test/beach.png', type: 'image' };
const location = {
    latitude: -1.2921, longitude: 36.8219, label: 'Nairobi', address: 'Kenyatta Avenue',
};
const email = {
    subject: 'Your order', bodyPlain: 'It is on its way', bodyHtml: '<b>It is on its way</b>', ccList: ['a@example.test'], bccList: ['b@example.test', 'c@example.test'],
};
const wireEmail = ({ ccList, bccList, ...rest }) => ({ ...rest, ccListList: ccList, bccListList: bccList });
const image = 1;

let client;
let sim;
let sent;
let statuses;
const received = {};
const sessions = {};

const answer = ({ data }) => (data.text === 'reply please' || (data.email && data.email.subject === 'reply please')
    ? { payload: { body: { text: 'Here you are' } } } : {});

before(async () => {
    client = app();
    sim = simulator();
    sent = outbox(sim);
    statuses = record(client, 'messageStatus');
    for (const [channel, { event }] of Object.entries(channels)) received[channel] = record(client, event, answer);
    for (const event of ['Started', 'Renewed', 'Ended']) sessions[event] = record(client, `messagingSession${event}`);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

// Person is somebody on a channel, as the simulator plays them and as the app knows them.
class Person {
    constructor(channel) {
        const { number, provider, newName } = channels[channel];
        this.channel = channel;
        this.channelNumber = { number: env(number), channel };
        this.name = newName();
        this.customer = client.initializeCustomer({ number: this.name, provider });
        this.mine = (e) => e.data.customerNumber.number === this.name;
    }

    async writes(...parts) {
        const { status, description } = await sim.receiveMessage(this.name, this.channelNumber, '', parts);
        assert.equal(status, true, description);
        return received[this.channel].next(this.mine);
    }

    // hello is a text, as far as the channel has them.
    hello(text = 'hello') {
        return this.writes(this.channel === 'email' ? { email: { ...email, subject: text } } : { text });
    }

    send(body, more = {}) { return this.customer.sendMessage(this.channelNumber, { body, ...more }); }

    // gets sends a body, and gives what the person sees of it.
    async gets(body, more) {
        const { status, description, messageId } = await this.send(body, more);
        assert.ok(['sent', 'queued'].includes(status), `${status}: ${description}`);
        const { data } = await sent.next(this.mine);
        assert.equal(data.messageId, messageId);
        assert.deepEqual(data.channelNumber, this.channelNumber);
        await statuses.next((e) => e.data.messageId === messageId && e.data.status === 'delivered');
        return data.message;
    }

    async refused(body, more) {
        const { status, description } = await this.send(body, more);
        assert.match(description, /\w/);
        return status;
    }

    async state() { return (await this.customer.getState()).messagingState; }

    // inSession is the state of a person who has met one channel only.
    async inSession() {
        const { channels: states } = await this.state();
        assert.equal(states.length, 1);
        assert.deepEqual([states[0].active, states[0].blocked], [undefined, undefined], 'more than one state');
        return states[0].inSession;
    }
}

for (const [channel, { provider, session, unasked }] of Object.entries(channels)) {
    test(`${channel}: a message is told to the app, with the customer`, async () => {
        const person = new Person(channel);
        const { data, customer } = await person.hello();
        assert.deepEqual(data.channelNumber, person.channelNumber);
        assert.equal(data.customerNumber.provider, provider);
        assert.match(data.messageId, /^el_msg_/);
        assert.equal(Boolean(data.sessionId), session);
        assert.equal(channel === 'email' ? data.email.subject : data.text, 'hello');
        const { customerId, messagingState } = await customer.getState();
        assert.equal(customerId, data.customerId);
        assert.equal(messagingState.messasges[0].received.messageId, data.messageId);
    });

    test(`${channel}: the answer of the handler, and replyToMessage`, async () => {
        const person = new Person(channel);
        const { data: inbound, customer } = await person.hello('reply please');
        const { data: reply } = await sent.next(person.mine);
        assert.equal(reply.message.body.text, 'Here you are');
        assert.deepEqual(reply.channelNumber, person.channelNumber);

        const { status, description, messageId } = await customer.replyToMessage(inbound.messageId, { body: { text: 'And more' } });
        assert.ok(['sent', 'queued'].includes(status), `${status}: ${description}`);
        assert.equal((await sent.next(person.mine)).data.message.body.text, 'And more');
        const replies = (await person.state()).messasges.filter((m) => m.sent);
        assert.deepEqual(replies.map((m) => m.sent.inReplyTo.value), [inbound.messageId, inbound.messageId]);
        assert.deepEqual(replies.map((m) => m.sent.messageId), [reply.messageId, messageId]);
    });

    test(`${channel}: sending to somebody who has not written`, async () => {
        const person = new Person(channel);
        if (unasked) {
            assert.equal((await person.gets({ text: 'Hi!' })).body.text, 'Hi!');
        } else {
            assert.equal(await person.refused({ text: 'Hi!' }), 'no_session_in_progress');
            assert.equal((await person.state()).messasges.length, 0);
        }
    });

    test(`${channel}: bodies that it cannot carry, and none`, async () => {
        const person = new Person(channel);
        await person.hello();
        assert.equal(await person.refused({}), 'invalid_request');
        assert.equal(await person.refused({ voice: [{ reject: true }] }), 'not_supported');
        assert.equal(await person.refused({ ussd: { text: 'menu', isTerminal: true } }), 'not_supported');
        assert.equal(await person.refused(channel === 'email' ? { media } : { email }), 'not_supported');
        assert.equal(await person.refused({ template: { id: 'unknown', params: {} } }), 'invalid_request');
    });
}

for (const channel of ['whatsapp', 'telegram', 'fb_messenger']) {
    test(`${channel}: media, a location and a text in one message come in`, async () => {
        const { data } = await new Person(channel).writes({ media }, { location }, { text: 'we were here' });
        assert.deepEqual(data.media, media);
        assert.deepEqual(data.location, location);
        assert.equal(data.text, 'we were here');
    });

    test(`${channel}: media, a location, a text and a URL go out`, async () => {
        const person = new Person(channel);
        await person.hello();
        assert.deepEqual((await person.gets({ media })).body.media, { url: media.url, media: image });
        const { body } = await person.gets({ location });
        assert.deepEqual(body.location, { ...location, label: { value: location.label }, address: { value: location.address } });
        assert.equal((await person.gets({ url: 'https://example.test/shop' })).body.url, 'https://example.test/shop');
        const labelled = await person.gets({ text: 'hi' }, { labels: ['a', 'b'], providerTag: 'promotion' });
        assert.deepEqual([labelled.body.text, labelled.labelsList, labelled.providerTag.value], ['hi', ['a', 'b'], 'promotion']);
        const { messasges } = await person.state();
        assert.deepEqual(messasges.filter((m) => m.sent).map((m) => Object.keys(m.sent.message.body).filter((k) => m.sent.message.body[k])[0]),
            ['media', 'location', 'url', 'text']);
    });

    test(`${channel}: a session starts with the first message and is renewed by each`, async () => {
        const person = new Person(channel);
        const { data: first } = await person.hello();
        const { data: started } = await sessions.Started.next(person.mine);
        const inSession = await person.inSession();
        assert.equal(inSession.sessionId, first.sessionId);
        assert.deepEqual(inSession.appIds, [env('APP_ID')]);
        assert.equal(started.expiresAt, inSession.expiresAt);
        assert.equal(inSession.expiresAt - inSession.startedAt, 24 * 3600);
        assert.deepEqual(started.channelNumber, person.channelNumber);

        const { data: second } = await person.hello('again');
        const { data: renewed } = await sessions.Renewed.next(person.mine);
        assert.equal(second.sessionId, first.sessionId);
        assert.ok(renewed.expiresAt >= started.expiresAt);
        assert.equal((await person.inSession()).expiresAt, renewed.expiresAt);
        assert.equal(sessions.Started.seen.some(person.mine), false, 'a second session was started');
        assert.equal(sessions.Ended.seen.some(person.mine), false, 'the session ended');
    });

    test(`${channel}: the reply token is that of the session`, async () => {
        const person = new Person(channel);
        await person.hello();
        const { replyToken, expiresAt } = await person.inSession();
        assert.match(replyToken.token, /\w{8}/);
        assert.equal(replyToken.expiresAt, expiresAt);
        assert.equal((await person.gets({ text: 'with it' }, { replyToken: replyToken.token })).body.text, 'with it');
        const other = new Person(channel);
        await other.hello();
        const { replyToken: theirs } = await other.inSession();
        assert.notEqual(theirs.token, replyToken.token);
        assert.equal(await person.refused({ text: 'x' }, { replyToken: theirs.token }), 'invalid_reply_token');
        assert.equal(await person.refused({ text: 'x' }, { replyToken: 'made up' }), 'invalid_reply_token');
        await person.hello('again');
        assert.equal((await person.gets({ text: 'still' }, { replyToken: replyToken.token })).body.text, 'still');
    });
}

test('email: all of it comes in and goes out', async () => {
    const person = new Person('email');
    const { data } = await person.writes({ email });
    assert.deepEqual(data.email, email);
    assert.deepEqual((await person.gets({ email })).body.email, wireEmail(email));
    const { messasges: [inbound, outbound] } = await person.state();
    assert.deepEqual(inbound.received.partsList[0].email, wireEmail(email));
    assert.deepEqual(outbound.sent.message.body.email, wireEmail(email));
});

test('email: no session, and no reply token', async () => {
    const person = new Person('email');
    await person.hello();
    const { channels: [state] } = await person.state();
    assert.ok(state.active);
    assert.equal(state.active.replyToken, undefined);
    assert.equal(await person.refused({ text: 'x' }, { replyToken: 'made up' }), 'invalid_reply_token');
});

test('one number on two channels is one customer with a state for each', async () => {
    const person = new Person('whatsapp');
    const { data: whatsapp } = await person.hello();
    const sms = record(client, 'receivedSms');
    await sim.receiveMessage(person.name, { number: env('SMS_SHORT_CODE'), channel: 'sms' }, '', [{ text: 'by SMS' }]);
    const { data } = await sms.next(person.mine);
    assert.equal(data.customerId, whatsapp.customerId);
    const { channels: states } = await person.state();
    assert.deepEqual(states.map((s) => [Boolean(s.inSession), Boolean(s.active)]), [[true, false], [false, true]]);
});

test('parts of USSD and voice are refused on channels of text', async () => {
    const person = new Person('telegram');
    for (const part of [{ ussd: { text: '1', status: 'active' } }, { voice: { direction: 'inbound', status: 'ringing' } }]) {
        const { status, description } = await sim.receiveMessage(person.name, person.channelNumber, '', [part]);
        assert.equal(status, false);
        assert.match(description, /part/);
    }
    const { status, description } = await sim.receiveMessage(person.name, person.channelNumber, '', []);
    assert.equal(status, false);
    assert.match(description, /part/);
});
