"""A client of the tables for programs that want rows and no associations: select, insert, update, delete, subscribe.

A face: it speaks GraphQL to any endpoint of Hasura's dialect. It has never heard of a space.
"""

from __future__ import annotations

from deeplinks.client.asynchronous import AsyncClient, Rows
from deeplinks.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "Rows"]
