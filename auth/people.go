package auth

import (
	"context"
	"errors"

	"workflowfactory/model"
)

// Accounts is where people's accounts and sessions are kept.
type Accounts interface {
	// User and UserByEmail answer NOT_FOUND when there is no such account.
	User(ctx context.Context, id model.ID) (*model.User, error)
	UserByEmail(ctx context.Context, email string) (*model.User, error)
	CreateUser(ctx context.Context, u *model.User) (model.Change, error)
	// SetPassword ends the person's sessions but the one to keep.
	SetPassword(ctx context.Context, id model.ID, hash string, keep model.ID) (*model.UserPayload, error)
	// StartSession answers UNAUTHENTICATED when the account may no longer sign in, or has another password than it had.
	StartSession(ctx context.Context, s *model.Session, as *model.User, life model.SessionLife) (model.Change, error)
}

// People signs people in, and looks after their passwords. It is safe for concurrent use; Accounts is needed.
type People struct {
	Accounts Accounts
	Life     model.SessionLife // of the sessions

	// Limit refuses, as RATE_LIMITED, who tries too often to sign in to an account; nil bounds nobody.
	Limit func(ctx context.Context, email string) error

	Provider *Provider // where people can sign in too; nil for none
	SignIns  SignIns   // needed with a Provider

	hasher hasher
}

// errWrong does not say what was wrong: that would tell strangers who has an account.
var errWrong = model.Errorf(model.Unauthenticated, "the email address or the password is wrong, or the account was deactivated")

// Login signs in who knows an account's password. For strangers it does the same work and says the same.
func (p *People) Login(ctx context.Context, in model.LoginInput, userAgent string) (*model.LoginPayload, error) {
	if len(in.Password) > maxPassword {
		return nil, model.BadInput("password", "a password has at most %d bytes", maxPassword)
	}
	if err := p.limit(ctx, in.Email); err != nil {
		return nil, err
	}
	u, err := p.Accounts.UserByEmail(ctx, in.Email)
	if isMissing(err) {
		u = &model.User{}
	} else if err != nil {
		return nil, err
	}
	switch ok, err := p.hasher.matches(ctx, in.Password, u.PasswordHash); {
	case err != nil:
		return nil, err
	case !ok || !u.Active:
		return nil, errWrong
	}
	return p.signIn(ctx, u, model.SignInMethodPassword, userAgent)
}

func (p *People) limit(ctx context.Context, email string) error {
	if p.Limit == nil {
		return nil
	}
	return p.Limit(ctx, email)
}

func isMissing(err error) bool {
	e, ok := errors.AsType[*model.Error](err)
	return ok && e.Code == model.NotFound
}

// signIn begins a session of a person, who is the actor of that.
func (p *People) signIn(ctx context.Context, u *model.User, method model.SignInMethod, userAgent string) (*model.LoginPayload, error) {
	s, token := mintSession(method)
	s.From(userAgent)
	caller := model.CallerFrom(ctx)
	caller.ID, caller.UserID, caller.Name, caller.Role, caller.AgentID = s.ID, u.ID, u.Name, u.Role, model.ID{}
	change, err := p.Accounts.StartSession(model.WithCaller(ctx, caller), s, u, p.Life)
	if err != nil {
		return nil, err
	}
	u.SignsIn = true
	return &model.LoginPayload{Change: change, Token: token, User: u, Session: s}, nil
}

// Create makes an account, and a password when none is given.
func (p *People) Create(ctx context.Context, in model.CreateUserInput) (*model.CreateUserPayload, error) {
	u := &model.User{Email: in.Email, Name: in.Name, Role: in.Role, Active: true}
	if err := u.Check(); err != nil {
		return nil, err
	}
	made, hash, err := p.password(ctx, "password", in.Password)
	if err != nil {
		return nil, err
	}
	u.PasswordHash = hash
	change, err := p.Accounts.CreateUser(ctx, u)
	if err != nil {
		return nil, err
	}
	return &model.CreateUserPayload{Change: change, User: u, Password: made}, nil
}

// ChangePassword gives the caller another password, or for an administrator anybody. It ends the person's other sessions.
func (p *People) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	u, err := p.whose(ctx, in)
	if err != nil {
		return nil, err
	}
	made, hash, err := p.password(ctx, "newPassword", in.NewPassword)
	if err != nil {
		return nil, err
	}
	changed, err := p.Accounts.SetPassword(ctx, u.ID, hash, model.CallerFrom(ctx).ID)
	if err != nil {
		return nil, err
	}
	return &model.ChangePasswordPayload{Change: changed.Change, User: changed.User, Password: made}, nil
}

// whose finds whose password the caller may change, which takes the password until now unless it is somebody else's.
func (p *People) whose(ctx context.Context, in model.ChangePasswordInput) (*model.User, error) {
	caller := model.CallerFrom(ctx)
	id := caller.UserID
	if in.UserID != nil {
		id = *in.UserID
	}
	switch {
	case in.UserID == nil && id.IsZero():
		return nil, model.BadInput("userId", "a key has no password: say whose to change")
	case id != caller.UserID && caller.Role != model.RoleAdmin:
		return nil, model.Errorf(model.Forbidden, "only administrators change the passwords of others")
	}
	u, err := p.Accounts.User(ctx, id)
	if err != nil || id != caller.UserID {
		return u, err
	}
	return u, p.knows(ctx, u, in.CurrentPassword)
}

// knows wants the person to know their password, so that whoever finds a signed-in screen cannot take the account over.
func (p *People) knows(ctx context.Context, u *model.User, password *string) error {
	if password == nil || len(*password) > maxPassword {
		return model.BadInput("currentPassword", "give the password that you have now")
	}
	if err := p.limit(ctx, u.Email); err != nil {
		return err
	}
	ok, err := p.hasher.matches(ctx, *password, u.PasswordHash)
	if err == nil && !ok {
		err = model.BadInput("currentPassword", "this is not the password that you have now")
	}
	return err
}

// password hashes the one that is given, or one that it makes and then tells.
func (p *People) password(ctx context.Context, field string, given *string) (made *string, hash string, err error) {
	if given == nil {
		made = new(newPassword())
		given = made
	}
	if err := checkPassword(field, *given); err != nil {
		return nil, "", err
	}
	hash, err = p.hasher.hash(ctx, *given)
	return made, hash, err
}
