"""Pictures, sound, templates and the like: leaf files that look at one value's bytes and say what is seen in them.

A leaf has `look(data, ...) -> list[Seen]` and, where the value can be cleaned and kept, `clean(data, seen, ...)`, which
returns bytes, or None where nothing of the value may stay. Leaves are pure functions of the bytes: no file, no network,
no clock. They raise `DetectorError` for what they know but cannot look at (its sentence stands in the quarantine),
`MissingError` where a model is not installed, and nothing else on any bytes.
"""
