"""JSON Web Tokens in Hasura's format: those that are true come in, with their role and variables; forged ones do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from time import time
from typing import Any

import jwt
import pytest
from starlette.datastructures import Headers

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.errors import SettingsError
from deeplinks.server.access import Admission
from deeplinks.server.settings import Settings
from deeplinks.server.tokens import issuers
from tests.server.signing import (
    NAMESPACE,
    SECRET,
    by_hand,
    claims,
    ec_key,
    ed_key,
    part,
    public,
    roles,
    rsa_key,
    signed,
    without,
)

HS = {"type": "HS256", "key": SECRET}
RS = {"type": "RS256", "key": public(rsa_key())}
MAPPED = {
    "claims_map": {
        "x-hasura-allowed-roles": {"path": "$.user.roles"},
        "x-hasura-default-role": {"path": "$.user['main role']", "default": "user"},
        "x-hasura-user-id": {"path": "$.user.ids[1]"},
        "x-hasura-team": "blue",
    }
}
USER = {"user": {"roles": ["user"], "ids": ["6", "7"]}}


def admission(*configured: Mapping[str, Any], **more: Any) -> Admission:
    text = json.dumps(list(configured))
    return Admission(Settings(admin_secret="right", issuers=issuers(text, "HASURA_GRAPHQL_JWT_SECRET"), **more))


def admit(configured: Mapping[str, Any], token: str, **headers: str) -> Session:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return admission(configured).admit({"authorization": f"Bearer {token}", **given})


TRUE: list[tuple[str, Mapping[str, Any], Callable[[], str]]] = [
    ("HS256", HS, lambda: signed(claims())),
    ("HS384", {**HS, "type": "HS384"}, lambda: signed(claims(), algorithm="HS384")),
    ("HS512", {**HS, "type": "HS512"}, lambda: signed(claims(), algorithm="HS512")),
    ("RS256", RS, lambda: signed(claims(), rsa_key(), "RS256")),
    ("RS384", {**RS, "type": "RS384"}, lambda: signed(claims(), rsa_key(), "RS384")),
    ("RS512", {**RS, "type": "RS512"}, lambda: signed(claims(), rsa_key(), "RS512")),
    ("ES256", {"type": "ES256", "key": public(ec_key())}, lambda: signed(claims(), ec_key(), "ES256")),
    ("ES384", {"type": "ES384", "key": public(ec_key("P-384"))}, lambda: signed(claims(), ec_key("P-384"), "ES384")),
    ("ES512", {"type": "ES512", "key": public(ec_key("P-521"))}, lambda: signed(claims(), ec_key("P-521"), "ES512")),
    ("Ed25519", {"type": "Ed25519", "key": public(ed_key())}, lambda: signed(claims(), ed_key(), "EdDSA")),
    ("no exp", HS, lambda: signed(without(claims(), "exp", "iat", "sub"))),
    ("within the skew", {**HS, "allowed_skew": 30}, lambda: signed(claims(exp=int(time()) - 10))),
    ("a fraction of a second", HS, lambda: signed(claims(exp=time() + 60.5))),
    ("an audience", {**HS, "audience": "app"}, lambda: signed(claims(aud="app"))),
    ("one of several audiences", {**HS, "audience": ["app", "web"]}, lambda: signed(claims(aud=["web", "other"]))),
    ("an audience nobody asks for", HS, lambda: signed(claims(aud="other"))),
    ("an issuer", {**HS, "issuer": "us"}, lambda: signed(claims(iss="us"))),
    ("a kid, with one key", HS, lambda: signed(claims(), kid="../../etc/passwd")),
    (
        "a namespace",
        {**HS, "claims_namespace": "hasura"},
        lambda: signed({**without(claims(), NAMESPACE), "hasura": roles()}),
    ),
    (
        "a path",
        {**HS, "claims_namespace_path": "$.app['the claims']"},
        lambda: signed({**without(claims(), NAMESPACE), "app": {"the claims": roles()}}),
    ),
    ("at the root", {**HS, "claims_namespace_path": "$"}, lambda: signed({**without(claims(), NAMESPACE), **roles()})),
    (
        "claims as text",
        {**HS, "claims_format": "stringified_json"},
        lambda: signed(claims(**{NAMESPACE: json.dumps(roles())})),
    ),
    ("claims in capitals", HS, lambda: signed(claims(**{NAMESPACE: {k.title(): v for k, v in roles().items()}}))),
    ("claims mapped", {**HS, **MAPPED}, lambda: signed({**without(claims(), NAMESPACE), **USER})),
]


@pytest.mark.parametrize(("configured", "token"), [one[1:] for one in TRUE], ids=[one[0] for one in TRUE])
def test_a_true_token_comes_in(configured: Mapping[str, Any], token: Callable[[], str]) -> None:
    session = admit(configured, token())

    assert (session.role, session.variables["x-hasura-user-id"]) == ("user", "7")


def _other(payload: dict[str, Any], **more: object) -> dict[str, Any]:
    return {**payload, NAMESPACE: {**payload[NAMESPACE], **more}}


def _bare(*names: str) -> dict[str, Any]:
    payload = claims()
    return {**payload, NAMESPACE: without(payload[NAMESPACE], *names)}


def _flipped(token: str, place: int) -> str:
    parts = token.split(".")
    text = parts[place]
    parts[place] = text[:10] + ("A" if text[10] != "A" else "B") + text[11:]
    return ".".join(parts)


HS_HEADER = {"alg": "HS256", "typ": "JWT"}
FORGED: list[tuple[str, Mapping[str, Any], Callable[[], str], str]] = [
    # who signed
    ("none", HS, lambda: jwt.encode(claims(), None, algorithm="none"), "invalid-jwt"),
    ("None", HS, lambda: f"{part({'alg': 'None'})}.{part(claims())}.", "invalid-jwt"),
    ("NONE", HS, lambda: f"{part({'alg': 'NONE'})}.{part(claims())}.", "invalid-jwt"),
    ("none, signed", HS, lambda: by_hand({"alg": "none"}, claims()), "invalid-jwt"),
    ("none for RS", RS, lambda: jwt.encode(claims(), None, algorithm="none"), "invalid-jwt"),
    ("no algorithm", HS, lambda: by_hand({"typ": "JWT"}, claims()), "invalid-jwt"),
    ("an algorithm that is a number", HS, lambda: by_hand({"alg": 256}, claims()), "invalid-jwt"),
    ("an algorithm that is a list", HS, lambda: by_hand({"alg": ["HS256"]}, claims()), "invalid-jwt"),
    ("an algorithm in small letters", HS, lambda: by_hand({"alg": "hs256"}, claims()), "invalid-jwt"),
    ("the public key as secret", RS, lambda: by_hand(HS_HEADER, claims(), RS["key"].encode()), "invalid-jwt"),
    ("the public key, stripped", RS, lambda: by_hand(HS_HEADER, claims(), RS["key"].strip().encode()), "invalid-jwt"),
    (
        "the public key with other spaces",
        RS,
        lambda: by_hand(HS_HEADER, claims(), b" \n" + RS["key"].replace("\n", "\r\n").encode()),
        "invalid-jwt",
    ),
    (
        "said to be RS256, signed by HS",
        RS,
        lambda: by_hand({"alg": "RS256"}, claims(), RS["key"].encode()),
        "invalid-jwt",
    ),
    ("HS384 where HS256 is asked", HS, lambda: signed(claims(), algorithm="HS384"), "invalid-jwt"),
    ("RS512 where RS256 is asked", RS, lambda: signed(claims(), rsa_key(), "RS512"), "invalid-jwt"),
    ("PS256 where RS256 is asked", RS, lambda: signed(claims(), rsa_key(), "PS256"), "invalid-jwt"),
    ("ES256 where RS256 is asked", RS, lambda: signed(claims(), ec_key(), "ES256"), "invalid-jwt"),
    ("RS256 where HS256 is asked", HS, lambda: signed(claims(), rsa_key(), "RS256"), "invalid-jwt"),
    ("another secret", HS, lambda: signed(claims(), "x" * 64), "invalid-jwt"),
    ("another key", RS, lambda: signed(claims(), rsa_key(1), "RS256"), "invalid-jwt"),
    ("an empty secret", HS, lambda: by_hand(HS_HEADER, claims(), b""), "invalid-jwt"),
    ("a zero secret", HS, lambda: by_hand(HS_HEADER, claims(), b"\0" * 64), "invalid-jwt"),
    ("a kid that is a file", HS, lambda: by_hand({**HS_HEADER, "kid": "/dev/null"}, claims(), b""), "invalid-jwt"),
    (
        "a kid that is SQL",
        HS,
        lambda: by_hand({**HS_HEADER, "kid": "' UNION SELECT 'x"}, claims(), b"x"),
        "invalid-jwt",
    ),
    ("a kid that is a list", HS, lambda: by_hand({**HS_HEADER, "kid": [1]}, claims()), "invalid-jwt"),
    (
        "its own key with it",
        RS,
        lambda: signed(
            claims(), rsa_key(1), "RS256", jwk=json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(1).public_key()))
        ),
        "invalid-jwt",
    ),
    (
        "the address of its key",
        RS,
        lambda: signed(claims(), rsa_key(1), "RS256", jku="http://127.0.0.1:1/keys"),
        "invalid-jwt",
    ),
    (
        "the address of its certificate",
        RS,
        lambda: signed(claims(), rsa_key(1), "RS256", x5u="http://127.0.0.1:1/c"),
        "invalid-jwt",
    ),
    (
        "an extension that is critical",
        HS,
        lambda: by_hand({**HS_HEADER, "crit": ["b64"], "b64": False}, claims()),
        "invalid-jwt",
    ),
    ("an unknown extension", HS, lambda: by_hand({**HS_HEADER, "crit": ["x"], "x": 1}, claims()), "invalid-jwt"),
    # its text
    ("a changed payload", HS, lambda: _flipped(signed(claims()), 1), "invalid-jwt"),
    ("a changed signature", HS, lambda: _flipped(signed(claims()), 2), "invalid-jwt"),
    ("no signature", HS, lambda: signed(claims()).rsplit(".", 1)[0] + ".", "invalid-jwt"),
    ("two parts", HS, lambda: signed(claims()).rsplit(".", 1)[0], "invalid-jwt"),
    ("four parts", HS, lambda: signed(claims()) + ".e30", "invalid-jwt"),
    ("truncated", HS, lambda: signed(claims())[:-5], "invalid-jwt"),
    ("half", HS, lambda: signed(claims())[:60], "invalid-jwt"),
    ("a word", HS, lambda: "token", "invalid-jwt"),
    ("dots", HS, lambda: "...", "invalid-jwt"),
    ("no base64", HS, lambda: "ä.ö.ü", "invalid-jwt"),
    ("an encrypted one", HS, lambda: "e30.e30.e30.e30.e30", "invalid-jwt"),
    ("twice", HS, lambda: f"{signed(claims())} {signed(claims())}", "invalid-headers"),
    ("two in a list", HS, lambda: f"{signed(claims())},{signed(claims())}", "invalid-headers"),
    ("nothing", HS, lambda: "", "invalid-headers"),
    ("huge", HS, lambda: signed(claims(x="x" * 10_000)), "invalid-jwt"),
    ("deep", HS, lambda: by_hand(HS_HEADER, b"[" * 3000 + b"]" * 3000), "invalid-jwt"),
    ("a payload that is a list", HS, lambda: by_hand(HS_HEADER, [claims()]), "invalid-jwt"),
    ("a payload that is no JSON", HS, lambda: by_hand(HS_HEADER, b"{"), "invalid-jwt"),
    ("a header that is a list", HS, lambda: by_hand([HS_HEADER], claims()), "invalid-jwt"),
    # times
    ("expired", HS, lambda: signed(claims(exp=int(time()) - 1)), "invalid-jwt"),
    ("expired, beyond the skew", {**HS, "allowed_skew": 5}, lambda: signed(claims(exp=int(time()) - 7)), "invalid-jwt"),
    ("not yet", HS, lambda: signed(claims(nbf=int(time()) + 60)), "invalid-jwt"),
    ("issued tomorrow", HS, lambda: signed(claims(iat=int(time()) + 86_400)), "invalid-jwt"),
    ("exp is a text", HS, lambda: by_hand(HS_HEADER, claims(exp="9999999999")), "invalid-jwt"),
    ("exp is true", HS, lambda: by_hand(HS_HEADER, claims(exp=True)), "invalid-jwt"),
    ("exp is null", HS, lambda: by_hand(HS_HEADER, claims(exp=None)), "invalid-jwt"),
    ("exp is a list", HS, lambda: by_hand(HS_HEADER, claims(exp=[9999999999])), "invalid-jwt"),
    (
        "exp without end",
        HS,
        lambda: by_hand(HS_HEADER, json.dumps(claims(exp=1)).replace('"exp": 1', '"exp": 1e999').encode()),
        "invalid-jwt",
    ),
    (
        "exp is no number",
        HS,
        lambda: by_hand(HS_HEADER, json.dumps(claims(exp=1)).replace('"exp": 1', '"exp": NaN').encode()),
        "invalid-jwt",
    ),
    # for whom
    ("another audience", {**HS, "audience": "app"}, lambda: signed(claims(aud="other")), "invalid-jwt"),
    ("no audience", {**HS, "audience": "app"}, lambda: signed(claims()), "invalid-jwt"),
    ("an audience that is part of it", {**HS, "audience": "app"}, lambda: signed(claims(aud="ap")), "invalid-jwt"),
    (
        "an audience that is a number",
        {**HS, "audience": "app"},
        lambda: by_hand(HS_HEADER, claims(aud=1)),
        "invalid-jwt",
    ),
    ("another issuer", {**HS, "issuer": "us"}, lambda: signed(claims(iss="them")), "invalid-jwt"),
    ("no issuer", {**HS, "issuer": "us"}, lambda: signed(claims()), "invalid-jwt"),
    # what it grants
    ("no claims", HS, lambda: signed(without(claims(), NAMESPACE)), "jwt-missing-role-claims"),
    (
        "claims of another place",
        {**HS, "claims_namespace": "hasura"},
        lambda: signed(claims()),
        "jwt-missing-role-claims",
    ),
    ("no allowed roles", HS, lambda: signed(_bare("x-hasura-allowed-roles")), "jwt-missing-role-claims"),
    ("no default role", HS, lambda: signed(_bare("x-hasura-default-role")), "jwt-missing-role-claims"),
    ("claims that are a text", HS, lambda: signed(claims(**{NAMESPACE: json.dumps(roles())})), "jwt-invalid-claims"),
    (
        "claims that are no text",
        {**HS, "claims_format": "stringified_json"},
        lambda: signed(claims()),
        "jwt-invalid-claims",
    ),
    (
        "allowed roles as a text",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-allowed-roles": "user"})),
        "jwt-invalid-claims",
    ),
    (
        "an allowed role that is a number",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-allowed-roles": ["user", 1]})),
        "jwt-invalid-claims",
    ),
    (
        "a default role that is a list",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-default-role": ["user"]})),
        "jwt-invalid-claims",
    ),
    (
        "a variable that is a number",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-user-id": 7})),
        "jwt-invalid-claims",
    ),
    (
        "a variable that is an object",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-user-id": {"_neq": "7"}})),
        "jwt-invalid-claims",
    ),
    (
        "a claim in two spellings",
        HS,
        lambda: signed(_other(claims(), **{"X-Hasura-User-Id": "8"})),
        "jwt-invalid-claims",
    ),
    (
        "a default that is not allowed",
        HS,
        lambda: signed(_other(claims(), **{"x-hasura-default-role": "admin"})),
        "access-denied",
    ),
    ("mapped to nothing", {**HS, **MAPPED}, lambda: signed(claims()), "jwt-missing-role-claims"),
]


@pytest.mark.parametrize(("configured", "token", "code"), [one[1:] for one in FORGED], ids=[one[0] for one in FORGED])
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_forged_token_is_refused(configured: Mapping[str, Any], token: Callable[[], str], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        admit(configured, token())

    assert (caught.value.extension_code, caught.value.path) == (code, "$")
    assert SECRET not in str(caught.value)


def test_the_sets_are_large_enough() -> None:
    assert len(FORGED) >= 60
    assert len(TRUE) >= 20


def test_the_request_chooses_among_the_allowed_roles() -> None:
    assert admit(HS, signed(claims()), x_hasura_role="editor").role == "editor"


@pytest.mark.parametrize("role", ["admin", "root", "", "User", "user "])
def test_a_role_that_is_not_allowed_is_refused(role: str) -> None:
    with pytest.raises(RequestError, match="not in allowed roles") as caught:
        admit(HS, signed(claims()), x_hasura_role=role)

    assert caught.value.extension_code == "access-denied"


def test_headers_are_no_session_variables_of_who_has_a_token() -> None:
    session = admit(HS, signed(claims()), x_hasura_user_id="1", x_hasura_team="red")

    assert session.variables == {"x-hasura-user-id": "7", "x-hasura-role": "user"}


def test_a_session_ends_with_its_token_and_the_skew() -> None:
    exp = int(time()) + 600

    assert admit({**HS, "allowed_skew": 5}, signed(claims(exp=exp))).expires_at == exp + 5


def test_the_session_of_who_knows_the_secret_has_no_end() -> None:
    assert admission(HS).admit({"x-hasura-admin-secret": "right"}).expires_at is None


def test_a_wrong_secret_is_refused_though_the_token_is_true() -> None:
    with pytest.raises(RequestError, match='invalid "x-hasura-admin-secret"'):
        admit(HS, signed(claims()), x_hasura_admin_secret="wrong")


def test_a_cookie_may_carry_the_token() -> None:
    configured = {**HS, "header": {"type": "Cookie", "name": "session"}}

    assert admission(configured).admit({"cookie": f"a=b; session={signed(claims())}; c=d"}).role == "user"


def test_a_header_of_its_own_may_carry_the_token() -> None:
    configured = {**HS, "header": {"type": "CustomHeader", "name": "X-Token"}}

    assert admission(configured).admit({"x-token": signed(claims())}).role == "user"


def test_a_token_in_another_place_is_none() -> None:
    configured = {**HS, "header": {"type": "Cookie", "name": "session"}}

    with pytest.raises(RequestError, match="Missing 'Authorization' or 'Cookie' header") as caught:
        admission(configured).admit({"authorization": f"Bearer {signed(claims())}"})
    assert caught.value.extension_code == "invalid-headers"


def test_who_brings_nothing_has_the_role_of_nobody() -> None:
    session = admission(HS, unauthorized_role="anonymous").admit({"x-hasura-user-id": "7"})

    assert (session.role, session.variables) == ("anonymous", {"x-hasura-role": "anonymous"})


def test_nobody_may_not_choose_a_role() -> None:
    with pytest.raises(RequestError, match="not in allowed roles"):
        admission(HS, unauthorized_role="anonymous").admit({"x-hasura-role": "user"})


def test_a_forged_token_is_not_nobody() -> None:
    with pytest.raises(RequestError, match="Could not verify JWT"):
        admission(HS, unauthorized_role="anonymous").admit({"authorization": f"Bearer {signed(claims(), 'x' * 64)}"})


def test_two_tokens_in_two_headers_are_refused() -> None:
    headers = Headers(raw=[(b"authorization", f"Bearer {signed(claims())}".encode())] * 2)

    with pytest.raises(RequestError, match="there twice"):
        admission(HS).admit(headers)


def test_each_of_several_issuers_is_believed_for_its_own() -> None:
    both = admission({**HS, "issuer": "one"}, {**RS, "issuer": "two"})

    assert both.admit({"authorization": f"Bearer {signed(claims(iss='one'))}"}).role == "user"
    assert both.admit({"authorization": f"Bearer {signed(claims(iss='two'), rsa_key(), 'RS256')}"}).role == "user"
    with pytest.raises(RequestError, match="Could not verify JWT"):
        both.admit({"authorization": f"Bearer {signed(claims(iss='two'))}"})


@pytest.mark.parametrize("secret", ["old", "new"])
def test_several_secrets_are_good_at_once(secret: str) -> None:
    closed = Admission(Settings(admin_secret="gone", admin_secrets=("old", "new")))

    assert closed.admit({"x-hasura-admin-secret": secret}).role == "admin"
    with pytest.raises(RequestError, match="invalid"):
        closed.admit({"x-hasura-admin-secret": "gone"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "an empty list"),
        ('"x"', "no object"),
        ("{}", "needs"),
        ('{"type": "HS256"}', "needs"),
        ('{"type": "none", "key": "x"}', "is none of"),
        ('{"type": "HS256", "key": "short"}', "32 bytes at least"),
        (json.dumps({"type": "HS256", "key": RS["key"]}), "takes a secret"),
        (json.dumps({"type": "RS256", "key": SECRET}), "no public key"),
        (json.dumps({"type": "ES256", "key": RS["key"]}), "not one for ES256"),
        ('{"jwk_url": "file:///etc/passwd"}', "http"),
        (json.dumps({**HS, "jwk_url": "https://x.test/"}), "stands without a key"),
        (json.dumps({**HS, "audence": "x"}), "has no 'audence'"),
        (json.dumps({**HS, "audience": []}), "audience is"),
        (json.dumps({**HS, "issuer": ""}), "issuer is"),
        (json.dumps({**HS, "allowed_skew": -1}), "allowed_skew"),
        (json.dumps({**HS, "allowed_skew": True}), "allowed_skew"),
        (json.dumps({**HS, "claims_format": "xml"}), "claims_format"),
        (json.dumps({**HS, "claims_namespace_path": "a.b"}), "is no path"),
        (json.dumps({**HS, "claims_namespace": "a", "claims_namespace_path": "$"}), "give one"),
        (json.dumps({**HS, "claims_map": {"x-hasura-default-role": "user"}}), "lacks x-hasura-allowed-roles"),
        (json.dumps({**HS, "claims_map": {"user": "7"}}), "is none"),
        (json.dumps({**HS, "header": {"type": "Cookie"}}), "header is"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_the_start(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        Settings.from_env({"HASURA_GRAPHQL_ADMIN_SECRET": "s", "HASURA_GRAPHQL_JWT_SECRET": text})

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"HASURA_GRAPHQL_JWT_SECRET": json.dumps(HS)},
        {"HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "anonymous"},
        {"HASURA_GRAPHQL_ADMIN_SECRET": "s", "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "admin"},
        {"HASURA_GRAPHQL_ADMIN_SECRETS": '["a", ""]'},
        {"HASURA_GRAPHQL_ADMIN_SECRETS": "a, b"},
        {"HASURA_GRAPHQL_ADMIN_SECRETS": "[]"},
    ],
)
def test_what_leaves_a_door_open_is_refused_at_the_start(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        Settings.from_env(given)


def test_secrets_are_not_shown() -> None:
    given = {"HASURA_GRAPHQL_ADMIN_SECRETS": '["very secret"]', "HASURA_GRAPHQL_JWT_SECRET": json.dumps(HS)}

    shown = repr(Settings.from_env(given))

    assert SECRET not in shown
    assert "very secret" not in shown
