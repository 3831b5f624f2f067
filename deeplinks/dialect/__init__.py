"""Hasura's language, pure: a GraphQL operation becomes frozen statements, and statements become SQL.

The dialect. Text and values come in, text and values go out: no connection, no clock, no event loop may enter,
and it has never heard of an association.
"""
