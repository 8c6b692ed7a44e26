package library

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"

	"workflowfactory/exec/exectest/library/model"
)

// Values makes random values of the library's scalars, some of which it refuses.
var Values = map[string]func(*rand.Rand) any{
	"ID": func(r *rand.Rand) any {
		return fmt.Sprintf("%c%d", "bamzrx"[r.IntN(6)], r.IntN(13))
	},
	"Stars": func(r *rand.Rand) any { return json.Number(strconv.Itoa(r.IntN(8))) },
	"Any":   func(r *rand.Rand) any { return []any{"x", true, json.Number("1")}[r.IntN(3)] },
	"Fault": func(r *rand.Rand) any {
		if r.IntN(2) == 0 {
			return string(model.FaultNone)
		}
		faults := []model.Fault{
			model.FaultError, model.FaultPanic, model.FaultShort, model.FaultErrors, model.FaultShortErrors, model.FaultList,
			model.FaultNull, model.FaultExtended, model.FaultWrapped,
		}
		return string(faults[r.IntN(len(faults))])
	},
}
