"""What the page shows, read from the journal and kept."""
