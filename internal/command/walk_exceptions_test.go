package command_test

import (
	"slices"
	"strings"
)

// never are the variants that are refused however good they are.
var never = map[string]string{
	"send_message.message.body.ussd":     "a USSD session cannot be opened by the app",
	"reply_to_message.message.body.ussd": "a USSD session cannot be opened by the app",
	"send_message_tag.message.body.ussd": "a USSD session cannot be opened by the app",

	"initiate_payment.debit_party.channel": "behaviour.md 11: a channel is credited only",
	"replay_payment.debit_party.channel":   "behaviour.md 11: a channel is credited only",
}

// exception is why fields that are spoilt so are not refused by their names.
type exception struct {
	fields  string // as Message.field, or as command:path
	spoilt  string // with commas between; without any: missing in any way
	names   string // what is named instead; without it: the command is accepted
	because string
}

const absent = "missing,of another wire type,empty"

const (
	flag    = "a flag that is not set is off"
	theRest = "where it is absent, the server chooses"
	open    = "wire.md: a reader does not reject the unknown numbers of an enum"
)

var exceptions = []exception{
	{fields: "CustomerNumber.partition", because: "behaviour.md 2: absent and empty are the same"},
	{fields: "CustomerIndex.expires_at", because: "behaviour.md 3: absent or zero is never"},
	{fields: "update_customer_tag:updates.mapping.value send_message_tag:tag.value add_customer_reminder_tag:tag.value cancel_customer_reminder_tag:tag.value",
		because: "a tag can be a key with an empty value"},
	{fields: "DeleteCustomerTagCommand.deletions DeleteCustomerMetadataCommand.deletions DeleteCustomerSecondaryIdCommand.deletions", spoilt: "with an empty one",
		because: "behaviour.md 3: deleting what is absent succeeds"},
	{fields: "delete_customer_secondary_id:deletions.key delete_customer_secondary_id:deletions.value", because: "behaviour.md 3: deleting what is absent succeeds"},
	{fields: "DataMapValue.string_val", spoilt: "empty", because: "an empty text is a value"},
	{fields: "update_customer_metadata:updates.string_val update_customer_metadata:updates.bytes_val", spoilt: "too long", names: "updates: the value of \"k\"", because: "values are named by their keys"},
	{fields: "update_customer_app_data:update.string_val update_customer_app_data:update.bytes_val", spoilt: "too long", names: "update", because: "the limit is one of the value, whatever its kind"},
	{fields: "CustomerReminder.interval", because: "behaviour.md 5: without one it fires once"},
	{fields: "CustomerReminder.payload", because: "behaviour.md 5: the payload is optional"},
	{fields: "CustomerActivityCommand.properties", because: "an activity has its key"},

	{fields: "OutboundMessage.labels OutboundMessage.provider_tag OutboundMessage.reply_prompt OutboundMessageReplyPrompt.menu", because: "a message can do without"},
	{fields: "send_message:message.reply_token reply_to_message:message.reply_token", spoilt: "missing,of another wire type", because: "a reply token is for who wants to answer in a session only"},
	{fields: "replay_sent_message:message.reply_token", spoilt: absent, because: "what is imported was sent: its token is not checked"},
	{fields: "OutboundMessageReplyPrompt.action", spoilt: absent + ",unknown,negative", because: open + "; the prompt's menu is shown"},
	{fields: "OutboundMessageBody.text OutboundMessageBody.media OutboundMessageBody.location OutboundMessageBody.template OutboundMessageBody.url",
		spoilt: "of the kind text,of the kind media,of the kind location,of the kind template,of the kind url", because: "Telegram carries it"},
	{fields: "OutboundMessageBody.email", spoilt: "of the kind text,of the kind template", because: "e-mail carries it"},
	{fields: "InboundMessageBody.text InboundMessageBody.media InboundMessageBody.location", spoilt: "of the kind text,of the kind media,of the kind location", because: "Telegram carries it"},
	{fields: "InboundMessageBody.email", spoilt: "of the kind text,of the kind media,of the kind location", because: "an e-mail can have it"},
	{fields: "MediaMessageBody.media", spoilt: absent + ",unknown,negative", because: open + "; the URL leads to what it is"},
	{fields: "LocationMessageBody.latitude LocationMessageBody.longitude", because: "zero is a place"},
	{fields: "OutboundMessageBody.location InboundMessageBody.location", spoilt: "empty", because: "zero is a place"},
	{fields: "LocationMessageBody.label LocationMessageBody.address", because: "a place can do without a name"},
	{fields: "EmailMessageBody.subject EmailMessageBody.body_plain EmailMessageBody.body_html EmailMessageBody.cc_list EmailMessageBody.bcc_list", because: "an e-mail has one of subject and bodies"},
	{fields: "replay_sent_message:message.body.template.params", because: "what is imported was sent: it is not rendered"},
	{fields: "replay_sent_message:message.body.template.id", spoilt: "of another org", because: "what is imported was sent: a template of that name may be gone"},
	{fields: "UssdMenuMessageBody.text", because: "an app may have shown an empty menu"},
	{fields: "OutboundMessageBody.ussd", spoilt: "empty", because: "an app may have shown an empty menu"},
	{fields: "UssdMenuMessageBody.is_terminal", because: flag},

	{fields: "OutboundMessageBody.voice", spoilt: "empty", because: "without a plan the app is asked when the call is answered"},
	{fields: "VoiceCallDialplanMessageBody.actions", because: "without a plan the app is asked when the call is answered"},
	{fields: "SayCallAction.voice", spoilt: absent + ",unknown,negative", because: open + "; " + theRest},
	{fields: "SayCallAction.play_beep DialCallAction.record DialCallAction.sequential GetRecordingCallAction.play_beep GetRecordingCallAction.trim_silence DequeueCallAction.record", because: flag},
	{fields: "VoiceCallAction.get_digits VoiceCallAction.get_recording VoiceCallAction.record_session VoiceCallAction.enqueue VoiceCallAction.dequeue VoiceCallAction.reject", spoilt: "empty",
		because: "the action is whole without its details"},
	{fields: "GetDigitsCallAction.say GetDigitsCallAction.play GetRecordingCallAction.say GetRecordingCallAction.play", spoilt: "missing,of another wire type", because: "nothing has to be said before"},
	{fields: "GetDigitsCallAction.timeout GetDigitsCallAction.finish_on_key GetDigitsCallAction.num_digits GetRecordingCallAction.timeout GetRecordingCallAction.max_length GetRecordingCallAction.finish_on_key",
		because: theRest},
	{fields: "DialCallAction.ringback_tone DialCallAction.caller_id DialCallAction.max_duration EnqueueCallAction.hold_music EnqueueCallAction.queue_name DequeueCallAction.channel_number DequeueCallAction.queue_name",
		because: theRest},
	{fields: "send_message:message.body.voice.actions.dial.customer_numbers.provider reply_to_message:message.body.voice.actions.dial.customer_numbers.provider " +
		"send_message_tag:message.body.voice.actions.dial.customer_numbers.provider replay_sent_message:message.body.voice.actions.dial.customer_numbers.provider", because: "a call dials cellular numbers"},
	{fields: "send_message:message.body.voice.actions.dequeue.channel_number.channel reply_to_message:message.body.voice.actions.dequeue.channel_number.channel " +
		"send_message_tag:message.body.voice.actions.dequeue.channel_number.channel replay_sent_message:message.body.voice.actions.dequeue.channel_number.channel", because: "calls wait on voice channels"},
	{fields: "send_message:message.body.voice.actions.dequeue.channel_number.number reply_to_message:message.body.voice.actions.dequeue.channel_number.number " +
		"send_message_tag:message.body.voice.actions.dequeue.channel_number.number replay_sent_message:message.body.voice.actions.dequeue.channel_number.number", spoilt: absent + ",of another org",
		because: "without one it is the call's own; queues are of the org, and in one of that name nobody waits"},

	{fields: "initiate_payment:value.amount replay_payment:value.amount receive_payment:value.amount", names: "value.amount", because: "nothing cannot be paid"},
	{fields: "InitiatePaymentCommand.narration ReplayPaymentCommand.narration", because: "a payment can do without words"},
	{fields: "PaymentChannelCounterParty.channel_code", spoilt: "missing,of another wire type,out of range", because: "not every network has one, and they have codes of their own"},
	{fields: "PaymentChannelCounterParty.account", because: "not every business wants one"},
	{fields: "Cash.amount", because: "what costs nothing"},
	{fields: "receive_message:cost replay_received_message:cost replay_sent_message:cost replay_message_status_update:cost replay_messaging_session:cost", because: "a provider may not tell"},
	{fields: "ReplayReceivedMessageCommand.provider_session_id ReplayReceivedMessageCommand.in_reply_to ReplaySentMessageCommand.provider_session_id ReplaySentMessageCommand.in_reply_to", because: "not every message is one of a session, or a reply"},
	{fields: "ReplayReceivedMessageCommand.provider ReplaySentMessageCommand.provider", spoilt: absent + ",unknown,negative", because: open + "; it is for the record"},
	{fields: "ReplayMessagingSessionCommand.duration", spoilt: "empty", because: "a session can end at once"},
	{fields: "ReceiveMessageSimulatorCommand.parts ReplayReceivedMessageCommand.parts", spoilt: "with an empty one", because: "wire.md: a reader skips a part that it does not know"},
	{fields: "InboundMessageBody.text", spoilt: "empty", because: "a phone can send an empty message"},
	{fields: "ReceiveMessageSimulatorCommand.session_id", because: "a chat and a call have no session of the phone's, and a phone has one USSD session"},
	{fields: "ReceiveMessageSimulatorCommand.duration", because: "only who speaks takes time"},
	{fields: "InboundMessageBody.ussd InboundMessageBody.voice", spoilt: "empty", because: "without a status it is active"},
	{fields: "UssdInputMessageBody.status UssdInputMessageBody.text", because: "behaviour.md 9: the first hop has no text; without a status it is active"},
	{fields: "VoiceCallInputMessageBody.status", because: "without a status it is active"},
	{fields: "VoiceCallInputMessageBody.direction VoiceCallInputMessageBody.hangup_cause", spoilt: absent + ",unknown,negative", because: open + "; networks have causes of their own"},
	{fields: "VoiceCallInputMessageBody.started_at VoiceCallInputMessageBody.dtmf_digits VoiceCallInputMessageBody.recording_url VoiceCallInputMessageBody.dial_data VoiceCallInputMessageBody.queue_data " +
		"VoiceCallDialInput.destination_number VoiceCallDialInput.started_at VoiceCallDialInput.duration VoiceCallQueueInput.enqueued_at VoiceCallQueueInput.dequeued_at VoiceCallQueueInput.dequeued_to_number " +
		"VoiceCallQueueInput.dequeued_to_sessionId VoiceCallQueueInput.queue_duration", because: "an event of a call tells of what has happened only"},
}

