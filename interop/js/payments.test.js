'use strict';

// Money with the published client: purses, wallets, mobile money, checkouts, replays and the simulator's side.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { record } = require('./events');
const { newNumber } = require('./phone');

let client;
let sim;
let statuses;
let received;
const asked = {};

before(async () => {
    client = app();
    sim = simulator();
    statuses = record(client, 'paymentStatus');
    received = record(client, 'receivedPayment', ({ appData }) => ({ data: { payments: ((appData || {}).payments || 0) + 1 } }));
    for (const event of ['sendCustomerPayment', 'sendChannelPayment', 'checkoutPayment']) asked[event] = record(sim, event);
    await Promise.all([connect(client), connect(sim)]);
});
after(finish);

const kes = (amount) => ({ amount, currencyCode: 'KES' });
const purse = () => ({ purseId: env('PURSE_ID') });
const channel = (kind = 'cellular') => ({ number: env('MPESA_PAYBILL'), channel: kind });

let ids = 0;
const newId = () => {
    ids += 1;
    return `provider-${process.pid}-${ids}`;
};

// Somebody with a phone; wallets need the id that the first state has.
const somebody = async () => {
    const number = newNumber();
    const customer = client.initializeCustomer({ number, provider: 'cellular' });
    await customer.getState();
    return {
        number,
        customer,
        account: (kind) => ({ customerNumber: customer.customerNumber, channelNumber: channel(kind) }),
        wallet: (walletId = 'points') => ({ walletId, customerId: customer.customerId }),
        state: async () => (await customer.getState()).paymentState,
    };
};

// pay begins a payment that has to be accepted with a status.
const pay = async (want, ...payment) => {
    const reply = await client.initiatePayment(...payment);
    assert.equal(reply.status, want, reply.description);
    assert.match(reply.transactionId, /^el_txn_/);
    return reply;
};

const told = (transactionId, status) => statuses.next(({ data }) => data.transactionId === transactionId && data.status === status);

const balance = ({ wallets }, id = 'points') => {
    const [, b] = wallets.find(([key]) => key === id);
    return { available: b.available, actual: b.actual, pending: b.pendingMap.length };
};

test('purse to wallet, wallet to wallet, wallet to purse: at once', async () => {
    const [asha, juma] = [await somebody(), await somebody()];
    const first = await pay('success', purse(), asha.wallet(), kes(100.5), 'a gift');
    assert.equal(first.creditCustomerId, asha.customer.customerId);
    assert.equal(first.debitCustomerId, undefined);
    const { data } = await told(first.transactionId, 'success');
    assert.equal(data.customerId, asha.customer.customerId);
    assert.equal(data.appId, env('APP_ID'));
    assert.ok(data.createdAt > 0);

    const second = await pay('success', asha.wallet(), juma.wallet(), kes(0.3), 'a share');
    assert.equal(second.debitCustomerId, asha.customer.customerId);
    assert.equal(second.creditCustomerId, juma.customer.customerId);
    await pay('success', asha.wallet(), purse(), kes(50.2), 'back');
    const state = await asha.state();
    assert.deepEqual(balance(state), { available: kes(50), actual: kes(50), pending: 0 });
    assert.deepEqual(balance(await juma.state()), { available: kes(0.3), actual: kes(0.3), pending: 0 });
    assert.deepEqual(state.transactionLogs.map((t) => [t.narration, t.value.amount, t.appId]), [
        ['a gift', 100.5, env('APP_ID')], ['a share', 0.3, env('APP_ID')], ['back', 50.2, env('APP_ID')],
    ]);
    assert.deepEqual(state.pendingTransactions, []);
});

test('purse to a phone: pending, held, then there by itself', async () => {
    const asha = await somebody();
    const { transactionId, creditCustomerId } = await pay('pending_confirmation', purse(), asha.account(), kes(75), 'loan');
    assert.equal(creditCustomerId, asha.customer.customerId);
    const { data } = await asked.sendCustomerPayment.next((e) => e.data.transactionId === transactionId);
    assert.equal(data.customerNumber.number, asha.number);
    assert.deepEqual(data.channelNumber, channel());
    assert.deepEqual(data.value, kes(75));
    assert.equal(data.purse.purseId, env('PURSE_ID'));
    await told(transactionId, 'pending_confirmation');
    await told(transactionId, 'success');
    const state = await asha.state();
    assert.deepEqual(state.transactionLogs.map((t) => t.transactionId), [transactionId]);
    assert.deepEqual(state.customerNumbers.map((n) => n.number), [asha.number]);
    assert.deepEqual(state.channelNumbers, [channel()]);
});

