"""Makes `python -m privscan` the command."""

from privscan.cli import main

main()
