"""Names that several tests of this folder write."""

# Left out where a test counts what finders are asked: they would take the verifications over.
VERIFIERS = "zerobounce,neverbounce,emaillistverify,briteverify"
