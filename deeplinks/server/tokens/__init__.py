"""JSON Web Tokens in Hasura's format: how a token is carried, verified, and read as roles and session variables.

The server. It knows tokens and keys; what a role may see is not decided here.
"""

from __future__ import annotations

from deeplinks.server.tokens.claims import Granted
from deeplinks.server.tokens.settings import Issuer, issuers
from deeplinks.server.tokens.verifier import Verifier

__all__ = ["Granted", "Issuer", "Verifier", "issuers"]
