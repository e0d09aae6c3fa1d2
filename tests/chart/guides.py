"""What the guides for people say in a form that can be checked: links, commands, YAML, pictures."""

import re
import shlex
import subprocess

import helm

# Made by others, or by the compiler, whose tests look at it.
ELSEWHERE = {".tools", ".git", ".ci", "generated", "target", "node_modules", "snapshots", "stories"}


def files():
    """Every Markdown file that is written by hand."""
    return [path for path in sorted(helm.ROOT.rglob("*.md")) if not ELSEWHERE & set(path.relative_to(helm.ROOT).parts)]


def name(path):
    """How a file is called in messages."""
    return str(path.relative_to(helm.ROOT))


def blocks(text, language):
    """The blocks of a language: what is said of each in a comment before, and its text."""
    return re.findall(rf"(?:^<!-- check: (\w+) -->\n)?^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def prose(text):
    """The text without blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text):
    """Where the links lead that stay in the project."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(text)) if "://" not in link and not link.startswith("mailto:")]


def anchors(text):
    """What GitHub calls the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text):
    """Each program with its arguments, as a shell takes the lines of the console blocks apart."""
    found = []
    for _, block in blocks(text, "console"):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            if not line.startswith("$ "):
                continue
            words = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>(){}")
            words.whitespace_split = True
            command, redirected = [], False
            for word in [*words, ";"]:
                if redirected or set(word) <= set("<>"):
                    redirected = not redirected
                elif set(word) <= set("|&;(){}"):
                    # Variables that are set for a command, or by themselves.
                    while command and re.match(r"[A-Z_]+=", command[0]):
                        command.pop(0)
                    if command:
                        found.append(command)
                    command = []
                else:
                    command.append(word)
    return found


def ours(command):
    """The binary of this workspace that a command runs, and its arguments; else nothing."""
    command = command[command.index("--") + 1 :] if command[0] in ("kubectl", "claude") and "--" in command else command
    program, arguments = command[0].rpartition("/")[2], command[1:]
    if program == "cargo" and arguments[:1] == ["run"] and "--" in arguments:
        middle = arguments.index("--")
        package = next(b for a, b in zip(arguments, arguments[1:]) if a in ("-p", "--package"))
        program, arguments = {"cnpg-mcp-cli": "cnpg-mcp", "cnpg-mcp": "cnpg-mcp-server"}.get(package, package), arguments[middle + 1 :]
    return (program, arguments) if program.startswith("cnpg-mcp") else None


def unknown_flags(binary, arguments):
    """Flags that the program does not have, by its own help; and subcommands too."""
    words = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        words.append(argument)
    # As many words as the program takes for subcommands; `call` takes the name of a tool.
    for count in range(len(words), -1, -1):
        done = subprocess.run([binary, *words[:count], "--help"], capture_output=True, text=True)
        if done.returncode == 0:
            break
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", done.stdout))
    wrong = [flag for argument in arguments if (flag := argument.split("=")[0]).startswith("-") and flag not in known]
    takes_words = re.search(r"^Usage: .*<(?!COMMAND)[A-Z_=]+>", done.stdout, re.MULTILINE)
    return wrong + ([] if count or takes_words or not words else words[:1])
