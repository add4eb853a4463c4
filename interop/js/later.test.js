'use strict';

// Commands of later releases: the client says clearly that they are not there yet, and goes on. Who
// makes one work takes its line out here and writes its tests.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator,
} = require('./client');
const { newNumber } = require('./phone');

let client;
let sim;
let customer;

before(async () => {
    client = await connect(app());
    sim = await connect(simulator());
    customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
});
after(finish);

const soon = () => Math.floor(Date.now() / 1000) + 60;
const kes = { amount: 100, currencyCode: 'KES' };
const purse = () => ({ purseId: env('PURSE_ID') });
const payer = () => ({
    customerNumber: customer.customerNumber, channelNumber: { number: env('MPESA_PAYBILL'), channel: 'cellular' },
});

const commands = {
    initiatePayment: () => client.initiatePayment(purse(), payer(), kes, 'test'),
    replayPaymentStatusUpdate: () => client.replayPaymentStatusUpdate(customer.customerNumber, 'tx', 'success', soon()),
    receivePayment: () => sim.receivePayment('tx-1', customer.customerNumber.number, { number: env('MPESA_PAYBILL'), channel: 'cellular' }, kes, 'success'),
    updatePaymentStatus: () => sim.updatePaymentStatus('tx-1', 'success'),
};

for (const [name, command] of Object.entries(commands)) {
    test(`not available yet: ${name}`, async () => {
        const told = await command().then(
            ({ status, description }) => {
                assert.notEqual(status, true);
                return description;
            },
            (error) => error.message,
        );
        assert.match(told, /not available yet/i);
    });
}

test('the connection goes on after them', async () => {
    assert.equal(client.isConnected(), true);
    await customer.updateMetadata({ still: 'here' });
    assert.deepEqual(await customer.getMetadata(), { still: 'here' });
});
