package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/envfile"
)

// phoneFlags say whose phone it is and where its network is.
type phoneFlags struct {
	number, dir, envFile string
	attended             bool // somebody is there who can be asked to pay
}

func newPhoneCommand() *cobra.Command {
	var flags phoneFlags
	listen := newPhoneListenCommand(&flags)
	all := []*cobra.Command{newPhoneUSSDCommand(&flags)}
	for _, w := range writings {
		all = append(all, newPhoneWriteCommand(&flags, w))
	}
	all = append(all, newPhoneReactCommand(&flags), newPhoneCallCommand(&flags), newPhonePayCommand(&flags),
		newPhoneCheckoutCommand(&flags, "approve", "Pay what an app has asked for", elarian.PaymentSuccess),
		newPhoneCheckoutCommand(&flags, "decline", "Do not pay what an app has asked for", elarian.PaymentRejected), listen)
	c := group("phone", "A phone in the terminal, for sandboxes",
		`A phone in the terminal: it dials USSD codes, calls, writes messages and reacts to them, pays by mobile money, and
shows what apps send to its number.

It finds the server by --env-file, by --dir, by the environment (eval "$(elarian env)"), or else as the
elarian dev that runs here.`,
		all...)
	c.Example = `  elarian phone ussd '*83044#'
  elarian phone --number +254710000002 ussd '*83044#' 1 24/12
  elarian phone sms 83044 "Hello"
  elarian phone whatsapp +254711621711 "Hello"
  elarian phone react sms 83044 el_msg_… clicked
  elarian phone call +254711621711
  elarian phone pay 83044 500
  elarian phone listen`
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			names := make([]string, len(all))
			for i, sub := range all {
				names[i] = sub.Name()
			}
			return usageError{fmt.Errorf("unknown command %q: use %s or %s", c.CommandPath()+" "+args[0], strings.Join(names[:len(names)-1], ", "), names[len(names)-1])}
		}
		return listen.RunE(c, nil)
	}
	c.PersistentFlags().StringVar(&flags.number, "number", "+254710000001", "number of the phone; an id or an address, on channels that know people so")
	c.PersistentFlags().StringVar(&flags.envFile, "env-file", "", "file with HOST, PORT, ORG_ID, APP_ID, API_KEY")
	c.PersistentFlags().StringVar(&flags.dir, "dir", defaultDir, "folder of elarian dev")
	return c
}

// config finds the server.
func (f *phoneFlags) config(c *cobra.Command) (elarian.Config, error) {
	if f.envFile != "" {
		vars, err := envfile.Read(f.envFile)
		return phoneConfig(vars), err
	}
	if os.Getenv("ORG_ID") != "" && os.Getenv("API_KEY") != "" && !c.Flags().Changed("dir") {
		return elarian.ConfigFromEnv(), nil
	}
	vars, err := readEnv(f.dir)
	return phoneConfig(vars), err
}

func phoneConfig(vars envfile.Vars) elarian.Config {
	return elarian.Config{
		Address: net.JoinHostPort(vars.Get("HOST"), cmp.Or(vars.Get("PORT"), "443")),
		OrgID:   vars.Get("ORG_ID"),
		AppID:   vars.Get("APP_ID"),
		APIKey:  vars.Get("API_KEY"),
		CAFile:  vars.Get("NODE_EXTRA_CA_CERTS"),
	}
}

// phone is a phone that is switched on.
type phone struct {
	who       string // as it was given
	number    string // the person's on the channel that is used
	simulator *elarian.Simulator
	screen    *screen
	input     *input
	arrived   chan struct{} // a message came since the last look
	calls     chan *elarian.Call
	checkouts chan *elarian.SimulatedTransfer // nil where nobody is asked
}

// use switches a phone on for do, which uses it on one kind of channel, and off after.
func (f *phoneFlags) use(c *cobra.Command, ch elarian.MessagingChannel, do func(ctx context.Context, p *phone) error) error {
	number, err := addressOn(ch, f.number)
	if err != nil {
		return err
	}
	config, err := f.config(c)
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	level.Set(silent)
	config.Logger = slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	p := &phone{
		who:       f.number,
		number:    number,
		simulator: elarian.NewSimulator(config),
		screen:    &screen{w: c.OutOrStdout()},
		input:     newInput(c.InOrStdin()),
		arrived:   make(chan struct{}, 1),
		calls:     make(chan *elarian.Call, 1),
	}
	if f.attended {
		p.checkouts = make(chan *elarian.SimulatedTransfer, 16)
	}
	p.simulator.OnSendMessage(p.receive)
	p.simulator.OnCall(p.rang)
	p.simulator.OnSendCustomerPayment(p.paid)
	p.simulator.OnCheckoutPayment(p.asked)
	if err := connectPhone(c.Context(), p.simulator, config); err != nil {
		return err
	}
	level.Set(slog.LevelWarn) // from now on a lost connection is news
	defer func() {
		level.Set(silent)
		_ = p.simulator.Close()
	}()
	return do(c.Context(), p)
}

