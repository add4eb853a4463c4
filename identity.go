package elarian

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/elarian-go/elarian/internal/pb"
)

func index(key, value string, expires time.Time) *pb.CustomerIndex {
	out := &pb.CustomerIndex{Mapping: mapping(key, value)}
	if !expires.IsZero() {
		out.ExpiresAt = timestamppb.New(expires)
	}
	return out
}

func mapping(key, value string) *pb.IndexMapping {
	return &pb.IndexMapping{Key: key, Value: wrapperspb.String(value)}
}

// moment reads a time. Absent and zero mean none.
func moment(t *timestamppb.Timestamp) time.Time {
	if t.GetSeconds() == 0 && t.GetNanos() == 0 {
		return time.Time{}
	}
	return t.AsTime()
}
