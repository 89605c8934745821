"""What every room shares. Imports nothing of ours; cheap to import; safe from any thread."""
