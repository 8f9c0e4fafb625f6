"""A pack of rules that count together: a value beside its id in the record, and one that must stand near it."""

PARTNERS = r"""
[[rule]]
id = "acme.id"
entity = "ACME_ID"
name = "Acme id"
pattern = '''\bAC-\d{6}\b'''
confidence = "medium"
examples = ["⟦AC-123456⟧"]
counter_examples = ["AC-1"]

[[rule]]
id = "acme.key"
entity = "ACME_KEY"
name = "Acme key"
pattern = '''\b[0-9a-f]{16}\b'''
requires = ["acme.id"]
confidence = "low"
examples = ["AC-123456 ⟦0123456789abcdef⟧"]
counter_examples = ["0123456789abcdef"]

[[rule]]
id = "acme.near"
entity = "ACME_NEAR"
name = "Acme key close to its id"
pattern = '''\bz[0-9a-f]{16}\b'''
requires = ["acme"]
within = 32
confidence = "low"
examples = ["AC-123456 ⟦z0123456789abcdef⟧"]
counter_examples = ["z0123456789abcdef"]
"""
