'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newNumber } = require('./phone');

let client;
let phones;
let reminders;
let statuses;
let delivered;

before(async () => {
    client = app();
    reminders = record(client, 'reminder');
    statuses = record(client, 'messageStatus');
    phones = simulator();
    delivered = record(phones, 'sendMessage');
    await connect(phones);
    await connect(client);
});
after(finish);

const now = () => Math.floor(Date.now() / 1000);
const newCustomer = () => client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
const sms = () => ({ number: env('SMS_SHORT_CODE'), channel: 'sms' });
const of = (key) => ({ data }) => data.reminder.key === key;

test('a reminder comes at its time, with its payload', async () => {
    const customer = newCustomer();
    const remindAt = now() + 2;
    const reply = await customer.addReminder({ key: 'visit', remindAt, payload: 'bring the card' });
    assert.equal(reply.status, true);
    assert.match(reply.customerId, /^el_cst_/);
    const { data, customer: notified } = await reminders.next(of('visit'));
    assert.equal(data.reminder.payload, 'bring the card');
    assert.equal(data.reminder.remindAt, remindAt);
    assert.equal(data.reminder.interval, undefined);
    assert.ok(now() >= remindAt);
    assert.equal(notified.customerId, reply.customerId);
});

test('a time in the past reminds at once, and a repeated one tells how often', async () => {
    const customer = newCustomer();
    const remindAt = now() - 30;
    assert.equal((await customer.addReminder({ key: 'daily', remindAt, interval: 86400, payload: '' })).status, true);
    const { data } = await reminders.next(of('daily'));
    assert.deepEqual([data.reminder.remindAt, data.reminder.interval, data.reminder.payload], [remindAt, 86400, '']);
    assert.equal((await customer.cancelReminder('daily')).status, true);
});

test('a cancelled reminder does not come, and cancelling none succeeds', async () => {
    const customer = newCustomer();
    await customer.addReminder({ key: 'cancelled', remindAt: now() + 2, payload: '' });
    assert.equal((await customer.cancelReminder('cancelled')).status, true);
    assert.equal((await customer.cancelReminder('cancelled')).status, true);
    await customer.addReminder({ key: 'after the cancelled', remindAt: now() + 3, payload: '' });
    await reminders.next(of('after the cancelled'));
    assert.deepEqual(reminders.seen.filter(of('cancelled')), []);
});

test('a time in milliseconds is refused, and seconds are named', async () => {
    const customer = newCustomer();
    await assert.rejects(customer.addReminder({ key: 'ms', remindAt: Date.now() + 60000, payload: '' }), /remind_at.* in seconds/);
    await assert.rejects(customer.updateTags([{ key: 'k', value: 'v', expiresAt: Date.now() + 60000 }]), /expires_at.* in seconds/);
});

test('too short an interval is refused, with a reason', async () => {
    await assert.rejects(newCustomer().addReminder({ key: 'pulse', remindAt: now() + 60, interval: 30, payload: '' }), /interval/);
});

test('a message by tag reaches all who have the tag', async () => {
    const tag = { key: 'survey', value: `yes-${process.pid}` };
    const customers = [newCustomer(), newCustomer(), newCustomer()];
    for (const customer of customers) await customer.updateTags([tag]);
    const { status, workId } = await client.sendMessageByTag(tag, sms(), { body: { text: 'Would you come again?' } });
    assert.equal(status, true);
    assert.match(workId, /^el_wrk_/);
    const got = await delivered.take(customers.length);
    assert.deepEqual(
        got.map(({ data }) => data.customerNumber.number).sort(),
        customers.map((c) => c.customerNumber.number).sort(),
    );
    const told = await statuses.take(2 * customers.length);
    assert.deepEqual(told.map(({ data }) => data.status).sort(), [...Array(3).fill('delivered'), ...Array(3).fill('sent')]);
});

test('a reminder by tag comes for all who have the tag, and is cancelled by tag', async () => {
    const tag = { key: 'plan', value: `gold-${process.pid}` };
    const customers = [newCustomer(), newCustomer()];
    for (const customer of customers) await customer.updateTags([tag]);
    const { status, workId } = await client.addCustomerReminderByTag(tag, { key: 'renew', remindAt: now() - 1, payload: 'plan' });
    assert.equal(status, true);
    const told = await reminders.take(customers.length, of('renew'));
    assert.deepEqual(told.map(({ data }) => data.reminder.payload), ['plan', 'plan']);
    assert.match(workId, /^el_wrk_/);
    const cancelled = await client.cancelCustomerReminderByTag(tag, 'renew');
    assert.equal(cancelled.status, true);
});

test('what cannot be done by tag is refused, with a reason', async () => {
    const { status, description, workId } = await client.sendMessageByTag({ key: 'plan', value: 'gold' }, { number: '12345', channel: 'sms' }, { body: { text: 'hi' } });
    assert.equal(status, false);
    assert.match(description, /channel_number/);
    assert.equal(workId, undefined);
});
