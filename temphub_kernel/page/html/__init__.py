"""The page's HTML. Pure; all that others say is escaped here."""
