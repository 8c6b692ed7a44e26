package db

import (
	"context"

	"workflowfactory/model"
)

// Identify gives the account of a person whom an OpenID Connect provider vouches for. On first sight it is made, or is the
// one with the person's verified address; later it follows what the provider says. It answers FORBIDDEN when somebody else
// has the address.
func (r Access) Identify(ctx context.Context, id model.Identity) (*model.User, error) {
	var u *model.User
	identify := func(ctx context.Context, c *change) (err error) {
		u, err = c.identify(ctx, id)
		return err
	}
	_, err := r.change(ctx, identify)
	if _, constraint := pgCode(err); constraint == "users_subject" || constraint == "users_email" {
		_, err = r.change(ctx, identify) // somebody made the account meanwhile
	}
	return u, err
}

func (c *change) identify(ctx context.Context, id model.Identity) (*model.User, error) {
	// Indexes: users_subject, users_email.
	rows, err := lockWhere[model.User](ctx, c, "(issuer = ? AND subject = ?) OR lower(email) = lower(?)", id.Issuer, id.Subject, id.Email)
	if err != nil {
		return nil, err
	}
	var known, sameEmail *model.User
	for _, u := range rows {
		if u.Issuer == id.Issuer && u.Subject == id.Subject {
			known = u
		} else {
			sameEmail = u
		}
	}
	switch {
	case known != nil && sameEmail != nil:
		id.Email = "" // which stays somebody else's
	case sameEmail != nil:
		if err := sameEmail.MayBe(id); err != nil {
			return nil, err
		}
		known = sameEmail
	case known == nil:
		u := &model.User{Noun: model.NewNoun(model.KindUser, c.now), Active: true}
		if err := u.Hear(id); err != nil {
			return nil, err
		}
		return u, insert(ctx, c, model.EventTypeUserCreated, u)
	}
	before := *known
	if err := known.Hear(id); err != nil || *known == before {
		return known, err
	}
	return known, update(ctx, c, model.EventTypeUserUpdated, &before, known)
}

// KeepSignIn keeps what a sign-in at a provider has to be finished with, until a moment.
func (r Access) KeepSignIn(ctx context.Context, s model.SignIn) error {
	_, err := r.bun.NewInsert().Model(&s).Exec(ctx)
	return publicError(err)
}

// TakeSignIn gives what was kept, once. It answers UNAUTHENTICATED when there is nothing, or it is too old.
func (r Access) TakeSignIn(ctx context.Context, stateHash []byte) (*model.SignIn, error) {
	s := &model.SignIn{StateHash: stateHash}
	err := r.bun.NewDelete().Model(s).WherePK().Where("expires_at > now()").Returning("*").Scan(ctx)
	if isNoRows(err) {
		return nil, model.Errorf(model.Unauthenticated, "this sign-in was finished before, or took too long: begin again")
	}
	return s, publicError(err)
}

// ForgetSignIns deletes the sign-ins that were not finished in time. Index: sign_ins_expires.
func (d *DB) ForgetSignIns(ctx context.Context) error {
	_, err := d.pool.Exec(ctx, "DELETE FROM sign_ins WHERE expires_at < now()")
	return err
}
