package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/elarian-go/elarian"
	"github.com/elarian-go/elarian/internal/store"
)

// updateMetadata sets UpdateMetadata through the SDK beside the same units put straight into the same store.
func updateMetadata(ctx context.Context, r *run, db database) (Row, error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return Row{}, err
	}
	clients, stop, err := s.clients(ctx, r.Connections)
	if err != nil {
		return Row{}, err
	}
	defer stop()
	limit := updates(func(int) *store.Store { return s.server.Store() }, s.org, r.lanes(), s.customers, newKeys())
	figure := blocking(r.lanes(), func(ctx context.Context, lane, i int) error {
		id := s.customers[(lane*7919+i*104_729)%len(s.customers)]
		return clients[lane%len(clients)].Customer(elarian.CustomerID(id)).UpdateMetadata(ctx, map[string]any{metadataKey: metadataValue(lane, i)})
	})
	got, of, err := r.inTurns(ctx, db.name()+"."+UpdateMetadata, figure, limit)
	if err != nil {
		return Row{}, err
	}
	share := map[string]float64{"sqlite": 0.6, "postgres": 0.5}[db.name()]
	row := Row{
		What: fmt.Sprintf("UpdateMetadata, SDK and TLS, %d × %d", r.Connections, r.InFlight), Figure: got.rate(), Unit: "commands/s",
		Limit: of[0].rate(), LimitName: "the same units, no socket", Target: fmt.Sprintf("≥ %.1f × limit", share),
	}
	row.Met = row.Figure >= share*row.Limit
	got.into(&row)
	row.LimitCPU = of[0].cpuEach()
	return row, nil
}

// stateShare is what GetState has to reach of the raw echo: 25,000/s where that gives 580,000/s.
const stateShare = 25_000.0 / 580_000

// getState sets GetCustomerState beside a raw echo over as many connections.
func getState(ctx context.Context, r *run, db database) (Row, error) {
	s, err := r.startSystem(ctx, db)
	if err != nil {
		return Row{}, err
	}
	clients, stop, err := s.clients(ctx, r.Connections)
	if err != nil {
		return Row{}, err
	}
	defer stop()
	e, err := startEcho(ctx, r.Connections)
	if err != nil {
		return Row{}, err
	}
	defer e.stop()
	figure := blocking(r.lanes(), func(ctx context.Context, lane, _ int) error {
		id := s.customers[rand.IntN(len(s.customers))]
		state, err := clients[lane%len(clients)].Customer(elarian.CustomerID(id)).GetState(ctx)
		if err == nil && len(state.Messaging.Messages) < messages {
			err = fmt.Errorf("a state with %d messages", len(state.Messaging.Messages))
		}
		return err
	})
	got, of, err := r.inTurns(ctx, db.name()+"."+GetState, figure, e.load(r.InFlight))
	if err != nil {
		return Row{}, err
	}
	row := Row{
		What: fmt.Sprintf("GetCustomerState of %d customers, %d × %d", len(s.customers), r.Connections, r.InFlight), Figure: got.rate(), Unit: "commands/s",
		Limit: of[0].rate(), LimitName: "raw TLS echo", Target: fmt.Sprintf("≥ %.3f × limit", stateShare),
	}
	row.Met = row.Figure >= stateShare*row.Limit
	got.into(&row)
	row.LimitCPU = of[0].cpuEach()
	return row, nil
}
