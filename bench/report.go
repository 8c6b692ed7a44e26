package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
)

// report prints the medians of one case, and the ratios to the first contender: medians of the ratios of each round.
func report(b benchmark, results [][]figures) {
	fmt.Printf("\n%s: %s\n", b.name, b.about)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\tserver CPU\tratio\t(range)\trate\tratio\tdatabase CPU\tratio\tallocations\tbytes\twaited\t")
	for i, c := range b.contenders {
		of := func(value func(figures) float64) float64 { return median(column(results[i], value)) }
		against := func(value func(figures) float64) []float64 { return ratios(results[i], results[0], value) }
		cpu := against(func(f figures) float64 { return f.cpu })
		fmt.Fprintf(out, "%s\t%.1f µs\t%.2f\t(%.2f-%.2f)\t%.0f/s\t%.2f\t%.1f µs\t%.2f\t%.0f\t%.0f\t%.0f %%\t\n", c.name,
			of(func(f figures) float64 { return f.cpu }), median(cpu), slices.Min(cpu), slices.Max(cpu),
			of(func(f figures) float64 { return f.rate }), median(against(func(f figures) float64 { return f.rate })),
			of(func(f figures) float64 { return f.database }), median(against(func(f figures) float64 { return f.database })),
			of(func(f figures) float64 { return f.allocs }), of(func(f figures) float64 { return f.bytes }),
			100*of(func(f figures) float64 { return f.waited }))
	}
	out.Flush()
	for _, c := range b.contenders {
		fmt.Printf("  %s: %s\n", c.name, c.about)
	}
}

func column(rounds []figures, value func(figures) float64) []float64 {
	values := make([]float64, len(rounds))
	for i, f := range rounds {
		values[i] = value(f)
	}
	return values
}

func ratios(rounds, to []figures, value func(figures) float64) []float64 {
	values := make([]float64, len(rounds))
	for i := range rounds {
		values[i] = value(rounds[i]) / value(to[i])
	}
	return values
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}
