"""Who may do what, in this order: `security` (host, origin), `rate_limit` (connections, shares, lock-out), `proxies` (who
asks), `auth` (password, token, this computer's key) with `login`, and `audit`, which notes what was changed."""
