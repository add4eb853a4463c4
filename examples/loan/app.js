// Loans by USSD, with the menus and the app data of main.go: each goes on with what the other has lent.
//
//   npm install elarian
//   eval "$(elarian env)"
//   node app.js
const { initializeClient } = require('elarian');

const {
    HOST, PORT, ORG_ID, APP_ID, API_KEY, PURSE_ID, SMS_SHORT_CODE, VOICE_NUMBER, MPESA_PAYBILL,
} = process.env;

const sms = { channel: 'sms', number: SMS_SHORT_CODE };
const voice = { channel: 'voice', number: VOICE_NUMBER };
const purse = { purseId: PURSE_ID };
const phoneOf = (customer) => ({ customerNumber: customer.customerNumber, channelNumber: { channel: 'cellular', number: MPESA_PAYBILL } });

// Amounts are calculated in cents, which are whole numbers; kept and sent they are { currencyCode, amount }.
const cents = (cash) => Math.round((cash ? cash.amount : 0) * 100);
const kes = (n) => ({ currencyCode: 'KES', amount: n / 100 });
const words = (cash) => `KES ${cash.amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
const price = (cash) => Math.floor(cents(cash) * 110 / 100);

// What the app's payments to customers are for: it finds them again by it.
const PAYOUT = 'Loan';

const DAY = 24 * 3600;
const date = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);
const due = (from) => (Math.floor(from / DAY) + 14) * DAY;
const dayAndMonth = (seconds) => new Date(seconds * 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' });

const stands = (loan) => {
    if (loan.asked) return 'Your loan is on its way.';
    if (loan.due) return `You owe us ${words(loan.owed)}, due on ${loan.due}.`;
    if (cents(loan.owed) < 0) return `You owe us nothing, and ${words(kes(-cents(loan.owed)))} are yours.`;
    return 'You owe us nothing.';
};

let client;

// pay begins a payment; what cannot be paid is an error.
async function pay(...payment) {
    const { status, description } = await client.initiatePayment(...payment);
    if (status !== 'pending_confirmation' && status !== 'success') {
        throw Object.assign(new Error(`${status}: ${description}`), { status });
    }
}

const askToPayBack = (customer, loan) => pay(phoneOf(customer), purse, loan.owed, 'Loan paid back');

// What the app remembers of a customer is the loan, as in main.go. It is stored with the answer, in one step.
async function ussdSession(notification, customer, appData, callback) {
    const loan = { ...appData };
    const { status, text } = notification.input;
    const ask = (menu, step) => callback({ text: menu, isTerminal: false }, { ...loan, step });
    const end = (menu) => callback({ text: menu, isTerminal: true }, { ...loan, step: '' });
    if (status !== 'active') { // the phone hung up, or no answer came in time
        callback(null, { ...loan, step: '' });
    } else if (!text || !loan.step) {
        ask('Welcome to Kopa\n1. Ask for a loan\n2. My loan\n3. Pay back', 'start');
    } else if (loan.step === 'start' && text === '1' && (loan.asked || loan.due)) {
        end('You have a loan: pay it back first.');
    } else if (loan.step === 'start' && text === '1') {
        ask('How much? (100.00 to 5000.00)', 'amount');
    } else if (loan.step === 'start' && (text === '2' || !loan.due)) {
        end(stands(loan));
    } else if (loan.step === 'start' && text === '3') {
        await askToPayBack(customer, loan);
        end(`Please approve the payment of ${words(loan.owed)} on your phone.`);
    } else if (loan.step === 'amount') {
        const amount = /^\d+(\.\d\d?)?$/.test(text) ? { currencyCode: 'KES', amount: Number(text) } : kes(0);
        if (amount.amount < 100 || amount.amount > 5000) {
            ask('Please type an amount from 100.00 to 5000.00.', 'amount');
            return;
        }
        loan.amount = amount;
        const back = words(kes(cents(loan.owed) + price(amount)));
        ask(`You get ${words(amount)} now and pay back ${back} by ${dayAndMonth(due(notification.createdAt))}.\n1. Yes\n2. No`, 'confirm');
    } else if (loan.step === 'confirm' && text === '1') {
        try {
            await pay(purse, phoneOf(customer), loan.amount, PAYOUT);
        } catch (error) {
            if (error.status !== 'insufficient_funds') throw error;
            end('We cannot lend that much today.');
            return;
        }
        loan.asked = true;
        end(`${words(loan.amount)} are on their way to you.`);
    } else {
        end('Good bye.');
    }
}

const tell = (customer, text) => customer.sendMessage(sms, { body: { text } });

// paymentStatus is told what became of what was paid out, of what the phone was asked for, and of what came
// by the paybill if that changes later. It goes by the payment in the customer's state.
async function paymentStatus(notification, customer, appData, callback) {
    const { paymentState } = await customer.getState();
    const payment = paymentState.transactionLogs.find((p) => p.transactionId === notification.transactionId);
    const { creditParty, narration } = payment || {}; // which is not there while it is pending
    if (narration === PAYOUT) {
        callback(null, await paidOut(notification, customer, { ...appData, asked: false }, payment.value));
    } else if (creditParty && creditParty.purse && creditParty.purse.purseId === PURSE_ID) {
        callback(null, await paidIn(notification, customer, { ...appData }, payment.value));
    } else {
        callback(null, appData);
    }
}

// paidOut begins the loan where the money has arrived, and gives the loan as it is then.
async function paidOut({ status, createdAt }, customer, loan, value) {
    if (status === 'success') {
        const day = due(createdAt);
        const now = {
            ...loan, owed: kes(cents(loan.owed) + price(value)), due: date(day), reminded: 0,
        };
        // At 9:00 (UTC) on the day before it is due, and each day from then on.
        await customer.addReminder({ key: 'repay', remindAt: day - 15 * 3600, interval: DAY });
        await tell(customer, `You have got ${words(value)}. Pay back ${words(now.owed)} to ${MPESA_PAYBILL} by ${now.due}.`);
        return now;
    }
    if (status === 'reversed') {
        const now = { ...loan, owed: kes(cents(loan.owed) - price(value)), due: '' };
        await customer.cancelReminder('repay');
        await tell(customer, `Your loan of ${words(value)} was taken back. ${stands(now)}`);
        return now;
    }
    await tell(customer, 'Your loan could not be paid out.');
    return loan;
}

// paidIn takes what was paid off the loan.
async function paidIn({ status, createdAt }, customer, loan, value) {
    if (status === 'success') return paid(customer, loan, value);
    if (status === 'reversed') {
        const now = { ...loan, owed: kes(cents(loan.owed) + cents(value)) };
        if (!now.due && cents(now.owed) > 0) now.due = date(createdAt);
        await tell(customer, `Your payment of ${words(value)} was taken back. ${stands(now)}`);
        return now;
    }
    await tell(customer, `Nothing was paid. ${stands(loan)}`);
    return loan;
}

// receivedPayment is told of money that the customer has paid to the paybill.
async function receivedPayment(notification, customer, appData, callback) {
    const { status, value } = notification;
    callback(null, status === 'success' ? await paid(customer, { ...appData }, value) : appData);
}

// paid takes a payment off the loan, and gives the loan as it is then. It is stored in the same step as the
// notification is acknowledged: a payment that is told twice counts once.
async function paid(customer, loan, value) {
    const now = { ...loan, owed: kes(cents(loan.owed) - cents(value)) };
    if (cents(now.owed) > 0) {
        await tell(customer, `Thank you for ${words(value)}. You still owe us ${words(now.owed)}.`);
        return now;
    }
    now.due = '';
    await customer.cancelReminder('repay');
    await tell(customer, `Thank you for ${words(value)}. ${stands(now)}`);
    return now;
}

// reminder writes twice; the third time, which is the last, it calls.
async function reminder(notification, customer, appData, callback) {
    const loan = { ...appData, reminded: (appData.reminded || 0) + 1 };
    if (loan.reminded < 3) {
        await tell(customer, `Please pay back ${words(loan.owed)} to ${MPESA_PAYBILL}. It is due on ${loan.due}.`);
    } else {
        await customer.cancelReminder('repay');
        const text = `Your loan of ${words(loan.owed)} was due on ${loan.due}. Press 1 to pay it back now.`;
        await customer.sendMessage(voice, { body: { voice: [{ getDigits: { say: { text }, timeout: 10, numDigits: 1 } }] } });
    }
    callback(null, loan);
}

// voiceCall says how the call goes on in which the customer is reminded.
async function voiceCall(notification, customer, appData, callback) {
    const { direction, status, dtmfDigits } = notification.voice;
    const say = (text) => callback([{ say: { text } }], appData);
    if (direction === 'inbound' && status === 'ringing') {
        say('Please dial *83044# for a loan.');
    } else if (dtmfDigits === '1' && appData.due) {
        await askToPayBack(customer, appData);
        say('Thank you. Please approve the payment on your phone.');
    } else if (dtmfDigits) {
        say('Good bye.');
    } else {
        callback(null, appData);
    }
}

async function main() {
    client = await initializeClient({ orgId: ORG_ID, appId: APP_ID, apiKey: API_KEY }, { host: HOST, port: PORT });
    const handlers = {
        ussdSession, paymentStatus, receivedPayment, reminder, voiceCall,
    };
    // What fails is not answered: a session then ends with an apology.
    Object.entries(handlers).forEach(([event, handler]) => client.on(event, (...args) => handler(...args)
        .catch((error) => console.error(`${event}:`, error))));
    console.log('Loans are given (Ctrl-C ends)');
}

main().catch((error) => {
    console.error('Not connected:', error || `is the server at ${HOST}:${PORT} running?`);
    process.exit(1);
});
