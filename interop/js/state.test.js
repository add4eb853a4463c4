'use strict';

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { connect, finish, app } = require('./client');
const { newNumber } = require('./phone');

let client;

before(async () => { client = await connect(app()); });
after(finish);

const newCustomer = (extra = {}) => client.initializeCustomer({ number: newNumber(), provider: 'cellular', ...extra });
const byId = (id) => client.initializeCustomer({ id });
const now = () => Math.floor(Date.now() / 1000);

test('a customer is made by its number, and is the same by its id', async () => {
    const customer = newCustomer();
    const { customerId, ...state } = await customer.getState();
    assert.match(customerId, /^el_cst_[0-9a-f]{32}$/);
    assert.deepEqual(state.identityState, { tags: [], secondaryIds: [], metadata: {} });
    assert.equal((await byId(customerId).getState()).customerId, customerId);
    assert.equal((await client._createCustomer(customer.customerNumber)).customerId, customerId);
});

test('one number in two partitions is two customers', async () => {
    const number = newNumber();
    const [a, b, c] = await Promise.all(['', 'north', 'south'].map((partition) => newCustomer({ number, partition }).getState()));
    assert.equal(new Set([a.customerId, b.customerId, c.customerId]).size, 3);
});

test('every provider has its customers', async () => {
    const numbers = {
        cellular: newNumber(), facebook: '1234567890', telegram: '987654321', email: 'Asha@Example.test', app: 'some-user-1',
    };
    const ids = await Promise.all(Object.entries(numbers).map(async ([provider, number]) => {
        const { customerId } = await newCustomer({ number, provider }).getState();
        return customerId;
    }));
    assert.equal(new Set(ids).size, ids.length);
});

test('an unknown id is refused, and says so', async () => {
    const id = `el_cst_${'0'.repeat(32)}`;
    await assert.rejects(byId(id).getState(), /\w/);
    await assert.rejects(byId(id).updateMetadata({ a: 1 }), /\w/);
    await assert.rejects(byId(id).leaseAppData(), /\w/);
});

test('an impossible number is refused', async () => {
    await assert.rejects(newCustomer({ number: 'nobody' }).getState(), /number/i);
});

test('tags: update, replace, expire, delete', async () => {
    const customer = newCustomer();
    const expiresAt = now() + 3600;
    const { status, customerId } = await customer.updateTags([
        { key: 'Plan', value: 'gold' }, { key: 'trial', value: 'yes', expiresAt }, { key: 'gone', value: 'x', expiresAt: 1 },
    ]);
    assert.equal(status, true);
    assert.match(customerId, /^el_cst_/);
    const byKey = (list) => [...list].sort((a, b) => a.key.localeCompare(b.key));
    assert.deepEqual(byKey(await customer.getTags()), [
        { key: 'Plan', value: 'gold', expiration: 0 }, { key: 'trial', value: 'yes', expiration: expiresAt },
    ]);
    await customer.updateTags([{ key: 'plan', value: 'silver' }]);
    assert.deepEqual((await customer.getTags()).find((t) => t.key === 'Plan'), { key: 'Plan', value: 'silver', expiration: 0 });
    await customer.deleteTags(['PLAN', 'never-there']);
    assert.deepEqual((await customer.getTags()).map((t) => t.key), ['trial']);
});

test('secondary ids: found by them, unique in the org, deleted by key and value', async () => {
    const customer = newCustomer();
    const other = newCustomer();
    const secondaryId = { key: 'passport', value: `A${newNumber()}` };
    await customer.updateSecondaryIds([secondaryId]);
    const { customerId } = await customer.getState();
    assert.deepEqual(await customer.getSecondaryIds(), [{ ...secondaryId, expiration: 0 }]);

    const found = Object.assign(byId(undefined), { secondaryId });
    assert.equal((await found.getState()).customerId, customerId);

    await assert.rejects(other.updateSecondaryIds([{ key: 'free', value: 'yes' }, secondaryId]), /\w/);
    assert.deepEqual(await other.getSecondaryIds(), [], 'a refused update changed something');

    await customer.deleteSecondaryIds([secondaryId]);
    assert.deepEqual(await customer.getSecondaryIds(), []);
    await assert.rejects(Object.assign(byId(undefined), { secondaryId }).getState(), /\w/);
    await other.updateSecondaryIds([secondaryId]);
});

