"""Stands in for the migration: `fail` fails with a reason, `slow` takes forever."""

import sys
import time

if __name__ == "__main__":
    if "fail" in sys.argv:
        print("migrate: table scripts is upside down", file=sys.stderr)
        sys.exit(2)
    if "slow" in sys.argv:
        print("migrating")
        time.sleep(600)
