'use strict';

// Two orgs on one server share nothing. OTHER_ORG_ID, OTHER_APP_ID and OTHER_API_KEY are of the second.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, connect, finish, app, simulator, credentials,
} = require('../client');
const { record } = require('../events');
const { newPhone } = require('../phone');

const other = () => ({ orgId: env('OTHER_ORG_ID'), appId: env('OTHER_APP_ID'), apiKey: env('OTHER_API_KEY') });

let mine;
let theirs;
let sim;
let told;

before(async () => {
    mine = app();
    theirs = app(other());
    sim = simulator();
    told = [record(mine, 'receivedSms'), record(theirs, 'receivedSms')];
    await Promise.all([connect(mine), connect(theirs), connect(sim)]);
});
after(finish);

for (const what of ['orgId', 'appId', 'apiKey']) {
    test(`refused: the other org's ${what}`, async () => {
        for (const make of [app, simulator]) {
            const begun = Date.now();
            await assert.rejects(connect(make({ [what]: other()[what] })), /\w/);
            assert.ok(Date.now() - begun < 1000, `refused after ${Date.now() - begun} ms`);
        }
    });
}

test("refused: the other org's auth token", async () => {
    const { token } = await theirs.generateAuthToken();
    await assert.rejects(connect(app({ apiKey: undefined, authToken: token })), /\w/);
});

// A customer belongs to the client that was made last, so it is told whose it is.
const of = (client, params) => Object.assign(new client.Customer(params), { client });

test('one number is two customers, who do not know each other', async () => {
    const { number } = newPhone(sim);
    const a = of(mine, { number, provider: 'cellular' });
    const b = of(theirs, { number, provider: 'cellular' });
    await a.updateMetadata({ secret: 'mine' });
    await a.updateSecondaryIds([{ key: 'passport', value: number }]);
    assert.deepEqual(await b.getMetadata(), {});
    const [{ customerId: mineId }, { customerId: theirId }] = await Promise.all([a.getState(), b.getState()]);
    assert.notEqual(mineId, theirId);

    await assert.rejects(of(theirs, { id: mineId }).getState(), /\w/);
    await assert.rejects(of(theirs, { id: mineId }).updateMetadata({ secret: 'stolen' }), /\w/);
    await assert.rejects(of(theirs, { id: mineId }).leaseAppData(), /\w/);
    await assert.rejects(b.adoptState(of(theirs, { id: mineId })), /\w/);
    const found = Object.assign(of(theirs, {}), { secondaryId: { key: 'passport', value: number } });
    await assert.rejects(found.getState(), /\w/);
    await b.updateSecondaryIds([{ key: 'passport', value: number }]); // theirs is another world
    assert.deepEqual(await a.getMetadata(), { secret: 'mine' });
});

test('what a phone sends goes to its own org', async () => {
    const phone = newPhone(sim);
    await phone.sms('hello');
    const { data } = await told[0].next((e) => e.data.customerNumber.number === phone.number);
    assert.equal(data.orgId, credentials().orgId);
    assert.deepEqual(told[1].seen, []);
});
