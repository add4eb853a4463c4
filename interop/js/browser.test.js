'use strict';

// The client's build for browsers, as it is shipped (elarian/web.js), in a global scope that has
// nothing of Node's. It connects by WebSocket, with an auth token, and takes no notifications.

const { test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const {
    env, lib, connect, finish, app, browser, wsAddress,
} = require('./client');
const { record, within } = require('./events');
const { newNumber, newPhone, outbox } = require('./phone');

let server; // the app's own process, which makes the tokens and takes the notifications
let page;
let token;

before(async () => {
    server = await connect(app());
    ({ token } = await server.generateAuthToken());
    page = browser();
});
after(finish);

const config = () => ({ orgId: env('ORG_ID'), appId: env('APP_ID'), authToken: token });

test('it connects and its commands work', async () => {
    const client = await connect(new page.Elarian(config()), wsAddress());
    const customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    await customer.updateMetadata({ from: 'a browser', umlauts: 'äöü 🌍' });
    assert.deepEqual({ ...await customer.getMetadata() }, { from: 'a browser', umlauts: 'äöü 🌍' });
    await customer.updateTags([{ key: 'k', value: 'v' }]);
    assert.equal((await customer.getTags())[0].value, 'v');
    await customer.updateAppData({ a: 1 });
    assert.equal((await customer.leaseAppData()).a, 1);
    await customer.deleteAppData();
    assert.equal((await customer.updateActivity('web', { sessionId: 's', key: 'k', properties: { p: 'q' } })).status, true);
    const { status } = await customer.sendMessage({ number: env('SMS_SHORT_CODE'), channel: 'sms' }, { body: { text: 'hi' } });
    assert.ok(['sent', 'queued'].includes(status), status);
});

test('a wrong token is refused in time', async () => {
    const start = Date.now();
    await assert.rejects(connect(new page.Elarian({ ...config(), authToken: `el_tkn_${'0'.repeat(64)}` }), wsAddress()));
    assert.ok(Date.now() - start < 1000, `refused after ${Date.now() - start} ms`);
});

test('notifications go to the app\'s process, not to the page', async () => {
    const client = new page.Elarian(config());
    let told = 0;
    client.on('customerActivity', () => { told += 1; });
    await connect(client, wsAddress());
    const activities = record(server, 'customerActivity');
    const customer = client.initializeCustomer({ number: newNumber(), provider: 'cellular' });
    for (const key of ['a', 'b', 'c']) {
        await customer.updateActivity('web', { sessionId: 's', key, properties: {} });
        await activities.next((e) => e.data.activity.key === key);
    }
    assert.equal(told, 0);
});

test('a simulator in a page plays phones', async () => {
    const sim = await connect(new page.Simulator(config()), wsAddress());
    const sent = outbox(sim);
    record(server, 'receivedSms', () => ({ payload: { body: { text: 'welcome' } } }));
    record(server, 'ussdSession', () => ({ payload: { text: 'menu', isTerminal: true } }));
    const phone = newPhone(sim);
    assert.equal((await phone.sms('hello')).status, true);
    assert.equal((await within(10000, 'the reply', sent.next())).data.message.body.text, 'welcome');
    assert.equal((await phone.dial()).text, 'menu');
});

test('both libraries in one process have their own customers', async () => {
    assert.notEqual(page.Elarian, lib.Elarian);
});
