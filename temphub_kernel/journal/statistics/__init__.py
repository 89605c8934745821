"""What the journal's readings come to: steps of time, means over time, time beyond limits, a clock's own steps. Pure but for
what is asked."""
