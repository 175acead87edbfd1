"""Compatibility of a changed event with the code that already reads it."""

from typing import Any

Schema = dict[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """Reasons why a reader of `old` cannot read `new`, or a reader of `new` cannot read `old`; empty if compatible."""
    return _compare(_inline(old, old.get("$defs", {})), _inline(new, new.get("$defs", {})), old["title"])


def _inline(schema: Any, definitions: Schema) -> Any:
    if isinstance(schema, list):
        return [_inline(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    return {key: _inline(value, definitions) for key, value in schema.items() if key != "$defs"}


def _compare(old: Schema, new: Schema, at: str) -> list[str]:
    if "anyOf" in old or "anyOf" in new:
        return _alternatives(old, new, at)
    found = []
    if old.get("type") != new.get("type"):
        found.append(f"{at} was {old.get('type')} and is {new.get('type')}")
    values, now = set(_values(old)), set(_values(new))
    if values != now:
        found += [f"{at} may now be {value!r}, which readers do not know" for value in sorted(now - values)]
        found += [f"{at} may no longer be {value!r}, which is in the log" for value in sorted(values - now)]
    found += _tighter(old, new, at)
    if "properties" in old:
        found += _properties(old, new, at)
    if "items" in old and "items" in new:
        found += _compare(old["items"], new["items"], f"{at}[]")
    return found


def _properties(old: Schema, new: Schema, at: str) -> list[str]:
    before, after = old["properties"], new.get("properties", {})
    required, now_required = set(old.get("required", [])), set(new.get("required", []))
    found = [f"{at}.{name} is gone, and readers rely on it" for name in sorted(required - now_required)]
    found += [f"{at}.{name} is required, and the log has events without it" for name in sorted(now_required - required)]
    for name in before.keys() & after.keys():
        found += _compare(before[name], after[name], f"{at}.{name}")
    return found


def _alternatives(old: Schema, new: Schema, at: str) -> list[str]:
    before, after = _options(old), _options(new)
    gone = [f"{at} may no longer be {kind}" for kind in sorted(before.keys() - after.keys())]
    come = [f"{at} may now be {kind}, which readers do not know" for kind in sorted(after.keys() - before.keys())]
    both = [why for kind in before.keys() & after.keys() for why in _compare(before[kind], after[kind], at)]
    return gone + come + both


def _options(schema: Schema) -> dict[str, Schema]:
    options = schema.get("anyOf", [schema])
    return {f"{option.get('type')} {option.get('format', '')}".strip(): option for option in options}


def _values(schema: Schema) -> list[str]:
    return list(schema.get("enum", [])) + ([schema["const"]] if "const" in schema else [])


def _tighter(old: Schema, new: Schema, at: str) -> list[str]:
    limits = ("minimum", "maximum", "pattern", "maxLength", "minLength", "format")
    return [
        f"{at} has another {name}: {old.get(name)} became {new.get(name)}"
        for name in limits
        if old.get(name) != new.get(name)
    ]
