'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app,
} = require('./client');
const { record } = require('./events');
const { newNumber } = require('./phone');

let client;
let activities;

before(async () => {
    client = app();
    activities = record(client, 'customerActivity');
    await connect(client);
});
after(finish);

test('an activity is stored, and comes back to its own app', async () => {
    const customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    const activity = { sessionId: 'visit-1', key: 'page_viewed', properties: { page: '/pricing', lang: 'sw' } };
    assert.equal((await customer.updateActivity('web', activity)).status, true);

    const { data, customer: notified } = await activities.next();
    const { createdAt, ...told } = data.activity;
    assert.deepEqual(told, { source: 'web', ...activity });
    assert.ok(Math.abs(createdAt - Date.now() / 1000) < 60);
    assert.equal(data.customerNumber.number, customer.customerNumber.number);
    assert.equal(data.orgId, env('ORG_ID'));
    assert.equal(data.appId, env('APP_ID'));
    assert.ok(data.createdAt > 0);

    const { customerId, activityState } = await customer.getState();
    assert.equal(notified.customerId, customerId);
    assert.deepEqual(activityState.customerNumbers.map((n) => n.number), [customer.customerNumber.number]);
    const [session] = activityState.sessions;
    assert.equal(session.source, 'web');
    assert.equal(session.sessionId, 'visit-1');
    assert.equal(session.appId, env('APP_ID'));
    assert.equal(session.activities[0].key, 'page_viewed');
});

test('activities of one customer come in order, each once', async () => {
    const customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    const keys = Array.from({ length: 20 }, (_, i) => `step-${i}`);
    for (const key of keys) await customer.updateActivity('app', { sessionId: 's', key, properties: {} });
    const told = await activities.take(keys.length);
    assert.deepEqual(told.map((e) => e.data.activity.key), keys);
    const { activityState } = await customer.getState();
    assert.deepEqual(activityState.sessions.map((s) => s.activities.map((a) => a.key)), [keys]);
});

// With google-protobuf 3.20.1 a property that is no string is sent as an empty one.
test('a property that is no string does not break the command', async () => {
    const customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    const { status } = await customer.updateActivity('web', { sessionId: 'v', key: 'k', properties: { page: 'x', n: 3, b: true } });
    assert.equal(status, true);
    const { data } = await activities.next();
    assert.equal(data.activity.properties.page, 'x');
});