test('metadata: merged by key, exact, deleted by keys', async () => {
    const customer = newCustomer();
    const everything = {
        text: 'Grüße, 世界 🌍\u0000', number: 25.5, zero: 0, list: [1, null, 'x'], object: { deep: { er: true } }, 'key with spaces': '',
    };
    await customer.updateMetadata(everything);
    assert.deepEqual(await customer.getMetadata(), everything);
    await customer.updateMetadata({ number: 26, more: true });
    assert.deepEqual(await customer.getMetadata(), { ...everything, number: 26, more: true });
    await customer.deleteMetadata(['text', 'object', 'absent']);
    const { text, object, ...rest } = everything;
    assert.deepEqual(await customer.getMetadata(), { ...rest, number: 26, more: true });
});

test('metadata: read your writes, with a hundred in flight', async () => {
    const customers = Array.from({ length: 100 }, () => newCustomer());
    await Promise.all(customers.map(async (customer, i) => {
        await customer.updateMetadata({ i });
        assert.deepEqual(await customer.getMetadata(), { i });
    }));
});

test('metadata: limits are named, and change nothing', async () => {
    const customer = newCustomer();
    await customer.updateMetadata({ kept: 1 });
    await assert.rejects(customer.updateMetadata({ big: 'x'.repeat(70 * 1024), other: 1 }), /65536/);
    await assert.rejects(customer.updateMetadata({ ['k'.repeat(300)]: 1 }), /256/);
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i]));
    await assert.rejects(customer.updateMetadata(many), /256/);
    assert.deepEqual(await customer.getMetadata(), { kept: 1 });
});

test('a payload over the limit is refused, and the app goes on', async () => {
    const own = await connect(app());
    const customer = own.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    await customer.getState();
    await assert.rejects(customer.updateMetadata({ huge: 'x'.repeat(3 << 20) }), /\w/);
    client = await connect(app()); // customers go by the client that was made last
    assert.deepEqual(await newCustomer().getMetadata(), {});
});

test('app data: update, lease, delete', async () => {
    const customer = newCustomer();
    assert.deepEqual(await customer.leaseAppData(), {}, 'nothing stored: no value');
    const { status, customerId } = await customer.updateAppData({ step: 1, name: 'Asha' });
    assert.equal(status, true);
    assert.match(customerId, /^el_cst_/);
    assert.deepEqual(await customer.leaseAppData(), { step: 1, name: 'Asha' });
    assert.equal((await customer.deleteAppData()).status, true);
    assert.deepEqual(await customer.leaseAppData(), {});
    await customer.updateAppData({ step: 2 });
});

test('app data: a lease waits for the one before, first come first served', async () => {
    const customer = newCustomer();
    await customer.updateAppData({ turn: 0 });
    assert.deepEqual(await customer.leaseAppData(), { turn: 0 });
    const order = [];
    const waiting = [1, 2, 3].map(async (turn) => {
        const data = await customer.leaseAppData();
        order.push(data.turn);
        await customer.updateAppData({ turn });
    });
    // Others are not delayed, nor is any other command of this customer.
    const other = newCustomer();
    assert.deepEqual(await other.leaseAppData(), {});
    await other.updateAppData({ mine: true });
    await customer.updateMetadata({ while: 'leased' });
    assert.deepEqual(await customer.getMetadata(), { while: 'leased' });
    assert.deepEqual(order, [], 'a lease was granted twice');

    await customer.updateAppData({ turn: 'freed' });
    await Promise.all(waiting);
    assert.deepEqual(order, ['freed', 1, 2]);
});

test('adoptState: one customer takes over the other', async () => {
    const winner = newCustomer();
    const loser = newCustomer();
    await winner.updateMetadata({ name: 'Winner', town: 'Nairobi' });
    await loser.updateMetadata({ name: 'Loser', age: 30 });
    await loser.updateTags([{ key: 'plan', value: 'gold' }]);
    const secondaryId = { key: 'id', value: newNumber() };
    await loser.updateSecondaryIds([secondaryId]);
    const { customerId } = await winner.getState();
    const { customerId: loserId } = await loser.getState();

    assert.equal((await winner.adoptState(loser)).customerId, customerId);

    assert.deepEqual(await winner.getMetadata(), { name: 'Winner', town: 'Nairobi', age: 30 });
    assert.deepEqual((await winner.getTags()).map((t) => t.value), ['gold']);
    assert.deepEqual((await winner.getSecondaryIds()).map((t) => t.value), [secondaryId.value]);
    const byNumber = client.initializeCustomer(loser.customerNumber);
    assert.equal((await byNumber.getState()).customerId, customerId, 'the number leads elsewhere');
    await assert.rejects(byId(loserId).getState(), /\w/, 'the adopted id still answers');
    await assert.rejects(winner.adoptState(winner), /\w/, 'adopted itself');
});