const silent = slog.Level(100)

func connectPhone(ctx context.Context, s *elarian.Simulator, config elarian.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := s.Connect(ctx)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server answers at %s: start it with %q", config.Address, "elarian dev")
	case errors.Is(err, elarian.ErrUnauthorized):
		return fmt.Errorf("%w: is this the env file, folder or environment of the server that runs there?", err)
	}
	return err
}

// receive shows a message from an app, where it is for this phone.
func (p *phone) receive(_ context.Context, m *elarian.SimulatedDelivery) error {
	if address, err := addressOn(m.From.Channel, p.who); err != nil || m.To.Number != address {
		return nil
	}
	p.screen.message(m.From, describe(m.Message.Body)+choices(m.Message.ReplyPrompt))
	select {
	case p.arrived <- struct{}{}:
	default:
	}
	return nil
}

// stay keeps the phone on for a while, with first set only until a message has come, and says
// whether that was so.
func (p *phone) stay(ctx context.Context, d time.Duration, first bool) bool {
	over := time.NewTimer(d)
	defer over.Stop()
	for {
		select {
		case <-p.arrived:
			if first {
				return true
			}
		case <-over.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// input gives lines as they are typed. It reads nothing before it is asked: a script may have other
// uses for its input. Its goroutine then lives as long as the process: a read from a terminal cannot
// be broken off.
type input struct {
	r     io.Reader
	lines chan string
	typed bool // by somebody, at a terminal that shows it
}

func newInput(r io.Reader) *input {
	in := &input{r: r}
	if f, ok := r.(*os.File); ok {
		info, err := f.Stat()
		in.typed = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return in
}

func (in *input) read() {
	defer close(in.lines)
	for s := bufio.NewScanner(in.r); s.Scan(); {
		in.lines <- s.Text()
	}
}

// start gives the lines, and reads from now on.
func (in *input) start() <-chan string {
	if in.lines == nil {
		in.lines = make(chan string)
		go in.read()
	}
	return in.lines
}

// next gives the next line; ok is false at the end of the input or of ctx.
func (in *input) next(ctx context.Context) (line string, ok bool) {
	select {
	case line, ok = <-in.start():
		return line, ok
	case <-ctx.Done():
		return "", false
	}
}

// ask shows the prompt and gives the next line, as input.next does. What is piped is shown, as what is typed
// would be.
func (p *phone) ask(ctx context.Context) (line string, ok bool) {
	p.screen.ask()
	if line, ok = p.input.next(ctx); ok {
		p.screen.answered(line, p.input.typed)
	}
	return line, ok
}

// choices are the answers that a message suggests.
func choices(p *elarian.ReplyPrompt) string {
	if p == nil {
		return ""
	}
	var s strings.Builder
	for _, item := range p.Menu {
		if item.Media != nil {
			item.Text = describe(*item.Media)
		}
		s.WriteString("\n  ( " + item.Text + " )")
	}
	return s.String()
}

// describe is a message in the words of a terminal.
func describe(b elarian.Body) string {
	switch b := b.(type) {
	case elarian.Text:
		return string(b)
	case elarian.URL:
		return string(b)
	case elarian.Menu:
		return b.Text
	case elarian.Media:
		return fmt.Sprintf("[%s] %s", b.Type, b.URL)
	case elarian.Location:
		return fmt.Sprintf("[location %g, %g] %s %s", b.Latitude, b.Longitude, b.Label, b.Address)
	case elarian.Email:
		return b.Subject + "\n\n" + cmp.Or(b.Plain, b.HTML)
	case elarian.Template:
		return fmt.Sprintf("[template %s] %v", b.ID, b.Params)
	case nil:
		return "[empty]"
	}
	return fmt.Sprintf("%v", b)
}

func newPhoneListenCommand(flags *phoneFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "listen",
		Short:   "Show what apps send and pay, answer calls and approve payments, until Ctrl-C",
		Example: "  elarian phone --number +254710000001 listen",
		Args:    arguments(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			flags.attended = true
			return flags.use(c, 0, func(ctx context.Context, p *phone) error {
				p.screen.note("%s is on and waits for messages, calls and payments (Ctrl-C ends)", p.number)
				return p.answerAll(ctx)
			})
		},
	}
}

// answerAll asks for each call and each checkout whether to answer it, until ctx ends.
func (p *phone) answerAll(ctx context.Context) error {
	for {
		var err error
		select {
		case call := <-p.calls:
			err = p.answer(ctx, call)
		case t := <-p.checkouts:
			err = p.answerCheckout(ctx, t)
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			p.screen.note("[%v]", err)
		}
	}
}
