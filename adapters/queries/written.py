"""A query as it is written: where it ends."""

import re

# What stands in a query and is no part of its end: strings, names in quotes, and comments, of which some nest.
_TOKEN = re.compile(
    r"""(?P<idle>\s+|;|--[^\n]*|/\*)
      | [eE]'(?:[^'\\]|\\.|'')*'
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
      | \w+
      | .""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")


def without_end(query: str) -> str:
    """The query without the semicolons, comments and blanks behind it, so that it may stand within another statement.

    What is no valid query stays none: the server says so.
    """
    position = end = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            return query
        position = match.end()
        if match["idle"] is None:
            end = position
        elif match["idle"] == "/*":
            position = _comment_end(query, position)
    return query[:end]


def _comment_end(query: str, position: int) -> int:
    depth = 1
    for mark in _COMMENT_MARK.finditer(query, position):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(query)
