package exec

import (
	"context"
)

// guard asks the field's directives, one after the other, about the objects that those before let
// through. What they say stands in the column; who is left, in c.live.
func (r *run) guard(c *Call) {
	for i := range c.col.field.def.Guards {
		g := &c.col.field.def.Guards[i]
		ask, err := g.Bind(c)
		if err != nil {
			c.denyAll(err)
			return
		}
		if c.isRoot() || r.schema.static[g.Directive] {
			v := r.ask(c, ask, nil)
			if !v.pass {
				c.denyAll(v.err)
				return
			}
			c.Ctx = v.ctx
			continue
		}
		c.deny(func(i int32) verdict { return r.ask(c, ask, c.objs[i]) })
	}
}

func (c *Call) isRoot() bool { return len(c.objs) == 1 && c.objs[0] == nil }

// denyAll takes out all objects that are left.
func (c *Call) denyAll(err error) { c.deny(func(int32) verdict { return verdict{err: err} }) }

// deny takes out the objects that do not pass, and keeps the reasons.
func (c *Call) deny(judge func(i int32) verdict) {
	asked := c.live
	if asked == nil {
		asked = everyone(len(c.objs))
	}
	left := make([]int32, 0, len(asked))
	for _, i := range asked {
		if v := judge(i); v.pass {
			left = append(left, i)
		} else if v.err != nil {
			c.blame(i, v.err)
		}
	}
	if len(left) < len(asked) {
		c.live = left
	}
}

func everyone(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

func (c *Call) blame(i int32, err error) {
	if c.col.errs == nil {
		c.col.errs = make([]error, len(c.objs))
	}
	c.col.errs[i] = err
}

// settle gathers the objects that are left and gives each its row among the results.
func (c *Call) settle() {
	if c.live == nil {
		return
	}
	c.left = make([]P, len(c.live))
	c.col.rows = make([]int32, len(c.objs))
	for i := range c.col.rows {
		c.col.rows[i] = isNull
	}
	for row, i := range c.live {
		c.col.rows[i] = int32(row)
		c.left[row] = c.objs[i]
	}
}

type verdict struct {
	ctx  context.Context // as the directive handed it on
	pass bool
	err  error // why not; nil for plain null
}

// ask puts the question about one object. A panic is a denial.
func (r *run) ask(c *Call, ask Ask, obj P) (v verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = verdict{ctx: c.Ctx, err: r.op.RecoverFunc(c.Ctx, p)}
		}
	}()
	c.handed = c.Ctx
	value, err := ask(c.Ctx, obj, c.next)
	v.ctx = c.handed
	switch {
	case err != nil:
		v.err = err
	case value == any(passed{}):
		v.pass = true
	case value != nil:
		v.err = errReplaced
	}
	return v
}

// next is what directives call to let an object through.
func (c *Call) next(ctx context.Context) (any, error) {
	c.handed = ctx
	return passed{}, nil
}
