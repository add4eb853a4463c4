'use strict';

// An app that tells its parent what it was notified of, and answers. To the phone that its parent
// names it behaves otherwise: never (answers), or crash: an async handler that throws, which ends a
// Node program.

const { app, connect } = require('../client');

const [, , behaviour, number] = process.argv;

const handle = (event) => async (data, customer, appData, callback) => {
    process.send({ event, data });
    const odd = data.customerNumber && data.customerNumber.number === number;
    if (odd && behaviour === 'crash') throw new Error('an async handler is broken (as this test wants it)');
    if (!odd) callback(data.input ? { text: `by ${process.pid}`, isTerminal: true } : undefined);
};

const client = app();
['receivedSms', 'ussdSession', 'customerActivity', 'messageStatus'].forEach((event) => client.on(event, handle(event)));
// A connection that has sent a command has its share of the customers at once.
connect(client).then(() => client.generateAuthToken()).then(
    () => process.send({ event: 'connected' }),
    (error) => { process.send({ event: 'refused', data: String(error) }); process.exit(1); },
);
process.on('disconnect', () => process.exit());
