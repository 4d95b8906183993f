"""A laboratory for faults: servers of its own, real worker processes, and a provider with a ledger."""
