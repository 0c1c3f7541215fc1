"""The table of `graphql-transport-ws`: what a client sends, and what it is answered or how it is closed.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PROTOCOL, TEXT, frame, text

Message = dict[str, Any]

INIT: Message = {"type": "connection_init"}
ACK: Message = {"type": "connection_ack"}
TYPENAME = "{ __typename }"
LIVE = "subscription { statusChanged { newStatus } }"
CREATE = 'mutation { createScript(input: {content: "x"}) { script { status } } }'
TWO = "query A { a: __typename } query B { b: __typename }"


@dataclass(frozen=True)
class Case:
    """`sent` are messages, sent as JSON, or bytes for the socket as they are. A close code that is expected comes after
    the messages; without one the connection goes on. Errors are expected by their codes alone.
    """

    name: str
    sent: tuple[Any, ...]
    messages: tuple[Message, ...] = ()
    closed: int | None = None
    init: bool = True
    protocols: str | None = PROTOCOL


def each(*values: Any) -> tuple[Any, ...]:
    """JSON of all kinds."""
    return values


def ask(query: Any = TYPENAME, id: Any = "1", **more: Any) -> Message:
    return {"type": "subscribe", "id": id, "payload": {"query": query, **more}}


def answer(data: Any, id: str = "1") -> tuple[Message, Message]:
    return {"id": id, "type": "next", "payload": {"data": data}}, {"id": id, "type": "complete"}


def error(code: str, id: str = "1") -> Message:
    return {"id": id, "type": "error", "payload": [code]}


def done(id: str) -> Message:
    return {"type": "complete", "id": id}


def raw(data: str | bytes) -> bytes:
    return frame(TEXT, data.encode() if isinstance(data, str) else data)


def broken(name: str, *sent: Any, closed: int = 4400, init: bool = True) -> Case:
    return Case(name, sent, closed=closed, init=init)


QUERY = answer({"__typename": "Query"})
_HALVES = (b'{"type":"subscribe","id":"1",', b'"payload":{"query":"{ __typename }"}}')
_CREATED = answer({"createScript": {"script": {"status": "DRAFT"}}}, "m")
_CHANGED: Message = {"id": "s", "type": "next", "payload": {"data": {"statusChanged": {"newStatus": "DRAFT"}}}}

_MESSAGES = [
    broken("not JSON", raw("{")),
    broken("an empty message", raw("")),
    broken("JSON that is nested without end", raw("[" * 100_000)),
    broken("JSON and more behind it", raw('{"type": "ping"} {"type": "ping"}')),
    broken("NaN", raw('{"type": "ping", "payload": {"a": NaN}}')),
    broken("a byte order mark", raw('\ufeff{"type": "ping"}')),
    broken("a list", raw("[]")),
    broken("a list of messages", raw('[{"type": "ping"}]')),
    broken("null", raw("null")),
    broken("a string", raw('"ping"')),
    broken("a number", raw("7")),
    broken("true", raw("true")),
    broken("no type", {}),
    broken("a type of null", {"type": None}),
    broken("a type that is a number", {"type": 7}),
    broken("a type that is a list", {"type": ["ping"]}),
    broken("an unknown type", {"type": "unheard"}),
    broken("the older protocol's start", {"type": "start", "id": "1", "payload": {"query": TYPENAME}}),
    broken("the older protocol's end", {"type": "connection_terminate"}),
    *(broken(f"the server's {kind}", {"type": kind, "id": "1", "payload": {}}) for kind in (
        "connection_ack", "next", "error",
    )),
    broken("a type in other letters", {"type": "PING"}),
    broken("nothing behind what is broken", {"type": "?"}, ask(), {"type": "ping"}),
    broken("broken before the init", {"type": "?"}, init=False),
]  # fmt: skip

_FRAMES = [
    broken("binary", frame(BINARY, b'{"type": "ping"}')),
    broken("binary in pieces", frame(BINARY, b'{"type": ', final=False), frame(CONTINUATION, b'"ping"}')),
    broken("no UTF-8", raw(b'{"type": "\xff"}'), closed=1007),
    broken("UTF-8 that is cut off", raw(b'{"type": "\xe6\x97'), closed=1007),
    broken("a surrogate as UTF-8", raw(b'{"type": "\xed\xa0\x80"}'), closed=1007),
    broken("too big", frame(TEXT, b"x" * 8_000_000)[:1_000], closed=1009),
    broken("not masked", frame(TEXT, b'{"type": "ping"}', masked=False), closed=1002),
    broken("a reserved bit", frame(TEXT, b'{"type": "ping"}', reserved=4), closed=1002),
    broken("a reserved opcode", frame(3, b""), closed=1002),
    broken("a piece of nothing", frame(CONTINUATION, b"{}"), closed=1002),
    broken("a message inside of another", frame(TEXT, b"{", final=False), raw("{}"), closed=1002),
    broken("a ping in pieces", frame(PING, b"", final=False), closed=1002),
    broken("a ping of 126 bytes", frame(PING, b"x" * 126), closed=1002),
    Case("a message in two pieces", (frame(TEXT, _HALVES[0], final=False), frame(CONTINUATION, _HALVES[1])), QUERY),
    Case("a ping between two pieces", (
        frame(TEXT, _HALVES[0], final=False), frame(PING, b"x"), frame(CONTINUATION, _HALVES[1]),
    ), QUERY),
    Case("a character in two pieces", (
        frame(TEXT, '{"type":"ping","payload":{"a":"日'.encode()[:-1], final=False),
        frame(CONTINUATION, "日".encode()[-1:] + b'"}}'),
    ), ({"type": "pong", "payload": {"a": "日"}},)),
    Case("an empty piece", (frame(TEXT, b"", final=False), frame(CONTINUATION, b'{"type":"ping"}')), (
        {"type": "pong"},
    )),
    Case("three messages at once", (text({"type": "ping"}) + text(ask()) + text({"type": "pong"}),), (
        {"type": "pong"}, *QUERY,
    )),
    Case("a close", (ask(LIVE), frame(CLOSE, (1000).to_bytes(2, "big"))), closed=1000),
    Case("a close of the client's own", (ask(LIVE), frame(CLOSE, (4321).to_bytes(2, "big") + b"bye")), closed=4321),
    broken("a close with half a code", frame(CLOSE, b"\x03"), closed=1002),
    broken("a close with a code that none may send", frame(CLOSE, (1006).to_bytes(2, "big")), closed=1002),
]  # fmt: skip

_INITS = [
    *(Case(f"an init with {payload!r}", ({**INIT, "payload": payload},), (ACK,), init=False) for payload in each(
        {}, {"token": "x", "nested": {"a": [1, None]}}, None,
    )),
    *(broken(f"an init with {payload!r}", {**INIT, "payload": payload}, init=False) for payload in each(
        [], ["x"], "x", "", 7, 0, 1.5, True, False,
    )),
    broken("a second init", INIT, closed=4429),
    broken("a second init with an operation running", ask(LIVE), INIT, closed=4429),
    Case("two inits at once", (INIT, INIT), (ACK,), 4429, init=False),
    broken("a query before the init", ask(), closed=4401, init=False),
    broken("a subscription before the init", ask(LIVE), closed=4401, init=False),
    broken("a bad request before the init", ask(7), closed=4401, init=False),
    Case("a query behind the init, before its ack", (INIT, ask()), (ACK, *QUERY), init=False),
    Case("a complete before the init", (done("1"), INIT), (ACK,), init=False),
    broken("silence", closed=4408, init=False),
    Case("pings alone", ({"type": "ping"},), ({"type": "pong"},), 4408, init=False),
    *(Case(f"the subprotocols {offered}", (), closed=4406, init=False, protocols=offered) for offered in (
        None, "graphql-ws", "chat", "graphql-ws, chat", "GraphQL-Transport-WS",
    )),
    *(Case(f"the subprotocols {offered}", (ask(),), QUERY, protocols=offered) for offered in (
        f"graphql-ws, {PROTOCOL}", f"{PROTOCOL}, graphql-ws", f"chat,{PROTOCOL}",
    )),
]  # fmt: skip

_PINGS = [
    *(Case(f"a ping with {payload!r}, init {init}", ({"type": "ping", "payload": payload},), (
        {"type": "pong"} if payload is None else {"type": "pong", "payload": payload},
    ), init=init) for payload in each(None, {}, {"a": [1, "ü", None]}) for init in (True, False)),
    Case("a ping without payload", ({"type": "ping"},), ({"type": "pong"},)),
    Case("a pong", ({"type": "pong"}, {"type": "pong", "payload": {"a": 1}})),
    Case("a pong before the init", ({"type": "pong"}, INIT), (ACK,), init=False),
    *(broken(f"a {kind} with {payload!r}", {"type": kind, "payload": payload}) for kind in ("ping", "pong") for payload
      in each("x", [], 7, False)),
]  # fmt: skip

_FAULTS = [
    broken("a subscribe without id", {"type": "subscribe", "payload": {"query": TYPENAME}}),
    *(broken(f"the id {id!r}", ask(id=id)) for id in each(None, "", 1, True, ["1"], {})),
    broken("a subscribe without payload", {"type": "subscribe", "id": "1"}),
    *(broken(f"the payload {payload!r}", {"type": "subscribe", "id": "1", "payload": payload}) for payload in each(
        None, TYPENAME, [], 7, {},
    )),
    *(broken(f"the query {query!r}", ask(query)) for query in each(None, 7, [TYPENAME], {})),
    *(broken(f"{name} of {given!r}", ask(**{name: given})) for name, given in (
        ("variables", []), ("variables", "{}"), ("variables", 7), ("operationName", 7), ("operationName", []),
        ("extensions", []), ("extensions", "x"), ("extensions", True),
    )),
    broken("a complete without id", {"type": "complete"}),
    *(broken(f"a complete of {id!r}", {"type": "complete", "id": id}) for id in each(None, "", 1, [])),
    broken("an id that is active", ask(LIVE), ask(LIVE), closed=4409),
    broken("an id that is active, with another operation", ask(LIVE), ask(), closed=4409),
    broken("a fault, and an id that is active", ask(LIVE), ask(7), closed=4400),
]  # fmt: skip

_OPERATIONS = [
    Case("a query", (ask(),), QUERY),
    Case("nulls for what may be left out", (ask(variables=None, operationName=None, extensions=None),), QUERY),
    Case("an empty operation name", (ask(operationName=""),), QUERY),
    Case("members that nobody knows", ({**ask(more=1), "more": [1]},), QUERY),
    Case("one of two operations", (ask(TWO, operationName="B"),), answer({"b": "Query"})),
    Case("variables", (ask("query($a: Boolean!) { __typename @skip(if: $a) }", variables={"a": True}),), answer({})),
    Case("a mutation", (ask(CREATE, "m"),), _CREATED),
    Case("a subscription and what a mutation does to it", (ask(LIVE, "s"), ask(CREATE, "m")), (*_CREATED, _CHANGED)),
    Case("a subscription that is completed", (ask(LIVE, "s"), done("s"), ask(CREATE, "m")), _CREATED),
    Case("an id again after a complete of the client", (ask(LIVE), done("1"), ask(LIVE), done("1"), ask()), QUERY),
    Case("a complete of an id that nobody knows", (done("never"), ask()), QUERY),
    Case("a complete of an id a second time", (ask(LIVE), done("1"), done("1"))),
    Case("an id of any characters", (ask(id='a "b" \\ ü 日 \u2028 😀'),),
         answer({"__typename": "Query"}, 'a "b" \\ ü 日 \u2028 😀')),
    Case("the same document with two ids", (ask(id="1"), ask(id="2")),
         (*QUERY, *answer({"__typename": "Query"}, "2"))),
    Case("the same subscription with two ids", (ask(LIVE, "s"), ask(LIVE, "t"), ask(CREATE, "m")),
         (*_CREATED, _CHANGED, {**_CHANGED, "id": "t"})),
    Case("one of two equal subscriptions that is completed",
         (ask(LIVE, "s"), ask(LIVE, "t"), done("t"), ask(CREATE, "m")), (*_CREATED, _CHANGED)),
    Case("a hundred operations and one", tuple(ask(LIVE, f"s{number}") for number in range(101)),
         (error("TOO_MANY_OPERATIONS", "s100"),)),
    Case("a hundred operations, and one for one that is completed",
         (*(ask(LIVE, f"s{number}") for number in range(100)), done("s7"), ask()), QUERY),
]  # fmt: skip

CASES = [*_MESSAGES, *_FRAMES, *_INITS, *_PINGS, *_FAULTS, *_OPERATIONS]

FAILING: dict[str, tuple[Message, str]] = {
    "syntax": (ask("{"), "BAD_REQUEST"),
    "an empty document": (ask(""), "BAD_REQUEST"),
    "a field that is not there": (ask("{ nonsense }"), "BAD_REQUEST"),
    "a subscription's field that is not there": (ask("subscription { nonsense }"), "BAD_REQUEST"),
    "two fields of a subscription": (
        ask("subscription { a: statusChanged { id } b: jobProgress { id } }"), "BAD_REQUEST"),
    "an operation name that is not there": (ask(TWO, operationName="C"), "BAD_REQUEST"),
    "several operations without a name": (ask(TWO), "BAD_REQUEST"),
    "a variable that is missing": (ask("query($id: ID!) { script(id: $id) { id } }"), "BAD_REQUEST"),
    "a document that is too deep": (ask("{ scripts " + "{ nodes " * 20 + "}" * 21), "TOO_DEEP"),
    "a cursor": (ask('subscription { statusChanged(after: "x") { id } }'), "CURSOR_INVALID"),
    "a script that is not there": (
        ask('subscription { statusChanged(scriptId: "script_999999") { id } }'), "NOT_FOUND"),
    "a job that is not there": (ask('subscription { jobProgress(jobId: "job_999999") { id } }'), "NOT_FOUND"),
    "an id of another kind": (ask('subscription { statusChanged(scriptId: "scene_1") { id } }'), "INVALID"),
}  # fmt: skip
"""Each ends its own operation with an `error` message, and no other."""