test('wallet to a phone that does not get it: the money comes back', async () => {
    const asha = await somebody();
    await pay('success', purse(), asha.wallet(), kes(20), '');
    const { transactionId } = await pay('pending_confirmation', asha.wallet(), asha.account(), kes(15), 'out');
    assert.deepEqual(balance(await asha.state()), { available: kes(5), actual: kes(20), pending: 1 });
    assert.equal((await sim.updatePaymentStatus(transactionId, 'failed')).status, true);
    await told(transactionId, 'failed');
    assert.deepEqual(balance(await asha.state()), { available: kes(20), actual: kes(20), pending: 0 });
    // What is final stays.
    await sim.updatePaymentStatus(transactionId, 'success');
    assert.deepEqual(balance(await asha.state()), { available: kes(20), actual: kes(20), pending: 0 });
});

test('airtime', async () => {
    const asha = await somebody();
    const { transactionId } = await pay('pending_confirmation', purse(), asha.account('airtime'), kes(10), 'airtime');
    const { data } = await asked.sendCustomerPayment.next((e) => e.data.transactionId === transactionId);
    assert.equal(data.channelNumber.channel, 'airtime');
    await told(transactionId, 'success');
    const reply = await client.initiatePayment(asha.account('airtime'), purse(), kes(10), 'no');
    assert.equal(reply.status, 'not_supported', reply.description);
});

test('purse to a business: its purse is told', async () => {
    const { transactionId } = await pay('pending_confirmation', purse(), {
        channel: 'cellular', code: 63902, source: env('MPESA_PAYBILL'), destination: '600100', account: 'acc-7',
    }, kes(12), 'rent');
    const { data } = await asked.sendChannelPayment.next((e) => e.data.transactionId === transactionId);
    assert.deepEqual([data.channel, data.source, data.destination, data.account], ['cellular', env('MPESA_PAYBILL'), '600100', 'acc-7']);
    const status = await told(transactionId, 'success');
    assert.equal(status.data.purseId, env('PURSE_ID'));
    assert.equal(status.data.customerId, undefined);
    assert.equal(status.data.orgId, env('ORG_ID'));
});

test('wallet to a business, and back: its customer is told', async () => {
    const asha = await somebody();
    await pay('success', purse(), asha.wallet(), kes(20), '');
    const { transactionId, debitCustomerId } = await pay('pending_confirmation', asha.wallet(), {
        channel: 'cellular', code: 63902, source: env('MPESA_PAYBILL'), destination: '600100',
    }, kes(12), 'power');
    assert.equal(debitCustomerId, asha.customer.customerId);
    const { data } = await asked.sendChannelPayment.next((e) => e.data.transactionId === transactionId);
    assert.equal(data.wallet.walletId, 'points');
    assert.equal((await sim.updatePaymentStatus(transactionId, 'success')).status, true);
    const status = await told(transactionId, 'success');
    assert.equal(status.data.customerId, asha.customer.customerId);
    assert.deepEqual(balance(await asha.state()), { available: kes(8), actual: kes(8), pending: 0 });
    assert.equal((await sim.updatePaymentStatus(transactionId, 'reversed')).status, true);
    await told(transactionId, 'reversed');
    assert.deepEqual(balance(await asha.state()), { available: kes(20), actual: kes(20), pending: 0 });
});

test('checkout: approved and declined', async () => {
    const asha = await somebody();
    for (const [answer, amount] of [['success', 30], ['rejected', 0]]) {
        const { transactionId, debitCustomerId } = await pay('pending_confirmation', asha.account(), asha.wallet(answer), kes(30), 'top up');
        assert.equal(debitCustomerId, asha.customer.customerId);
        const { data } = await asked.checkoutPayment.next((e) => e.data.transactionId === transactionId);
        assert.equal(data.wallet.walletId, answer);
        assert.equal(data.customerNumber.number, asha.number);
        assert.equal((await asha.state()).pendingTransactions[0].transactionId, transactionId);
        assert.equal((await sim.updatePaymentStatus(transactionId, answer)).status, true);
        await told(transactionId, answer);
        const { wallets } = await asha.state();
        const there = wallets.find(([id]) => id === answer);
        assert.equal(there ? there[1].available.amount : 0, amount);
    }
});

