// An app that connects once, and does nothing about a connection that ends but to go on with its work: the client
// connects again by itself after a minute, which is two seconds here. Each command that fails meanwhile has it set
// up the connection once more a minute later, also one that is there again.

const { setTimeout: later } = globalThis;
globalThis.setTimeout = (f, ms, ...args) => later(f, ms === 60000 ? 2000 : ms, ...args);

const { app, connect } = require('../client');

const client = app();
client.on('receivedSms', (notification, customer, appData, callback) => {
    console.log(`told: ${notification.text}`);
    callback();
});
const someone = new client.Customer({ number: '+254710000001', provider: 'cellular' });
let lost = false;
client.on('pending', () => {
    if (lost || !client.isConnected()) return;
    lost = true;
    for (const wait of [500, 600, 700]) {
        later(() => someone.updateTags([{ key: 'k', value: 'v' }]).catch(() => console.log('a command failed')), wait);
    }
});
connect(client).then(() => console.log('connected'));
