"""The vendor sandbox: four enrichment vendors, four e-mail verifiers, a DNS and an SMTP server for one made-up world.

Everything here answers on loopback and is invented. Nothing in this package is shared with the product that
talks to it: it is written from the vendors' own documents, so that a mistake made on one side shows on the other.
"""
