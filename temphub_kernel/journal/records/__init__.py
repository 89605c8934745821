"""What people and probes say beside readings: names, notes, what does not count, corrections, merges."""
