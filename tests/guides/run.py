"""Runs the examples of docs/guides against a demo: run.py BINARY [GUIDE ...]

A guide is one shell script: its sh blocks as they stand, and its Python, TypeScript and Rust blocks where they stand. What
only a test needs is in comments that readers do not see:
  <!-- test: COMMAND -->          a command; `owner URL` is the business owner, `receiving FILE` runs a receiver
  <!-- test: file NAME -->        the next block is kept as NAME and not run
  <!-- example: NAME ARGS -->     the next block is examples/NAME.rs, which is run with ARGS
  <!-- not run: WHY -->           the next block is not run; that is counted and told"""
import json, os, pathlib, re, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs/guides"
PYTHON = ROOT / "target/venv-clients/bin/python"
# Beside the client, so that a block imports it by its name.
TS = ROOT / "clients/typescript/.guides"
PART = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$|<!-- (test|example|not run): (.*?) -->", re.M | re.S)
HEAD = f"""set -euo pipefail
owner() {{ {PYTHON} {ROOT}/tests/guides/owner.py "$1" "$SIMULATOR"; }}
receiving() {{
  export PORT=$({PYTHON} -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  RECEIVER=http://127.0.0.1:$PORT
  {PYTHON} "$1" & receiver=$!
  trap 'kill $receiver' EXIT
  until curl -s -o /dev/null "$RECEIVER"; do kill -0 $receiver; sleep 0.1; done
}}
"""


class Guide:
    def __init__(self, path, folder, binary):
        self.path, self.folder, self.binary = path, folder, binary
        self.lines, self.blocks, self.left, self.typed = [HEAD], 0, [], []
        wish = None
        for indent, language, code, kind, words in PART.findall(path.read_text()):
            if not language:
                wish = (kind, words)
                if kind == "test" and not words.startswith("file "):
                    self.lines.append(words)
                    wish = None
                continue
            self.block(language, re.sub(f"^{indent}", "", code, flags=re.M), *(wish or (None, "")))
            wish = None

    def block(self, language, code, kind, words):
        if kind == "not run":
            self.left.append(words)
            return
        self.blocks += 1
        name = f"{self.path.stem.replace('-', '_')}_{self.blocks}"
        if language == "sh":
            self.lines.append(code)
        elif language == "python":
            file = self.folder / (words.removeprefix("file ") if kind == "test" else f"{name}.py")
            file.write_text(code)
            if kind != "test":
                self.lines.append(f"{PYTHON} {file}")
        elif language == "ts":
            (TS / f"{name}.ts").write_text(code)
            self.lines.append(f"node {TS}/dist/{name}.js")
        elif language == "rust" and kind == "example":
            name, _, arguments = words.partition(" ")
            if code != (ROOT / f"examples/{name}.rs").read_text():
                sys.exit(f"{self.path.name}: the block is not what examples/{name}.rs is")
            self.lines.append(f"{self.binary.parent}/examples/{name} {arguments}")
        else:
            sys.exit(f"{self.path.name}: nobody knows how to run a block of {language}")

    def run(self, environment):
        # What a block sets, the blocks after it see, in whatever language.
        script = "set -a\n" + "\n".join(self.lines)
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300)
        good = done.returncode == 0
        told = f", {len(self.left)} not run ({'; '.join(self.left)})" if self.left else ""
        print(f"{'ok      ' if good else 'FAILED  '}{self.path.name}: {self.blocks} blocks{told}", flush=True)
        if not good:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n")
        return good


def compiled():
    """The TypeScript of all guides, checked against the client's types."""
    options = {"target": "ES2022", "module": "NodeNext", "strict": True, "skipLibCheck": True, "types": ["node"],
               "rootDir": ".", "outDir": "dist"}
    (TS / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    done = subprocess.run(["npx", "tsc", "-p", ".guides"], cwd=TS.parent, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    if "DEMO_JSON" not in os.environ:
        os.environ["BINARY"] = str(binary)
        os.execv(ROOT / "scripts/with-demo", ["with-demo", sys.executable, *sys.argv])
    told = json.loads(pathlib.Path(os.environ["DEMO_JSON"]).read_text())
    wanted = sys.argv[2:]
    paths = [one for one in sorted(GUIDES.glob("*.md")) if one.stem != "README" and (not wanted or one.stem in wanted)]
    shutil.rmtree(TS, ignore_errors=True)
    TS.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        guides = [Guide(path, folder, binary) for path in paths]
        good = compiled() if any(TS.glob("*.ts")) else True
        company = told["companies"][0]
        for guide in guides:
            environment = {
                "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
                "PYTHONPATH": str(ROOT / "clients/python"), "PYTHONDONTWRITEBYTECODE": "1", "API": told["api_url"],
                "KEY": told["api_key"], "SIMULATOR": told["simulator_url"], "COMPANY": company["id"],
                "CONNECTION": company["connection_id"],
            }
            good = guide.run(environment) and good
    blocks = sum(guide.blocks for guide in guides)
    print(f"{len(guides)} guides, {blocks} blocks")
    sys.exit(0 if good and blocks else 1)


main()
