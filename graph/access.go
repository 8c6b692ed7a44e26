package graph

import (
	"context"
	"runtime/debug"
	"time"

	"workflowfactory/model"
)

// version is set by release builds; others know the state of the source that they were built from.
var version string

// Version is the release that this program is of.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (r queryResolver) Health(ctx context.Context) (*model.Health, error) {
	h := &model.Health{Status: model.HealthStatusOk, Version: Version(), ServerTime: time.Now(), Database: true}
	if err := r.Access.Ping(ctx); err != nil {
		h.Status, h.Database = model.HealthStatusDegraded, false
	}
	return h, nil
}

func (r queryResolver) Viewer(ctx context.Context) (model.Actor, error) {
	caller := model.CallerFrom(ctx)
	if caller.ID.IsZero() {
		return nil, nil
	}
	actors, err := r.Access.Actors(ctx, []model.ID{caller.ActorID()})
	if err != nil {
		return nil, err
	}
	return actors[0], nil
}

func (r queryResolver) RateLimit(ctx context.Context) (*model.RateLimit, error) {
	return r.Resolver.RateLimit(ctx), nil
}