// exceptionOf is the exception for a field that is spoilt so, the one for the command before the one for
// its message; nil for none.
func (w *world) exceptionOf(entry string, p place, spoilt string) *exception {
	f := p.last()
	for _, field := range []string{entry + ":" + p.String(), string(f.Parent().Name()) + "." + string(f.Name())} {
		for i := range exceptions {
			e := &exceptions[i]
			how := e.spoilt
			if how == "" {
				how = absent
			}
			if slices.Contains(strings.Fields(e.fields), field) && slices.Contains(strings.Split(how, ","), spoilt) {
				w.used[field+" "+e.because] = true
				return e
			}
		}
	}
	return nil
}

// stale are the exceptions of fields that were not needed.
func (w *world) stale() (fields []string) {
	for _, e := range exceptions {
		for _, f := range strings.Fields(e.fields) {
			if !w.used[f+" "+e.because] {
				fields = append(fields, f+" ("+e.because+")")
			}
		}
	}
	return fields
}

// codesFor are the codes, or statuses, that a command can be refused with for a field.
func codesFor(entry string, p place, spoilt string) []string {
	channel := p[0].Name() == "channel_number"
	tooMuch := slices.Contains([]string{"too long", "with too many", "with one too long", "with too long a key"}, spoilt)
	switch entry {
	case "send_message", "reply_to_message", "send_message_tag":
		switch {
		case tooMuch:
		case channel:
			return []string{"invalid_channel_number"}
		case p.String() == "customer_id":
			return []string{"invalid_customer_id"}
		case p.String() == "message_id":
			return []string{"invalid_reply_to_message_id"}
		case p.String() == "message.reply_token":
			return []string{"invalid_reply_token"}
		}
		if entry == "send_message_tag" && p[0].Name() == "tag" {
			break
		}
		if strings.HasPrefix(spoilt, "of the kind") {
			return []string{"not_supported"}
		}
		if tooMuch {
			return []string{"invalid_request", "limit"} // limit of a TagCommandReply
		}
		return []string{"invalid_request"}
	case "initiate_payment":
		return paymentCodesFor(p, spoilt, tooMuch)
	case "update_messaging_consent":
		if channel && !tooMuch {
			return []string{"invalid_channel_number"}
		}
		return []string{"application_error"}
	}
	switch {
	case spoilt == "of another org":
		return []string{"not_found"}
	case tooMuch:
		return []string{"limit", "invalid_request"}
	case channel && strings.HasSuffix(p.String(), "number"):
		return []string{"invalid_request", "not_found"}
	}
	return []string{"invalid_request"}
}

// paymentCodesFor are the statuses that a payment can be refused with for a field.
func paymentCodesFor(p place, spoilt string, tooMuch bool) []string {
	path := p.String()
	switch {
	case tooMuch || p[0].Name() == "value" || p[0].Name() == "narration":
		return []string{"invalid_request"}
	case strings.Contains(path, ".purse"):
		if len(p) == 2 && spoilt != "empty" {
			break // no party at all
		}
		return []string{"invalid_purse"}
	case strings.Contains(path, ".channel_number"), strings.HasSuffix(path, ".channel.channel"), strings.HasSuffix(path, ".channel.source"):
		return []string{"invalid_channel_number"}
	}
	return []string{"invalid_counter_party"}
}
