package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"
	"time"

	"workflowfactory/model"
)

// A token of ours reads wfk_<id>_<secret><checksum> for an API key and wfs_… for a session. The id names the row, so that
// it is found without searching for a hash; the checksum tells a token that was copied badly, or made up, from one that
// was revoked, and lets scanners of source code know a key when they see one.
const (
	keyPrefix      = "wfk_"
	sessionPrefix  = "wfs_"
	secretBytes    = 32
	secretLength   = 43 // base 62 digits of secretBytes
	checksumLength = 6  // base 62 digits of a CRC-32

	// MinLiteral is the shortest text, in bytes, that may be installed as a key of its own shape.
	MinLiteral = 32
	// maxToken keeps a long header from being hashed.
	maxToken = 512
)

// AdminKeyID is the id of the administrator's key that is installed at start. It is the only key whose secret has a
// shape of its own, so every token that is not of our shape is held against it.
var AdminKeyID = model.ID{6: 0x70, 8: 0x80, 15: byte(model.KindAPIKey)}

// Mint makes a new key and its secret, which is kept nowhere. It answers BAD_USER_INPUT when such a key must not be.
func Mint(in model.CreateAPIKeyInput, now time.Time) (*model.APIKey, string, error) {
	if err := check(in, now); err != nil {
		return nil, "", err
	}
	id := model.NewID(model.KindAPIKey)
	prefix, secret := newToken(keyPrefix, id)
	k := &model.APIKey{
		Noun: model.Noun{ID: id}, Name: in.Name, Prefix: prefix, SecretHash: Hash(secret), Role: in.Role, ExpiresAt: in.ExpiresAt,
	}
	if in.AgentID != nil {
		k.AgentID = *in.AgentID
	}
	return k, secret, nil
}

func check(in model.CreateAPIKeyInput, now time.Time) error {
	if err := model.CheckName("name", in.Name); err != nil {
		return err
	}
	switch {
	case !in.Role.IsValid():
		return model.BadInput("role", "there is no role %q", in.Role)
	case in.AgentID != nil && in.Role != model.RoleAgent:
		return model.BadInput("agentId", "only a key of role AGENT belongs to an agent")
	case in.ExpiresAt != nil && !in.ExpiresAt.After(now):
		return model.BadInput("expiresAt", "this moment has passed")
	}
	return nil
}

// Literal makes the key for a secret that an administrator chose: role ADMIN, no expiry. The secret must be MinLiteral
// bytes or longer.
func Literal(name, secret string) *model.APIKey {
	return &model.APIKey{
		Noun: model.Noun{ID: AdminKeyID}, Name: name, Prefix: secret[:8], SecretHash: Hash(secret), Role: model.RoleAdmin,
	}
}

// Hash is what is kept of a secret. A plain hash will do, since nobody guesses 32 random bytes.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// mintSession makes a session that has not begun, and its token, which is kept nowhere.
func mintSession(method model.SignInMethod) (*model.Session, string) {
	id := model.NewID(model.KindSession)
	_, token := newToken(sessionPrefix, id)
	return &model.Session{Noun: model.Noun{ID: id}, Method: method, SecretHash: Hash(token), Begins: true}, token
}

func newToken(kind string, id model.ID) (prefix, token string) {
	prefix = kind + strings.TrimPrefix(id.String(), id.Kind().Prefix()+"_")
	token = prefix + "_" + randomSecret()
	return prefix, token + checksum(token)
}

// subjectOf says which key or session a token claims to be of; ok is false for a token that cannot be of any.
func subjectOf(token string) (id model.ID, ok bool) {
	if len(token) < MinLiteral || len(token) > maxToken {
		return model.ID{}, false
	}
	kind := model.KindAPIKey
	rest, ours := strings.CutPrefix(token, keyPrefix)
	if !ours {
		kind = model.KindSession
		rest, ours = strings.CutPrefix(token, sessionPrefix)
	}
	if !ours {
		return AdminKeyID, true
	}
	text, secret, _ := strings.Cut(rest, "_")
	if len(secret) != secretLength+checksumLength || !hasChecksum(token) {
		return model.ID{}, false
	}
	id, ok = model.ParseID(kind.Prefix() + "_" + text)
	return id, ok && id != AdminKeyID
}

func randomSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b)
	return base62(new(big.Int).SetBytes(b), secretLength)
}

// hasChecksum says whether a key ends with the checksum of what stands before. It is asked with each request.
func hasChecksum(key string) bool {
	sum, start := crc32.ChecksumIEEE([]byte(key[:len(key)-checksumLength])), len(key)-checksumLength
	for i := len(key) - 1; i >= start; i-- {
		if key[i] != digits62[sum%62] {
			return false
		}
		sum /= 62
	}
	return sum == 0
}

// digits62 are the digits of math/big.
const digits62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func checksum(s string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(s)))), checksumLength)
}

func base62(n *big.Int, length int) string {
	digits := n.Text(62)
	return strings.Repeat("0", length-len(digits)) + digits
}