test('an unasked payment is received once', async () => {
    const asha = await somebody();
    const id = newId();
    for (let i = 0; i < 2; i += 1) {
        const reply = await sim.receivePayment(id, asha.number, channel(), kes(250), 'success');
        assert.equal(reply.status, true, reply.description);
    }
    const mine = ({ data }) => data.customerNumber.number === asha.number;
    const { data, customer } = await received.next(mine);
    assert.equal(data.purseId, env('PURSE_ID'));
    assert.deepEqual(data.channelNumber, channel());
    assert.deepEqual(data.value, kes(250));
    assert.equal(data.status, 'success');
    assert.equal(customer.customerId, asha.customer.customerId);
    await sim.receivePayment(newId(), asha.number, channel(), kes(1), 'success');
    const next = await received.next(mine); // in order: it would come before
    assert.deepEqual(next.data.value, kes(1));
    assert.deepEqual(next.appData, { payments: 1 });
    const { transactionLogs } = await asha.state();
    assert.deepEqual(transactionLogs.map((t) => t.value.amount), [250, 1]);
    assert.equal(transactionLogs[0].transactionId, data.transactionId);
    assert.equal(transactionLogs[0].providerTransactionId.value, id);
});

test('history is brought in: it moves nothing and tells nobody', async () => {
    const asha = await somebody();
    const id = newId();
    const at = Math.floor(Date.now() / 1000) - 3600;
    const first = await client.replayPayment(id, asha.account(), purse(), 'pending_confirmation', kes(9), 'long ago', at);
    assert.equal(first.status, true, first.description);
    const again = await client.replayPayment(id, asha.account(), purse(), 'pending_confirmation', kes(9), 'long ago', at);
    assert.equal(again.transactionId, first.transactionId);
    const update = await client.replayPaymentStatusUpdate(asha.customer.customerNumber, id, 'success', at + 60);
    assert.equal(update.status, true, update.description);
    const { transactionLogs, pendingTransactions } = await asha.state();
    assert.deepEqual(pendingTransactions, []);
    assert.deepEqual(transactionLogs.map((t) => [t.transactionId, t.narration, t.createdAt.seconds]), [[first.transactionId, 'long ago', at]]);
    const unknown = await client.replayPaymentStatusUpdate(asha.customer.customerNumber, newId(), 'success', at);
    assert.equal(unknown.status, false);
    assert.match(unknown.description, /\w/);
    assert.equal(statuses.seen.some(({ data }) => data.transactionId === first.transactionId), false);
});

test('what cannot be is refused with its status', async () => {
    const asha = await somebody();
    const cases = {
        invalid_purse: [{ purseId: 'el_prs_nobody' }, asha.wallet(), kes(1)],
        insufficient_funds: [asha.wallet('empty'), purse(), kes(1)],
        invalid_channel_number: [purse(), { ...asha.account(), channelNumber: { number: '1', channel: 'cellular' } }, kes(1)],
        not_supported: [asha.account(), asha.account(), kes(1)],
        invalid_counter_party: [purse(), { walletId: 'w', customerId: 'el_cst_nobody' }, kes(1)],
    };
    for (const [want, payment] of Object.entries(cases)) {
        const { status, description } = await client.initiatePayment(...payment, 'no');
        assert.equal(status, want, description);
        assert.match(description, /\w/);
    }
    for (const value of [kes(0), kes(-1), kes(NaN), kes(Infinity), kes(0.004), kes(1e300), { amount: 1, currencyCode: 'XYZ' }, { amount: 1, currencyCode: '' }]) {
        const { status, description } = await client.initiatePayment(purse(), asha.wallet(), value, 'no');
        assert.equal(status, 'invalid_request', `${JSON.stringify(value)}: ${description}`);
    }
    const unknown = await sim.updatePaymentStatus('el_txn_nothing', 'success');
    assert.equal(unknown.status, false);
    assert.match(unknown.description, /\w/);
    assert.deepEqual((await asha.state()).transactionLogs.filter((t) => t.status === 300), []);
});
