'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newNumber } = require('./phone');

// What this client can express of calls: dial plans in both directions, its voiceCall event, and phones that ring,
// answer, say that they spoke, tell of legs, and hang up. Pressing keys it cannot: its way to say so calls a
// function that is not there.

let client;
let sim;
let calls;
let rings;
let heard;

const channel = { number: env('VOICE_NUMBER'), channel: 'voice' };

const say = (text) => ({ say: { text, voice: 'female', playBeep: false } });

const digits = (text) => ({
    getDigits: {
        say: { text }, timeout: 30, numDigits: 1, finishOnKey: '#',
    },
});

// The service: by what the phone does it is known what it wants.
const services = {};

before(async () => {
    client = app();
    sim = simulator();
    calls = record(client, 'voiceCall', (event) => ({ payload: (services[event.data.customerNumber.number] || (() => undefined))(event.data.voice, event) }));
    rings = record(sim, 'makeVoiceCall');
    heard = record(sim, 'sendMessage');
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

// voice is what a phone does; without a session it means the call that it is in.
const voice = (number, input, session = '') => sim.receiveMessage(number, channel, session, [{ voice: { direction: 'inbound', ...input } }]);

const actions = (reply) => {
    if (!reply.message) throw new Error(`nothing is heard: ${JSON.stringify(reply)}`);
    return reply.message.body.voice.actionsList;
};

const texts = (reply) => actions(reply).filter((a) => a.say).map((a) => a.say.text);

const of = (number) => (e) => e.data.customerNumber.number === number;

// told waits for the events of somebody's call.
const told = async (number, ...statuses) => {
    const events = await calls.take(statuses.length, of(number));
    assert.deepEqual(events.map((e) => e.data.voice.status), statuses);
    events.forEach(({ data }) => {
        assert.deepEqual(data.channelNumber, channel);
        assert.ok(data.voice.startedAt > 0);
        assert.match(data.voice.hangupCause, /^[a-z_]+$/);
    });
    return events.map((e) => e.data.voice);
};

test('a call to the app: digits that nobody presses, a recording, and the end', async () => {
    const number = newNumber();
    services[number] = ({ status, recordingUrl }) => {
        if (status === 'ringing') return [say('Welcome'), digits('Press 1')];
        if (recordingUrl) return [say('Thank you')];
        if (status === 'active') return [{ getRecording: { say: { text: 'Speak' }, timeout: 10, maxLength: 60, finishOnKey: '#', playBeep: true, trimSilence: true } }];
        return undefined;
    };
    const welcome = actions(await voice(number, { status: 'ringing' }, 'call-1'));
    assert.equal(welcome[0].say.text, 'Welcome');
    assert.equal(welcome[1].getDigits.say.text, 'Press 1');
    assert.equal(actions(await voice(number, { status: 'active' }, 'call-1'))[0].getRecording.say.text, 'Speak');
    assert.deepEqual(texts(await voice(number, { status: 'active', recordingUrl: 'spoken' }, 'call-1')), ['Thank you']);

    const events = await told(number, 'ringing', 'active', 'active', 'completed');
    assert.equal(events[0].direction, 'inbound');
    assert.equal(events[1].dtmfDigits, undefined);
    assert.equal(events[3].hangupCause, 'normal_clearing');
    const response = await fetch(events[2].recordingUrl);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'audio/wav');
    assert.equal(Buffer.from(await response.arrayBuffer()).toString('latin1', 0, 4), 'RIFF');
});

test('a phone that hangs up, and an app that says nothing', async () => {
    const number = newNumber();
    services[number] = ({ status }) => (status === 'ringing' ? [digits('?')] : undefined);
    await voice(number, { status: 'ringing' });
    assert.equal((await voice(number, { status: 'completed', hangupCause: 'user_busy' })).status, true);
    assert.equal((await told(number, 'ringing', 'completed'))[1].hangupCause, 'user_busy');
    assert.equal((await voice(number, { status: 'completed' })).status, false, 'hung up twice');

    const other = newNumber();
    assert.deepEqual(actions(await voice(other, { status: 'ringing' })), []);
    await told(other, 'ringing', 'completed');
});

test('a call of the app: it rings, is answered, and hears the plan', async () => {
    const number = newNumber();
    const customer = client.initializeCustomer({ number, provider: 'cellular' });
    const reply = await customer.sendMessage(channel, { body: { voice: [say('Your results'), { recordSession: true }, { play: { url: 'https://example.org/a.mp3' } }] } });
    assert.equal(reply.status, 'session_initiated');
    assert.ok(reply.sessionId);
    const { data } = await rings.next(of(number));
    assert.deepEqual(data.channelNumber, channel);
    assert.equal((await customer.sendMessage(channel, { body: { voice: [say('again')] } })).status, 'other_session_in_progress');
    const plan = actions(await voice(number, { direction: 'outbound', status: 'answered' }));
    assert.equal(plan[0].say.text, 'Your results');
    assert.equal(plan[2].play.url, 'https://example.org/a.mp3');
    const events = await told(number, 'queued', 'ringing', 'answered', 'completed');
    assert.equal(events[0].direction, 'outbound');
    assert.match(JSON.stringify(await customer.getState()), new RegExp(reply.sessionId));
});

test('a call of the app that is turned down', async () => {
    const number = newNumber();
    const customer = client.initializeCustomer({ number, provider: 'cellular' });
    await customer.sendMessage(channel, { body: { voice: [say('x')] } });
    await rings.next(of(number));
    await voice(number, { status: 'not_answered', hangupCause: 'user_busy' });
    assert.equal((await told(number, 'queued', 'ringing', 'not_answered'))[2].hangupCause, 'user_busy');
});

test('a dial, with what becomes of its leg', async () => {
    const [number, agent] = [newNumber(), newNumber()];
    services[number] = ({ status }) => ({
        ringing: [{ dial: { customerNumbers: [{ number: agent, provider: 'cellular' }], record: true, sequential: false, maxDuration: 60 } }],
        dial_completed: [say('Bye')],
    }[status]);
    assert.equal(actions(await voice(number, { status: 'ringing' }))[0].dial.customerNumbersList[0].number, agent);
    await rings.next(of(agent));
    const dialData = { destinationNumber: agent, startedAt: 1, duration: 1 };
    await voice(number, { status: 'bridged', dialData });
    assert.deepEqual(texts(await voice(number, { status: 'dial_completed', dialData })), ['Bye']);
    const events = await told(number, 'ringing', 'dialing', 'bridged', 'dial_completed', 'completed');
    assert.equal(events[3].dialData.destinationNumber, agent);
    assert.ok(await heard.next(of(agent)), 'the leg is not told that it is connected');
});

test('a queue', async () => {
    const [number, agent] = [newNumber(), newNumber()];
    services[number] = ({ status }) => (status === 'ringing' ? [{ enqueue: { queueName: number, holdMusic: 'https://example.org/wait.mp3' } }] : undefined);
    services[agent] = ({ status }) => (status === 'ringing' ? [{ dequeue: { number: channel.number, queueName: number, record: false } }] : undefined);
    await voice(number, { status: 'ringing' });
    await voice(agent, { status: 'ringing' });
    await voice(agent, { status: 'completed' }); // which the client sends as dial_completed
    const waited = await told(number, 'ringing', 'enqueued', 'dequeued', 'completed');
    assert.equal(waited[2].queueData.dequeuedToNumber.value, agent);
    const took = await told(agent, 'ringing', 'dequeued', 'completed');
    assert.equal(took[1].queueData.dequeuedToNumber.value, number);
});

test('rejected, and handed over', async () => {
    const number = newNumber();
    services[number] = ({ status }) => (status === 'ringing' ? [{ reject: true }] : undefined);
    await voice(number, { status: 'ringing' });
    assert.equal((await told(number, 'ringing', 'completed'))[1].hangupCause, 'call_rejected');
    services[number] = ({ status }) => (status === 'ringing' ? [{ redirect: { url: 'https://example.org/next' } }] : undefined);
    assert.equal(actions(await voice(number, { status: 'ringing' }))[0].redirect.url, 'https://example.org/next');
    await told(number, 'ringing', 'transferred', 'completed');
});
