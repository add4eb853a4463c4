// Loans by phone: dial, apply, get your answer by SMS. A program as people wrote them for the
// original service, after its README and reference: it reads the environment and nothing else.

const { Elarian } = require('elarian');

const {
    HOST, PORT, ORG_ID, APP_ID, API_KEY, USSD_CODE, SMS_SHORT_CODE,
} = process.env;

const smsChannel = { number: SMS_SHORT_CODE, channel: 'sms' };

const client = new Elarian({ orgId: ORG_ID, appId: APP_ID, apiKey: API_KEY });

const approveLoan = async (customer, amount) => {
    const { name } = await customer.getMetadata();
    await customer.updateMetadata({ balance: amount, decidedAt: Date.now() });
    await customer.updateTags([{ key: 'has-loan', value: 'yes' }]);
    await customer.updateActivity('loans', {
        sessionId: `loan-${customer.customerId}`,
        key: 'LoanApproved',
        properties: { amount: `${amount}` },
    });
    const res = await customer.sendMessage(smsChannel, {
        body: { text: `Congratulations ${name}!\nYour loan of KES ${amount} has been approved!` },
        labels: ['loans'],
    });
    if (!['sent', 'queued'].includes(res.status)) {
        console.error(`Failed to send sms: ${res.status} ${res.description}`);
    }
};

const handleUssd = async (notification, customer, appData, callback) => {
    try {
        const { input } = notification;
        if (input.status !== 'active') {
            callback(null, { screen: 'home' });
            return;
        }
        const customerData = await customer.getMetadata();
        let { screen = 'home' } = appData || {};
        const { text } = input;
        const menu = { text: null, isTerminal: false };
        let nextScreen = screen;

        if (screen === 'home' && text !== '') {
            if (text === '1') {
                nextScreen = screen = 'request-name';
            } else if (text === '2') {
                nextScreen = 'quit';
            }
        }

        switch (nextScreen) {
        case 'quit':
            menu.text = 'Happy Coding!';
            menu.isTerminal = true;
            nextScreen = 'home';
            break;
        case 'request-name':
            menu.text = 'Alright, what is your name?';
            nextScreen = 'request-amount';
            break;
        case 'request-amount':
            await customer.updateMetadata({ name: text });
            menu.text = `Okay ${text}, how much do you need?`;
            nextScreen = 'approve-amount';
            break;
        case 'approve-amount': {
            const amount = parseInt(text, 10);
            const { name } = customerData;
            menu.text = `Awesome! ${name} we are reviewing your application and will be in touch shortly!\nHave a lovely day!`;
            menu.isTerminal = true;
            nextScreen = 'home';
            callback(menu, { screen: nextScreen });
            await approveLoan(customer, amount);
            return;
        }
        case 'home':
        default:
            menu.text = 'Welcome to MoBank!\n1. Apply for loan\n2. Quit';
            menu.isTerminal = false;
            nextScreen = 'home';
            break;
        }
        callback(menu, { ...(appData || {}), screen: nextScreen });
    } catch (error) {
        console.error('USSD Error: ', error);
    }
};

const handleSms = async (notification, customer, appData, callback) => {
    const { name, balance } = await customer.getMetadata();
    if (/balance/i.test(notification.text)) {
        callback({ body: { text: balance ? `Hey ${name}, you still owe KES ${balance}.` : 'You owe us nothing.' } }, appData);
        return;
    }
    callback({ body: { text: `Dial ${USSD_CODE} for a loan.` } }, appData);
};

client
    .on('ussdSession', handleUssd)
    .on('receivedSms', handleSms)
    .on('messageStatus', ({ messageId, status }) => console.log(`message ${messageId}: ${status}`))
    .on('error', (error) => console.error('Failed to connect: ', error))
    .on('connected', () => console.log(`App is running! Dial ${USSD_CODE}`))
    .connect({ host: HOST, port: PORT });
