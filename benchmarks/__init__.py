"""How fast, how small and how good: one command, `python -m benchmarks`, for people and never for tests.

Speeds are megabytes (10^6 bytes of uncompressed JSONL) per CPU second of whole processes, medians of several runs,
beside a peer or a goal measured in the same run. Corpora are made here from a seed, so two machines see the same bytes.
"""
