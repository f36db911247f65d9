"""Finding and masking secrets in keys, texts, logs and values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskgraph.model.secrets import is_secret_key, mask_lines, mask_text, mask_value


@pytest.mark.parametrize(
    "key",
    [
        "password", "rootPassword", "PROXYRO_PASSWORD", "db.passwd", "secret",
        "clientSecret",
        "token", "accessToken", "x-auth-token", "credential", "awsCredentials", "apiKey",
        "api_key", "accesskey", "private-key", "ssh_key", "key", "KEY", "secretKeyId",
        "pwd",
        "userPwd", "Authorization", "auth", "Cookie", "passphrase", "pass",
    ],
)  # fmt: skip
def test_keys_of_secrets(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "zone", "process_keywords", "keyspace", "monkey", "author", "compass", "bypass",
        "package_name", "prohibit_rollback", "host_id", "passed", "", "停止",
    ],
)  # fmt: skip
def test_other_keys(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=abc", "password=***"),
        ("Password : abc, user : root", "Password : ***, user : root"),
        ('{"rootPassword": "a\\"b", "x": 1}', '{"rootPassword": ***, "x": 1}'),
        ('{\\"token\\":\\"x y\\",\\"a\\":1}', '{\\"token\\":***,\\"a\\":1}'),
        ("secret => 'a b'", "secret => ***"),
        ("?user=a&access_token=t0p&b=c", "?user=a&access_token=***&b=c"),
        ("mysql://root:s3cret@10.0.0.1:2881/x", "mysql://root:***@10.0.0.1:2881/x"),
        ("obclient -h1.1 -uroot -ps3cret -P2881", "obclient -h1.1 -uroot -p*** -P2881"),
        ("mysqldump -u root -p's 3' db", "mysqldump -u root -p*** db"),
        ("ALTER USER x IDENTIFIED BY 's3cret'", "ALTER USER x IDENTIFIED BY ***"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
        ("curl -H 'X-Auth-Token: abc'", "curl -H 'X-Auth-Token: ***'"),
        ("api_key=sk-1 private key: k", "api_key=*** private key: ***"),
        ('pwd:"never closed', "pwd:*** closed"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x",
         "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- x"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_in_a_text_is_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "connect succeed, dump password", "token expired", "keywords: a", "compass: north",
        "primary key (id)", "ssh -p2881 host", "http://10.0.0.1:8080/a@b", "密码", "",
        "monkey=banana", "author: me", "author=me",
    ],
)  # fmt: skip
def test_other_texts_stay(text: str) -> None:
    assert mask_text(text) == text


def test_a_private_key_over_many_lines() -> None:
    lines = (
        "a",
        "x -----BEGIN PRIVATE KEY-----",
        "MIIE",
        "vQIB",
        "-----END PRIVATE KEY-----",
    )
    assert mask_lines([*lines, "b"]) == (
        "a", "x -----BEGIN PRIVATE KEY-----***", "***", "***", "-----END PRIVATE KEY-----",
        "b",
    )  # fmt: skip


def test_values() -> None:
    value = {
        "stringMap": {"root_password": "x", "zone": "z1", "token": None, "has_key": True},
        "listMap": {"passwords": ["a", "", None], "keywords": ["nc"]},
        "secret": {"a": {"b": 5}},
        "pairs": [{"name": "db_password", "value": "x"}, {"key": "zone", "value": "z1"}],
        "command": "run --password=x",
    }
    assert mask_value(value) == {
        "stringMap": {"root_password": "***", "zone": "z1", "token": None, "has_key": True},
        "listMap": {"passwords": ["***", "", None], "keywords": ["nc"]},
        "secret": {"a": {"b": "***"}},
        "pairs": [{"name": "db_password", "value": "***"}, {"key": "zone", "value": "z1"}],
        "command": "run --password=***",
    }


def test_what_holds_no_secret_is_the_same_object() -> None:
    value = {"a": [1, {"b": "c"}], "token": None}
    assert mask_value(value) is value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["password", "key", "value", "name", "zone"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_masking_twice_is_masking_once(value: Any) -> None:
    masked = mask_value(value)
    assert mask_value(masked) == masked


WORDS = st.sampled_from(
    ["password", "token", "=", ":", " ", '"', "'", "\\", "x", "-p", "mysql", "://", "@",
     "key",
     "bearer", "identified by", "\n", "-----BEGIN PRIVATE KEY-----", "***", "停"]
)  # fmt: skip


@given(st.lists(WORDS, max_size=12).map("".join))
def test_masking_a_text_twice_is_masking_it_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize(
    "piece",
    ["a", "token", 'password="', "token=", "key ", "\\", 'token\\"', "://",
     "identified by ", "bearer ", "-----BEGIN PRIVATE KEY-----", " -p'", '"', "token\t",
     "auth_"],
)  # fmt: skip
def test_a_long_line_takes_no_more_than_its_length(piece: str) -> None:
    assert len(mask_text("mysql " + piece * (60_000 // len(piece)))) > 0
