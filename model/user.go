package model

import (
	"net/mail"
	"time"
)

// User is a person with an account.
type User struct {
	Noun         `bun:",embed"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Role         Role       `json:"role"`
	Active       bool       `json:"active"`
	PasswordHash string     `json:"-" bun:",nullzero"` // "" for a person without a password
	Issuer       string     `json:"-" bun:",nullzero"` // of an OpenID Connect provider that vouches for the person; "" for none
	Subject      string     `json:"-" bun:",nullzero"` // who the person is there
	IdentifiedAt *time.Time `json:"-"`                 // the age of what the provider said

	// SignsIn is true of the person who has just signed in, and may see all of the account though the request began
	// without a credential.
	SignsIn bool `json:"-" bun:"-"`
}

// IsActor marks who can do something.
func (*User) IsActor() {}

// GetName gives the name.
func (u *User) GetName() string { return u.Name }

// IsAdministrator says whether the person may do everything, now.
func (u *User) IsAdministrator() bool { return u.Active && u.Role == RoleAdmin }

// Update takes the given fields over, or says what is wrong with them.
func (u *User) Update(in UpdateUserInput) error {
	return firstError(
		setRequired("email", &u.Email, in.Email),
		setRequired("name", &u.Name, in.Name),
		setRequired("role", &u.Role, in.Role),
		setRequired("active", &u.Active, in.Active),
		u.Check(),
	)
}

// maxEmail is the longest address that mail can be sent to, in bytes.
const maxEmail = 254

// Check says what is wrong with the account's fields.
func (u *User) Check() error {
	if err := CheckName("name", u.Name); err != nil {
		return err
	}
	if address, err := mail.ParseAddress(u.Email); err != nil || address.Address != u.Email || len(u.Email) > maxEmail {
		return BadInput("email", "email must be an address such as ada@example.com")
	}
	if !u.Role.IsValid() || u.Role == RoleAgent {
		return BadInput("role", "a person has the role ADMIN, MANAGER or VIEWER")
	}
	return nil
}
