package sandbox

import (
	"net"

	"github.com/elarian-go/elarian/internal/envfile"
)

// Endpoint is where a server of the sandbox listens.
type Endpoint struct {
	Socket, HTTP string // host:port, as clients reach them
	CAFile       string
}

// Env is what an app needs to know, in the order in which it is shown.
func (s Sandbox) Env(at Endpoint) ([]envfile.Var, error) {
	host, port, err := net.SplitHostPort(at.Socket)
	if err != nil {
		return nil, err
	}
	return []envfile.Var{
		{Key: "HOST", Value: host},
		{Key: "PORT", Value: port},
		{Key: "ORG_ID", Value: s.Org},
		{Key: "APP_ID", Value: s.App},
		{Key: "API_KEY", Value: s.Key},
		{Key: "PURSE_ID", Value: s.Purse},
		{Key: "SMS_SHORT_CODE", Value: ShortCode},
		{Key: "SMS_SENDER_ID", Value: SenderID},
		{Key: "USSD_CODE", Value: USSDCode},
		{Key: "VOICE_NUMBER", Value: Number},
		{Key: "WHATSAPP_NUMBER", Value: Number},
		{Key: "TELEGRAM_NUMBER", Value: Number},
		{Key: "MESSENGER_NUMBER", Value: Number},
		{Key: "EMAIL_ADDRESS", Value: Email},
		{Key: "MPESA_PAYBILL", Value: Paybill},
		{Key: "HTTP_URL", Value: "http://" + at.HTTP},
		{Key: "WS_URL", Value: "ws://" + at.HTTP + "/"},
		{Key: "NODE_EXTRA_CA_CERTS", Value: at.CAFile},
	}, nil
}
