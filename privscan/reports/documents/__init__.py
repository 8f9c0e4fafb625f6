"""Documents about a dataset, drafted from a run: what was counted stands in them, what only a person knows is marked.

Promise: no figure that is not in the report, and a placeholder wherever a person has to speak.
"""
