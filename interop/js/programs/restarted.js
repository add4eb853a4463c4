// An app that connects once, and does nothing about a connection that ends: the client connects again by itself
// after a minute, which is a moment here.

const { setTimeout: later } = globalThis;
globalThis.setTimeout = (f, ms, ...args) => later(f, ms === 60000 ? 50 : ms, ...args);

const { app, connect } = require('../client');

const client = app();
client.on('receivedSms', (notification, customer, appData, callback) => {
    console.log(`told: ${notification.text}`);
    callback();
});
connect(client).then(() => console.log('connected'));
