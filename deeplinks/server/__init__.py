"""The tables over GraphQL: schema, access, compile-and-run, HTTP, and the transport inside a process.

The server. It knows rows, requests and sessions; it has never heard of an association.
"""
