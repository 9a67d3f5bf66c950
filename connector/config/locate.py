"""Where each key of a TOML file stands, so that a fault names its line and column.

`tomllib` reads the values; this reads the same text once more for positions only. Lines and columns count from 1,
columns in characters.
"""

import tree_sitter
import tree_sitter_toml

Path = tuple[str | int, ...]
Position = tuple[int, int]

_KEYS = {"bare_key", "quoted_key", "dotted_key"}


def positions(text: str) -> dict[Path, Position]:
    """Give line and column of every key, table header and array-of-tables element of a TOML text that parses."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    locator = _Locator(text)
    for node in parser.parse(text.encode()).root_node.named_children:
        if node.type in {"table", "table_array_element"}:
            locator.table(node)
        else:
            locator.pair(node, ())
    return locator.found


class _Locator:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, Position] = {}
        self._lines = text.split("\n")
        self._arrays: dict[Path, int] = {}

    def table(self, node: tree_sitter.Node) -> None:
        header = next(child for child in node.named_children if child.type in _KEYS)
        names = _names(header)
        if node.type == "table_array_element":
            array = (*self._resolve(names[:-1]), names[-1])
            self._arrays[array] = self._arrays.get(array, -1) + 1
        path = self._resolve(names)
        self._place(path, header)
        for child in node.named_children:
            self.pair(child, path)

    def pair(self, node: tree_sitter.Node, prefix: Path) -> None:
        if node.type != "pair":
            return
        key, value = node.named_children[0], node.named_children[-1]
        path = (*prefix, *_names(key))
        self._place(path, key)
        self._value(value, path)

    def _value(self, node: tree_sitter.Node, path: Path) -> None:
        if node.type == "inline_table":
            for child in node.named_children:
                self.pair(child, path)
        elif node.type == "array":
            for index, item in enumerate(child for child in node.named_children if child.type != "comment"):
                self.found.setdefault((*path, index), self._at(item))
                self._value(item, (*path, index))

    def _resolve(self, names: tuple[str, ...]) -> Path:
        path: Path = ()
        for name in names:
            path = (*path, name)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path

    def _place(self, path: Path, node: tree_sitter.Node) -> None:
        for length in range(1, len(path)):
            self.found.setdefault(path[:length], self._at(node))
        self.found[path] = self._at(node)

    def _at(self, node: tree_sitter.Node) -> Position:
        row, byte_column = node.start_point
        return row + 1, len(self._lines[row].encode()[:byte_column].decode(errors="replace")) + 1


def _names(node: tree_sitter.Node) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(name for child in node.named_children for name in _names(child))
    text = (node.text or b"").decode()
    return (text[1:-1] if node.type == "quoted_key" else text,)
