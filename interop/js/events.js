'use strict';

const patience = 20000;

// Events collects what happened and lets a test wait for it, with a deadline.
class Events {
    constructor(name) {
        this.name = name;
        this.seen = [];
        this.waiting = [];
    }

    push(event) {
        this.seen.push(event);
        this.waiting.slice().forEach((wake) => wake());
    }

    // next takes the first event that matches out of those seen, or waits for it.
    next(matches = () => true, ms = patience) {
        return new Promise((resolve, reject) => {
            const take = () => {
                const i = this.seen.findIndex(matches);
                if (i < 0) return false;
                resolve(this.seen.splice(i, 1)[0]);
                return true;
            };
            if (take()) return;
            let timer;
            const done = () => {
                clearTimeout(timer);
                this.waiting = this.waiting.filter((w) => w !== wake);
            };
            const wake = () => { if (take()) done(); };
            timer = setTimeout(() => {
                done();
                const rest = JSON.stringify(this.seen.map(({ event, data, appData }) => ({ event, data, appData })));
                reject(new Error(`${this.name}: not within ${ms} ms: ${matches}; seen: ${rest}`));
            }, ms);
            this.waiting.push(wake);
        });
    }

    async take(n, matches, ms) {
        const taken = [];
        while (taken.length < n) taken.push(await this.next(matches, ms));
        return taken;
    }
}

// record notes every call of a handler and answers it: with the menu or message and the app data
// that answer gives, or not at all where answer is null.
const record = (client, event, answer = () => ({})) => {
    const events = new Events(event);
    client.on(event, (data, customer, appData, callback) => {
        events.push({ data, customer, appData, callback, at: Date.now() });
        if (!answer) return;
        const { payload, data: newData } = answer({ data, customer, appData }) || {};
        callback(payload, newData);
    });
    return events;
};

const within = (ms, what, promise) => {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

module.exports = { Events, record, within, patience };
