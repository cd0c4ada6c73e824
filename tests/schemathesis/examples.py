"""Every answer and every event of the description has an example, and it fits its schema: examples.py URL

The examples are recorded; what the API answers has changed when one does not fit any more. The schemas are closed for this:
an example may have no property that its schema does not name."""
import copy, json, sys, urllib.request

import jsonschema_rs


def closed(schema):
    """The same schemas, closed where they name their properties; what `allOf` puts together stays open."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: copy.deepcopy(part) if name == "allOf" else closed(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and "allOf" not in schema:
        made.setdefault("additionalProperties", False)
    return made


def references(schema):
    """What a schema refers to, and what lies in it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rsplit("/", 1)[-1]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def parts(api):
    """The names of schemas that `allOf` puts together with others."""
    if isinstance(api, dict):
        yield from references(api.get("allOf", []))
        for part in api.values():
            yield from parts(part)
    elif isinstance(api, list):
        for part in api:
            yield from parts(part)


def contents(api):
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if "$ref" in answer:
                    answer = api["components"]["responses"][answer["$ref"].removeprefix("#/components/responses/")]
                yield f"{method} {path} {status}", answer.get("content", {})
    for kind, told in api["webhooks"].items():
        yield kind, told["post"]["requestBody"]["content"]


def main():
    with urllib.request.urlopen(sys.argv[1]) as answer:
        api = json.load(answer)
    components = closed(api["components"])
    for name in set(parts(api)):
        components["schemas"][name]["additionalProperties"] = True
    wrong, seen = [], 0
    for place, content in contents(api):
        shown = [one for one in content.values() if "example" in one]
        if content and not shown:
            wrong.append(f"{place}: no example; run `make examples`")
        for one in shown:
            seen += 1
            whole = closed(one["schema"]) | {"components": components}
            validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
            wrong += [f"{place}: {error.message} at {error.instance_path}" for error in validator.iter_errors(one["example"])]
    if seen <= 500:
        wrong.append(f"{seen} examples were looked at, and there should be more")
    print("\n".join(wrong), file=sys.stderr)
    print(f"{seen} examples were looked at, {len(wrong)} are wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
