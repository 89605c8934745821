"""History from elsewhere: what loggers, databases and other hubs wrote becomes readings of the journal."""
