package model

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Comment is what a person or an agent said about a task or a suggestion.
type Comment struct {
	Noun         `bun:",embed"`
	TaskID       ID         `json:"taskId" bun:"type:uuid"`
	WorkflowID   ID         `json:"workflowId" bun:"type:uuid"`
	SuggestionID ID         `json:"suggestionId" bun:"type:uuid"`
	AuthorID     ID         `json:"author" bun:"type:uuid"`
	Body         string     `json:"body"`
	Mentions     []ID       `json:"mentions" bun:"type:uuid[],array"`
	ParentID     ID         `json:"parent" bun:"type:uuid"`
	EditedAt     *time.Time `json:"editedAt"`
}

// NewComment makes a comment about a task, or says what is wrong with the input.
func NewComment(in AddCommentInput, t *Task, author ID, now time.Time) (*Comment, error) {
	c := &Comment{
		Noun: NewNoun(KindComment, now), TaskID: t.ID, WorkflowID: t.WorkflowID, AuthorID: author, Body: in.Body,
		SuggestionID: orDefault(in.SuggestionID, ID{}), ParentID: orDefault(in.ParentID, ID{}),
	}
	return c, firstError(checkBody(c.Body), c.mention(in.Mentions))
}

// Edit changes what was said.
func (c *Comment) Edit(in UpdateCommentInput, by ID, now time.Time) error {
	if err := firstError(c.CheckAuthor(by), c.CheckVersion(in.ExpectedVersion), checkBody(in.Body)); err != nil {
		return err
	}
	c.Body, c.EditedAt = in.Body, &now
	if mentions, ok := in.Mentions.ValueOK(); ok {
		return c.mention(mentions)
	}
	return nil
}

// maxMentions bounds whom one comment calls on.
const maxMentions = 50

// mention sets whom the comment calls on: people and agents, each once. Whether they are there is for the caller to ask.
func (c *Comment) mention(ids []ID) error {
	if len(ids) > maxMentions {
		return BadInput("mentions", "a comment calls on at most %d people and agents", maxMentions)
	}
	c.Mentions = make([]ID, 0, len(ids))
	for _, id := range ids {
		if k := id.Kind(); id.IsZero() || k != KindUser && k != KindAgent {
			return BadInput("mentions", "a comment calls on people and agents; there is one among them that is neither")
		}
		if !slices.Contains(c.Mentions, id) {
			c.Mentions = append(c.Mentions, id)
		}
	}
	return nil
}

// CheckAuthor refuses everybody but the author.
func (c *Comment) CheckAuthor(by ID) error {
	if c.AuthorID != by {
		return Errorf(Forbidden, "only its author may change or delete a comment")
	}
	return nil
}

func checkBody(body string) error {
	if strings.TrimSpace(body) == "" {
		return BadInput("body", "body must not be empty")
	}
	if utf8.RuneCountInString(body) > MaxBody {
		return BadInput("body", "body has more than %d characters", MaxBody)
	}
	return nil
}
