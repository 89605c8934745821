"""`python -m temphub_kernel` is the `temphub` command."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
