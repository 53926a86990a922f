"""Fails where the grammar finds an error in one of the files, or something missing."""

import sys

import tree_sitter
import tree_sitter_swift

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_swift.language()))


def wrong(node):
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from wrong(child)


def main(paths):
    found = 0
    for path in paths:
        with open(path, "rb") as file:
            tree = PARSER.parse(file.read())
        for node in wrong(tree.root_node):
            found += 1
            print(f"{path}:{node.start_point[0] + 1}: not Swift: {node.text[:60].decode(errors='replace')}")
    print(f"swift: read, not compiled: {len(paths)} files, {found} wrong")
    return 1 if found or not paths else 0


sys.exit(main(sys.argv[1:]))
