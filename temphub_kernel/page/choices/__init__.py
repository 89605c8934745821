"""What a viewer chooses, and the page's address that keeps it."""
