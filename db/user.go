package db

import (
	"context"

	"workflowfactory/model"
)

// UserPage lists the people with an account, the newest first. A malformed page is BAD_USER_INPUT.
func (r Access) UserPage(ctx context.Context, p model.Page) (*model.UserConnection, error) {
	l := &list[model.User]{DB: r.DB, table: &userTable, where: &where{}, sort: userTable.sorting(created, newestFirst)} // index: users_created
	return connectOne[model.UserConnection](ctx, l, p)
}

// Users gives the people with these ids, each at the place of its id; nil where there is none.
func (r Access) Users(ctx context.Context, ids []model.ID) ([]*model.User, error) {
	return byIDs(ctx, r.DB, &userTable, &where{}, ids)
}

// UserByEmail gives the account with that address, in upper or lower case. It answers NOT_FOUND when there is none.
func (r Access) UserByEmail(ctx context.Context, email string) (*model.User, error) {
	return r.user(ctx, model.Errorf(model.NotFound, "there is no account for %s", email), "lower(email) = lower(?)", email) // index: users_email
}

// User gives the account with that id. It answers NOT_FOUND when there is none.
func (r Access) User(ctx context.Context, id model.ID) (*model.User, error) {
	return r.user(ctx, model.Missing("user", id), "id = ?", id)
}

func (r Access) user(ctx context.Context, missing error, where string, arg any) (*model.User, error) {
	u := &model.User{}
	err := r.bun.NewSelect().Model(u).Where(where, arg).Scan(ctx)
	if isNoRows(err) {
		return nil, missing
	}
	return u, publicError(err)
}

// CreateUser keeps a new account. It answers CONFLICT when the address is taken.
func (r Access) CreateUser(ctx context.Context, u *model.User) (model.Change, error) {
	done, err := r.change(ctx, func(ctx context.Context, c *change) error {
		if err := u.Check(); err != nil {
			return err
		}
		u.Noun = model.NewNoun(model.KindUser, c.now)
		return insert(ctx, c, model.EventTypeUserCreated, u)
	})
	return done, emailTaken(err)
}

func emailTaken(err error) error {
	if _, constraint := pgCode(err); constraint == "users_email" {
		return &model.Error{Code: model.Conflict, Field: "email", Message: "another account has this address"}
	}
	return err
}

// UpdateUser changes an account. It answers CONFLICT when the address is taken, and when nobody would be left who may do
// everything.
func (r Access) UpdateUser(ctx context.Context, in model.UpdateUserInput) (*model.UserPayload, error) {
	return r.userPayload(ctx, in.ID, func(_ *change, u *model.User) error {
		if err := u.CheckVersion(in.ExpectedVersion); err != nil {
			return err
		}
		return u.Update(in)
	})
}

// DeactivateUser lets a person no longer sign in and ends their sessions. It answers CONFLICT when nobody would be left
// who may do everything. Doing it again changes nothing.
func (r Access) DeactivateUser(ctx context.Context, in model.DeactivateUserInput) (*model.UserPayload, error) {
	return r.userPayload(ctx, in.ID, func(c *change, u *model.User) error {
		c.reason, u.Active = in.Reason, false
		return model.CheckText("reason", in.Reason)
	})
}

func (r Access) userPayload(ctx context.Context, id model.ID, do func(*change, *model.User) error) (*model.UserPayload, error) {
	p := &model.UserPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		u, others, err := c.lockUser(ctx, id)
		if err != nil {
			return err
		}
		before := *u
		if err := do(c, u); err != nil {
			return err
		}
		if p.User = u; *u == before {
			return nil
		}
		if before.IsAdministrator() && !u.IsAdministrator() && others == 0 {
			if err := c.checkAdminKey(ctx); err != nil {
				return err
			}
		}
		return c.saveUser(ctx, &before, u)
	})
	return p, emailTaken(err)
}

// lockUser locks an account and those of all administrators, so that of two who take the rights of each other one finds
// that nobody else is left, and counts the other administrators. Few people are administrators.
func (c *change) lockUser(ctx context.Context, id model.ID) (u *model.User, otherAdmins int, err error) {
	rows, err := lockWhere[model.User](ctx, c, "id = ? OR (role = ? AND active)", id, model.RoleAdmin)
	for _, row := range rows {
		if row.ID == id {
			u = row
		} else if row.IsAdministrator() {
			otherAdmins++
		}
	}
	if err == nil && u == nil {
		err = model.Missing("user", id)
	}
	return u, otherAdmins, err
}

// checkAdminKey answers CONFLICT unless somebody has a key that may do everything.
func (c *change) checkAdminKey(ctx context.Context) error {
	there, err := c.NewSelect().Model((*model.APIKey)(nil)).
		Where("role = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", model.RoleAdmin, c.now).Exists(ctx)
	if err == nil && !there {
		err = model.Errorf(model.Conflict, "nobody would be left who may do everything: make somebody else an administrator first")
	}
	return err
}

func (c *change) saveUser(ctx context.Context, before, u *model.User) error {
	if !before.Active || u.Active {
		return update(ctx, c, model.EventTypeUserUpdated, before, u)
	}
	if err := update(ctx, c, model.EventTypeUserDeactivated, before, u); err != nil {
		return err
	}
	return revokeSessionsOf(ctx, c, u.ID, model.ID{})
}

// SetPassword gives a person another password, as its hash, and ends their sessions but the one to keep.
func (r Access) SetPassword(ctx context.Context, id model.ID, hash string, keep model.ID) (*model.UserPayload, error) {
	p := &model.UserPayload{}
	var err error
	p.Change, err = r.change(ctx, func(ctx context.Context, c *change) error {
		u, err := locked[model.User](ctx, c, id, "user")
		if err != nil {
			return err
		}
		before := *u
		p.User, u.PasswordHash = u, hash
		if err := update(ctx, c, model.EventTypeUserPasswordChanged, &before, u); err != nil {
			return err
		}
		return revokeSessionsOf(ctx, c, id, keep)
	})
	return p, err
}
