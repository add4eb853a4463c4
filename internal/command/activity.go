package command

import (
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/customer"
	"github.com/elarian-go/elarian/internal/pb"
	"github.com/elarian-go/elarian/internal/store"
)

// customerActivity stores what a customer did, and notifies the app that said so.
func (c *Commands) customerActivity(r *appRequest, m *pb.CustomerActivityCommand) {
	r.name = "customer_activity"
	ref, err := customerOf(byNumber{m.CustomerNumber})
	if err != nil {
		c.refuse(r, refusal(err))
		return
	}
	c.do(r, work{customers: []customer.Ref{ref}, run: func(tx *store.Tx) (*pb.AppToServerCommandReply, error) {
		rec, err := tx.Customer(r.Caller.Org, ref)
		if err != nil {
			return nil, err
		}
		key := customer.ActivityKey{Number: ref.Number, Source: m.Source, Session: m.SessionId, App: r.Caller.App}
		session, err := tx.Activity(rec, key)
		if err != nil {
			return nil, err
		}
		activity := customer.Activity{Key: m.Key, Properties: m.Properties, CreatedAt: tx.Now()}
		if err := session.Add(activity, c.options.Limits); err != nil {
			return nil, err
		}
		tx.Record(rec, "activity", detail([]string{m.Source, m.Key}))
		notify(tx, rec, r.Caller.App, "customer_activity", &pb.ServerToAppCustomerNotification{Entry: &pb.ServerToAppCustomerNotification_CustomerActivity{
			CustomerActivity: &pb.CustomerActivityNotification{
				CustomerNumber: numberPB(ref.Number), Source: m.Source, SessionId: m.SessionId, Activity: activityPB(activity),
			}}})
		return &pb.AppToServerCommandReply{Entry: &pb.AppToServerCommandReply_CustomerActivity{
			CustomerActivity: &pb.CustomerActivityReply{Status: true, Description: "done", CustomerId: wrapperspb.String(rec.ID)}}}, nil
	}})
}

func activityPB(a customer.Activity) *pb.CustomerActivity {
	return &pb.CustomerActivity{Key: a.Key, Properties: a.Properties, CreatedAt: timestamppb.New(a.CreatedAt)}
}
