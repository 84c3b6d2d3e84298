"""YAML as a tree that knows where each key and value stands, built without recursion and within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from opsdash.config.problems import KeyPath, shown
from opsdash.config.yaml12 import Scalar, TagUnknown, readable_tag, scalar_of

MOST_VALUES = 200_000
"""Keys and values of a file once its aliases are expanded."""
DEEPEST = 64

_COLLECTION_TAGS = {"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_Parser: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file; both count from 1."""

    line: int
    column: int


@dataclass(slots=True, eq=False)
class Node:
    """A value with its place. A node that an alias repeats is the same object in both places."""

    mark: Mark
    value: Scalar | list[Node] | dict[str, Node]
    keys: dict[str, Mark] = field(default_factory=dict)
    """Where the keys of a mapping stand."""
    size: int = 1
    """Values in it, aliases expanded."""
    depth: int = 1


class YamlProblem(Exception):
    """The file is not usable YAML; `mark` is where that shows."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


def parse(text: str) -> Node | None:
    """The tree of the one document in a text; None where there is none. Raises YamlProblem."""
    return _Tree().build(_events(text))


def plain(node: Node) -> object:
    """The values alone. What an alias repeats is one object in both places."""
    done: dict[int, object] = {}

    def values(of: Node) -> object:
        if id(of) not in done:
            if isinstance(of.value, dict):
                done[id(of)] = {name: values(child) for name, child in of.value.items()}
            elif isinstance(of.value, list):
                done[id(of)] = [values(child) for child in of.value]
            else:
                return of.value
        return done[id(of)]

    return values(node)


def find(root: Node, path: KeyPath) -> tuple[KeyPath, Node]:
    """The longest way along a path that is in the tree, and the node at its end.

    A part that is not there is skipped: a missing key, or one that a shorthand left out. `above:` and `below:` of
    thresholds are looked through.
    """
    node, found = root, []
    for part in path:
        for way in _ways(node, part):
            node = _child(node, way) or node
            found.append(way)
    return tuple(found), node


def key_mark(root: Node, path: KeyPath) -> Mark | None:
    """Where the last key of a path stands; None where it is not there."""
    found, parent = find(root, path[:-1])
    return parent.keys.get(str(path[-1])) if len(found) == len(path) - 1 else None


def _ways(node: Node, part: str | int) -> tuple[str | int, ...]:
    if _child(node, part) is not None:
        return (part,)
    for side in ("above", "below"):
        inner = _child(node, side)
        if inner is not None and _child(inner, part) is not None:
            return (side, part)
    return ()


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(part) if isinstance(part, str) else None
    if isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part]
    return None


def _refuse_second(documents: int, event: Event) -> None:
    if documents > 1:
        raise YamlProblem(_mark(event.start_mark), "a second document; a file holds one (remove the ---)")


def _mark(mark: object) -> Mark:
    return Mark(getattr(mark, "line", 0) + 1, getattr(mark, "column", 0) + 1)


def _events(text: str) -> Iterator[Event]:
    loader = _Parser(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlProblem(_mark(mark), _syntax_message(error, text, mark)) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        at = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise YamlProblem(at, "a character that YAML does not allow; is this a text file?") from None
    except (yaml.YAMLError, ValueError, UnicodeError) as error:
        raise YamlProblem(Mark(1, 1), f"not YAML: {shown(error)}") from None
    finally:
        loader.dispose()


def _syntax_message(error: yaml.MarkedYAMLError, text: str, mark: object) -> str:
    number = getattr(mark, "line", 0)
    line = [*text.split("\n", number + 1), ""][number] if mark is not None else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or "\\t" in str(error.problem) or "tab character" in str(error.problem):
        return "a tab; YAML is indented with spaces only"
    context = f" ({shown(error.context)}, which began in line {_mark(error.context_mark).line})" if (
        error.context and error.context_mark is not None) else ""  # fmt: skip
    return f"not YAML: {shown(error.problem or error.context)}{context}"


@dataclass(slots=True)
class _Open:
    """A mapping or a sequence whose end has not come yet."""

    node: Node
    anchor: str | None
    key: str | None = None
    key_at: Mark | None = None
    merges: list[tuple[Node, Mark]] = field(default_factory=list)


class _Tree:
    """One document, event by event."""

    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node | None] = {}
        self.root: Node | None = None
        self.total = 0

    def build(self, events: Iterator[Event]) -> Node | None:
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                _refuse_second(documents, event)
            elif isinstance(event, CollectionEndEvent):
                self._close()
            elif isinstance(event, NodeEvent):
                self._node(event)
        return self.root

    def _node(self, event: NodeEvent) -> None:
        at = _mark(event.start_mark)
        if isinstance(event, AliasEvent):
            self._place(self._aliased(event, at), at)
            return
        node = self._new(event, at)
        if event.anchor is not None:
            self.anchors[event.anchor] = None if isinstance(node.value, list | dict) else node
        if isinstance(node.value, list | dict):
            if len(self.stack) >= DEEPEST:
                raise YamlProblem(at, f"nested deeper than {DEEPEST} levels")
            if self.stack and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key_at is None:
                raise YamlProblem(at, "a key has to be a word, not a list or a mapping")
            self.stack.append(_Open(node, event.anchor))
        else:
            self._place(node, at)

    def _new(self, event: NodeEvent, at: Mark) -> Node:
        if isinstance(event, ScalarEvent):
            try:
                as_key = bool(self.stack) and isinstance(self.stack[-1].node.value, dict) and (
                    self.stack[-1].key_at is None)  # fmt: skip
                value = event.value if as_key else scalar_of(event.value, event.tag, plain=event.implicit[0])
            except TagUnknown as unknown:
                raise YamlProblem(at, str(unknown)) from None
            return Node(at, value)
        assert isinstance(event, SequenceStartEvent | MappingStartEvent)
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            raise YamlProblem(at, f"the tag {readable_tag(event.tag)} means nothing here")
        return Node(at, [] if isinstance(event, SequenceStartEvent) else {})

    def _aliased(self, event: AliasEvent, at: Mark) -> Node:
        name = event.anchor
        if name not in self.anchors:
            raise YamlProblem(at, f"*{shown(name)} repeats something that no &{shown(name)} before it names")
        node = self.anchors[name]
        if node is None:
            raise YamlProblem(at, f"*{shown(name)} is inside of what it repeats")
        return node

    def _close(self) -> None:
        done = self.stack.pop()
        for merged, at in done.merges:
            self._merge(done.node, merged, at)
        if done.anchor is not None:
            self.anchors[done.anchor] = done.node
        self._place(done.node, done.node.mark)

    def _place(self, node: Node, at: Mark) -> None:
        """Puts a finished value where it belongs: in the list or the mapping that is open."""
        self._count(1, at)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent.node.value, dict) and parent.key_at is None:
            self._key(parent, node, at)
            return
        parent.node.size += node.size
        parent.node.depth = max(parent.node.depth, node.depth + 1)
        if parent.node.depth + len(self.stack) - 1 > DEEPEST:
            raise YamlProblem(at, f"aliases make this deeper than {DEEPEST} levels")
        self._count(0, at, expanded=parent.node.size)
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
        else:
            assert isinstance(parent.node.value, dict)
            self._value(parent, node)

    def _count(self, more: int, at: Mark, *, expanded: int = 0) -> None:
        self.total += more
        if self.total > MOST_VALUES or expanded > MOST_VALUES:
            raise YamlProblem(at, f"more than {MOST_VALUES:,} values (aliases counted as often as they repeat)")

    def _key(self, parent: _Open, node: Node, at: Mark) -> None:
        if isinstance(node.value, list | dict):
            raise YamlProblem(at, "a key has to be a word, not a list or a mapping")
        name = node.value if isinstance(node.value, str) else str(node.value)
        first = parent.node.keys.get(name)
        if first is not None and name != "<<":
            message = f'the key "{shown(name)}" is already in line {first.line}, column {first.column}'
            raise YamlProblem(at, message)
        parent.key, parent.key_at = name, at
        if name != "<<":
            parent.node.keys[name] = at

    def _value(self, parent: _Open, node: Node) -> None:
        assert parent.key is not None
        assert parent.key_at is not None
        assert isinstance(parent.node.value, dict)
        if parent.key == "<<":
            parent.merges.append((node, parent.key_at))
        else:
            parent.node.value[parent.key] = node
        parent.key = parent.key_at = None

    def _merge(self, into: Node, merged: Node, at: Mark) -> None:
        """`<<: *defaults`: keys that are not there yet, of one mapping or of several, the first first."""
        many = merged.value if isinstance(merged.value, list) else [merged]
        assert isinstance(into.value, dict)
        for one in many:
            if not isinstance(one.value, dict):
                raise YamlProblem(at, "<< takes a mapping, or a list of them")
            self._count(len(one.value), at)
            for name, value in one.value.items():
                if name not in into.value:
                    into.value[name] = value
                    into.keys[name] = one.keys[name]
