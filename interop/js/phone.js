'use strict';

const assert = require('node:assert/strict');
const { env } = require('./client');
const { record } = require('./events');

// Phone is somebody's phone, played by a connected simulator.
class Phone {
    constructor(simulator, number) {
        this.simulator = simulator;
        this.number = number;
        this.sessions = 0;
    }

    sms(text, to = env('SMS_SHORT_CODE')) {
        return this.simulator.receiveMessage(this.number, { number: to, channel: 'sms' }, '', [{ text }]);
    }

    // dial begins a USSD session; each answer typed is a hop. Both give the menu.
    async dial() { return menuOf(await this.ring()); }

    async type(text) { return menuOf(await this.hop({ status: 'active', text })); }

    // ring is dial for whom expects no menu: it gives the whole reply.
    ring() {
        this.sessions += 1;
        this.session = `ussd-${this.number}-${this.sessions}`;
        return this.hop({ status: 'active', text: '' });
    }

    hangUp() { return this.hop({ status: 'incomplete', text: '' }); }

    hop(ussd) {
        return this.simulator.receiveMessage(this.number, { number: env('USSD_CODE'), channel: 'ussd' }, this.session, [{ ussd }]);
    }
}

const menuOf = (reply) => {
    if (!reply.status || !reply.message) throw new Error(`no menu: ${JSON.stringify(reply)}`);
    return reply.message.body.ussd;
};

// A session that failed: the phone is told so, with a menu that ends it.
const assertFailed = (reply) => {
    assert.equal(reply.status, false);
    assert.match(reply.description, /app|connection/);
    assert.equal(reply.message.body.ussd.isTerminal, true);
    assert.match(reply.message.body.ussd.text, /\w/);
};

let phones = 0;

// A number nobody else of this process has.
const newNumber = () => {
    phones += 1;
    return `+2547${String(10000000 + (process.pid % 10000) * 1000 + phones)}`;
};

const newPhone = (simulator) => new Phone(simulator, newNumber());

// outbox collects what the server sends to phones.
const outbox = (simulator) => record(simulator, 'sendMessage');

module.exports = {
    assertFailed, newNumber, newPhone, outbox,
};
