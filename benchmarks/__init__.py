"""How fast, how small and how good: one command, `python -m benchmarks`, for people and never for tests.

Speeds are megabytes (10^6 bytes of uncompressed JSONL) per CPU second of whole processes, medians of several runs,
beside a peer or a goal measured in the same run. Corpora are made here from a seed, so two machines see the same bytes.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")  # as the command line does
