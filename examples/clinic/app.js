// An app to begin with: appointments by USSD, a reminder by SMS the day before, and an answer to text
// messages. It has the menus and the app data of main.go: each goes on with what the other has booked.
//
//   npm install elarian
//   eval "$(elarian env)"
//   node app.js
const { initializeClient } = require('elarian');

const { HOST, PORT, ORG_ID, APP_ID, API_KEY, SMS_SHORT_CODE } = process.env;

// What the app remembers of a customer between two menus is the booking: { step, day }. It is stored
// with the answer, in one step.
async function ussdSession(notification, customer, appData, callback) {
    const booking = appData || {};
    const { status, text } = notification.input;
    if (status !== 'active') { // the phone hung up, or no answer came in time
        callback(null, { ...booking, step: '' });
    } else if (!text || !booking.step) {
        callback({ text: 'Welcome to Afya Clinic\n1. Book an appointment\n2. My appointments', isTerminal: false }, { ...booking, step: 'start' });
    } else if (booking.step === 'start' && text === '1') {
        callback({ text: 'Which day? (DD/MM)', isTerminal: false }, { ...booking, step: 'day' });
    } else if (booking.step === 'start' && text === '2') {
        const answer = booking.day ? `You have an appointment on ${booking.day}.` : 'You have no appointment.';
        callback({ text: answer, isTerminal: true }, { ...booking, step: '' });
    } else if (booking.step === 'start') {
        callback({ text: `There is no ${text}.\n1. Book an appointment\n2. My appointments`, isTerminal: false }, booking);
    } else {
        const day = nextDay(text);
        if (!day) {
            callback({ text: 'That is no day. Which day? (DD/MM)', isTerminal: false }, booking);
            return;
        }
        // A reminder takes the place of the one of the same key; one whose time has passed comes at once.
        const remindAt = Date.parse(day) / 1000 - 15 * 3600; // 9:00 (UTC) on the day before
        await customer.addReminder({ key: 'visit', remindAt, payload: day });
        await customer.sendMessage({ channel: 'sms', number: SMS_SHORT_CODE }, { body: { text: `Your appointment is on ${day}.` } });
        callback({ text: `See you on ${day}.`, isTerminal: true }, { ...booking, step: '', day });
    }
}

// reminder is called when the time of a reminder has come.
async function reminder(notification, customer, appData, callback) {
    const { payload } = notification.reminder;
    await customer.sendMessage({ channel: 'sms', number: SMS_SHORT_CODE }, { body: { text: `Do not forget your appointment on ${payload}.` } });
    callback(null, appData);
}

// nextDay gives the next such day as YYYY-MM-DD, this year or the next; undefined where it is none.
function nextDay(text) {
    const [, day, month] = /^(\d{1,2})\/(\d{1,2})$/.exec(text) || [];
    const today = new Date().toISOString().slice(0, 10);
    const year = new Date().getUTCFullYear();
    return [year, year + 1]
        .map((y) => new Date(Date.UTC(y, month - 1, day)))
        .filter((d) => d.getUTCDate() === Number(day) && d.getUTCMonth() === month - 1)
        .map((d) => d.toISOString().slice(0, 10))
        .find((d) => d >= today);
}

async function main() {
    const client = await initializeClient({ orgId: ORG_ID, appId: APP_ID, apiKey: API_KEY }, { host: HOST, port: PORT });
    client.on('ussdSession', ussdSession);
    client.on('reminder', reminder);
    client.on('receivedSms', (notification, customer, appData, callback) => {
        callback({ body: { text: `You wrote: ${notification.text}. Dial *83044# for an appointment.` } }, appData);
    });
    console.log('The clinic is open (Ctrl-C ends)');
}

main().catch((error) => {
    console.error('Not connected:', error || `is the server at ${HOST}:${PORT} running?`);
    process.exit(1);
});
