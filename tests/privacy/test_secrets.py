"""Finding and masking secrets in keys, texts, logs and values."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskgraph.privacy.masking import mask_lines, mask_text, mask_value
from taskgraph.privacy.secret_signs import is_secret_key


@pytest.mark.parametrize(
    "key",
    [
        "password", "rootPassword", "PROXYRO_PASSWORD", "db.passwd", "secret",
        "clientSecret",
        "token", "accessToken", "x-auth-token", "credential", "awsCredentials", "apiKey",
        "api_key", "accesskey", "private-key", "ssh_key", "key", "KEY", "secretKeyId",
        "pwd",
        "userPwd", "Authorization", "auth", "Cookie", "passphrase", "pass", "rootPwd",
        "sysPass", "dbKey", "rootpw", "rootpass", "dbpwd", "jwt", "bearer", "passcode",
        "otp", "ak", "SK", "userAk", "数据库密码", "口令",
    ],
)  # fmt: skip
def test_keys_of_secrets(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "zone", "process_keywords", "keyspace", "monkey", "author", "compass", "bypass",
        "package_name", "prohibit_rollback", "host_id", "passed", "", "停止", "surpass",
        "encompass", "trespass", "underpass", "overpass", "task", "disk", "sessionId",
        "pin", "sshpass",
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
        ('pwd:"never closed', "pwd:***"),
        ('pwd:"never closed\nnext', "pwd:***\nnext"),
        ('{"rootPwd":"x","sysPass":"y", "dbKey":7}',
         '{"rootPwd":***,"sysPass":***, "dbKey":***}'),
        ("rootpass=x user=a", "rootpass=*** user=a"),
        ('{\\"rootPwd\\":\\"x\\",\\"zone\\":\\"z\\"}',
         '{\\"rootPwd\\":***,\\"zone\\":\\"z\\"}'),
        ('{\\"pwd\\":\\"a\\\\\\"b\\",\\"zone\\":1}', '{\\"pwd\\":***,\\"zone\\":1}'),
        ('{"cmd":"run --pwd=x","zone":1}', '{"cmd":"run --pwd=***","zone":1}'),
        ('{\\"cmd\\":\\"run --pwd=x\\",\\"b\\":1}',
         '{\\"cmd\\":\\"run --pwd=***\\",\\"b\\":1}'),
        ('"passwords":["x","y"], "a": 1', '"passwords":***, "a": 1'),
        ('"secret":{"v":"x}","w":{}}, "a": 1', '"secret":***, "a": 1'),
        ('"password" : {"value":"x"}', '"password" : ***'),
        ('"secret": {\n "v": "x"\n}, "a": 1', '"secret": ***, "a": 1'),
        ('"secret": {"v": "x', '"secret": ***'),
        ("secret=Login{v=x, w=y} zone=z", "secret=*** zone=z"),
        ('[{"name":"password","value":"x"},{"name":"zone","value":"z"}]',
         '[{"name":"password","value":***},{"name":"zone","value":"z"}]'),
        ('{\\"value\\":\\"x\\",\\"name\\":\\"token\\"}',
         '{\\"value\\":***,\\"name\\":\\"token\\"}'),
        ('{"key":"token","val":"x"}', '{"key":"token","val":***}'),
        ("run --password x --zone z", "run --password *** --zone z"),
        ("run --passwd 'x y' z", "run --passwd *** z"),
        ("keytool -storepass x", "keytool -storepass ***"),
        ("mysql -uroot --password x -h h", "mysql -uroot --password *** -h h"),
        ("sshpass -p x ssh -p 22 h", "sshpass -p *** ssh -p 22 h"),
        ("curl -u admin:x http://h", "curl -u admin:*** http://h"),
        ("curl --user 'admin:x y' http://h", "curl --user 'admin:***' http://h"),
        ("export OB_ROOT_PASSWORD x", "export OB_ROOT_PASSWORD ***"),
        ("SET PASSWORD FOR root = PASSWORD('x')", "SET PASSWORD FOR root = PASSWORD(***)"),
        ("SET PASSWORD FOR 'a'@'%' = 'x';", "SET PASSWORD FOR 'a'@'%' = ***;"),
        ("IDENTIFIED BY PASSWORD '*x'", "IDENTIFIED BY PASSWORD ***"),
        ("IDENTIFIED WITH a_b AS '*x'", "IDENTIFIED WITH a_b AS ***"),
        ("password=a,x", "password=***"),
        ("password=a;x", "password=***"),
        ("password=a&x", "password=***"),
        ('password=a"x', "password=***"),
        ("password=a, user=b", "password=***, user=b"),
        ("password=a,user=b", "password=***,user=b"),
        ("password=a&user=b", "password=***&user=b"),
        ("[{password=a},{user=b}]", "[{password=***},{user=b}]"),
        ("password='it''s x' z", "password=*** z"),
        ("Cookie: a=1; b=x; c=2", "Cookie: ***"),
        ("curl -H 'Cookie: a=1; b=x' http://h", "curl -H 'Cookie: ***' http://h"),
        ("<password>x y</password> z", "<password>***</password> z"),
        ('<a:pwd b="c"><![CDATA[x]]></a:pwd>', '<a:pwd b="c"><![CDATA[***]]></a:pwd>'),
        ("密码: x, 用户: y", "密码: ***, 用户: y"),
        ("口令=x", "口令=***"),
        ("password：x y", "password：*** y"),
        ("\x1b[31mkey\x1b[0m=x1Y2z3", "\x1b[31mkey\x1b[0m=***"),
        ("\x1b[1;31mpassword\x1b[0m: x", "\x1b[1;31mpassword\x1b[0m: ***"),
        ("jwt=x otp: 12 ak=x sk:x", "jwt=*** otp: *** ak=*** sk:***"),
        ("refresh token okpassword=", "refresh token ***"),
        ("x://u:a/S3cre://Pw@h/db", "x://u:***@h/db"),
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
        "monkey=banana", "author: me", "author=me", "bypass=1", "task: 12, disk=5",
        "sessionId=a pin=4", "c.o.KeyService : connection refused", "Auth::login failed",
        "WrongPasswordException: for user root", "List<Token> loaded 5 tokens",
        "password: null, token=false", 'secret="" zone=1', "docker run -u 1000:1000",
        "sshpass: not found", '{"key":"zone","value":"z1"}', "<key>zone</key>",
        "curl --password --user", "export data key",
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
        "a", "x -----BEGIN PRIVATE KEY-----", "***", "***", "-----END PRIVATE KEY-----",
        "b",
    )  # fmt: skip


def test_values() -> None:
    value = {
        "stringMap": {"root_password": "x", "zone": "z1", "token": None, "has_key": True},
        "listMap": {"passwords": ["a", "", None], "keywords": ["nc"]},
        "secret": {"a": {"b": 5}},
        "pairs": [
            {"name": "db_password", "value": "x"}, {"key": "zone", "value": "z1"},
            {"key": "token", "val": "x"}, {"Name": "password", "Value": "x"},
            {"paramName": "rootPwd", "paramValue": "x"},
        ],
        "command": "run --password=x",
    }  # fmt: skip
    assert mask_value(value) == {
        "stringMap": {"root_password": "***", "zone": "z1", "token": None, "has_key": True},
        "listMap": {"passwords": ["***", "", None], "keywords": ["nc"]},
        "secret": {"a": {"b": "***"}},
        "pairs": [
            {"name": "db_password", "value": "***"}, {"key": "zone", "value": "z1"},
            {"key": "token", "val": "***"}, {"Name": "password", "Value": "***"},
            {"paramName": "rootPwd", "paramValue": "***"},
        ],
        "command": "run --password=***",
    }  # fmt: skip


def test_what_holds_no_secret_is_the_same_object() -> None:
    value = {"a": [1, {"b": "c"}], "token": None}
    assert mask_value(value) is value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "password",
                    "key",
                    "value",
                    "name",
                    "zone",
                    "password=runTime",
                    "name: token",
                ]
            ),
            inner,
            max_size=3,
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
     "key", "bearer", "identified by", "\n", "-----BEGIN PRIVATE KEY-----", "***", "停",
     ",", ";", "&", "{", "}", "[", "]", "(", ")", "<", ">", "</", "name", "value", "null",
     "--", "cookie: a=", "sshpass -p", "curl -u ", "\x1b[0m", "：", "ak", '\\"', '\\\\\\"']
)  # fmt: skip


@given(st.lists(WORDS, max_size=12).map("".join))
@example("password\npassword=password")
def test_masking_a_text_twice_is_masking_it_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


PIECES = (
    "a", "token", 'password="', "token=", "key ", "\\", 'token\\"', "://",
     "identified by ", "bearer ", "-----BEGIN PRIVATE KEY-----", " -p'", '"', "token\t",
     "auth_", "password='", 'token=\\"', 'token=\\\\\\"', "token=[", "token=[\n",
     "token=a[ ", 'token=a[ "', "<a>", "<password ", "--token ", "export A", "value:",
     "name=key ", 'value="a",name=', "Cookie: a=b\n", "密码：", "password('", 'curl -u "a:',
     "set password for ", "\x1b[31m", "a.", "a-", "token=a,", "token=a}", 'token=a"b',
     "token='a''",
    "token=[] ", "://u:", "@a:", "a:b1C2d3@", "-p", "name=password ", "<name>token</name>",
    "key=v ", "name=key v=", "tokenType: JWT ", 'token=a[[] "', "a:b/", "://u:@",
    "\\u0070assword=", "%22token%22%3A", "eyJ", "*", "sk-", "密码是",
    "name:密码", "密码是a", "key-", "password: &a ", "password: (a) ", "| password ",
    "password is now ", "password('a',", "'\"'\"'", "password=\n", "password: A { ",
    "&a ", "(a) ", "{ ",
)  # fmt: skip
"""What begins as a secret, again and again."""


def _calls(text: str) -> int:
    """Count the functions that are called to mask a text."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        mask_text(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.uncovered
@pytest.mark.parametrize("start", ["mysql curl ", "password: "])
@pytest.mark.parametrize("piece", PIECES)
def test_a_long_line_takes_no_more_than_its_length(piece: str, start: str) -> None:
    short, long = (
        _calls(start + piece * (length // len(piece))) for length in (4_000, 16_000)
    )
    assert long <= 5 * short + 100  # of a text four times as long


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["token=[ ", 'pwd="\\', "a.b-", "<a b ", "token=[] "])
def test_a_text_of_a_megabyte_is_masked(piece: str) -> None:
    assert len(mask_text(piece * (1_000_000 // len(piece)))) > 0
