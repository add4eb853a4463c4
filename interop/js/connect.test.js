'use strict';

const { test, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    lib, address, credentials, connect, finish, app, simulator,
} = require('./client');
const { newNumber } = require('./phone');

after(finish);

test('an app connects', async () => {
    const client = await connect(app());
    assert.equal(client.isConnected(), true);
    assert.ok((await client.initializeCustomer({ number: newNumber(), provider: 'cellular' }).getState()).customerId);
});

test('a simulator connects', async () => {
    assert.equal((await connect(simulator())).isConnected(), true);
});

test('initializeClient and initializeSimulator, as in the README', async () => {
    const client = await lib.initializeClient(credentials(), address);
    const sim = await lib.initializeSimulator(credentials(), address);
    assert.equal(client.isConnected() && sim.isConnected(), true);
    client.disconnect();
    sim.disconnect();
});

// The client calls itself connected after a second without an error: each refusal must be sooner.
const refused = {
    'unknown org': { orgId: `el_org_${'0'.repeat(32)}` },
    'unknown app': { appId: `el_app_${'0'.repeat(32)}` },
    'unknown key': { apiKey: `el_k_test_${'0'.repeat(64)}` },
    'no key at all': { apiKey: 'secret' },
    'unknown token': { authToken: `el_tkn_${'0'.repeat(64)}` },
    'a key in place of a token': { authToken: credentials().apiKey },
    'org that is no id': { orgId: '\u0000\ufffd' },
};

for (const [name, wrong] of Object.entries(refused)) {
    for (const make of [app, simulator]) {
        test(`refused: ${name}, ${make.name}`, async () => {
            const client = make(wrong);
            const start = Date.now();
            const error = await connect(client).then(() => null, (e) => e);
            const ms = Date.now() - start;
            assert.ok(error, 'it connected');
            assert.ok(ms < 1000, `refused after ${ms} ms, when the client takes itself for connected`);
            assert.match(String(error.message || error), /\w/, 'the error says nothing');
            assert.equal(client.isConnected(), false);
        });
    }
}

test('refused: the same text whichever of org, app and key is wrong', async () => {
    const texts = await Promise.all(['unknown org', 'unknown app', 'unknown key'].map((name) => connect(app(refused[name])).catch((e) => e.message)));
    assert.equal(new Set(texts).size, 1, texts.join(' | '));
});

test('after all those refusals the right key is let in', async () => {
    assert.equal((await connect(app())).isConnected(), true);
});

test('an auth token in place of the key', async () => {
    const client = await connect(app());
    const { token, lifetime } = await client.generateAuthToken();
    assert.match(token, /^el_tkn_/);
    assert.equal(lifetime, 3600);

    const byToken = await connect(app({ apiKey: undefined, authToken: token }));
    const { customerId } = await byToken.initializeCustomer({ number: newNumber(), provider: 'cellular' }).getState();
    assert.match(customerId, /^el_cst_/);
    await assert.rejects(byToken.generateAuthToken(), 'a token makes tokens');
});
