"""Writes man pages from an executable's description of its commands.

    weir --experimental-dump-help | python3 scripts/lib/manpage.py DIRECTORY VERSION

One page for the program, `weir.1`, and one for each command: `weir-token.1` with its subcommands.
"""

import json
import pathlib
import re
import sys

ESCAPES = str.maketrans({"\\": "\\\\", "-": "\\-"})


def roff(text):
    """A text as troff wants it: no line begins with a control character."""
    lines = [line.strip() for line in text.translate(ESCAPES).split("\n")]
    lines = ["\\&" + line if line.startswith((".", "'")) else line for line in lines]
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", "\n".join(lines))


def paragraphs(text):
    return "\n.PP\n".join(roff(part) for part in text.split("\n\n"))


def dashed(name):
    return {"short": "-", "long": "--", "longWithSingleDash": "-"}[name["kind"]] + name["name"]


def shown(argument):
    return argument.get("shouldDisplay", True)


def usage(argument):
    value = f"\\fI{roff(argument.get('valueName', 'value'))}\\fR"
    if argument["kind"] == "positional":
        text = value
    else:
        text = f"\\fB{roff(dashed(argument['preferredName']))}\\fR"
        if argument["kind"] == "option":
            text += f" {value}"
    if argument["isRepeating"]:
        text += " ..."
    return f"[{text}]" if argument["isOptional"] else text


def term(argument):
    value = f"\\fI{roff(argument.get('valueName', 'value'))}\\fR"
    if argument["kind"] == "positional":
        return value
    names = ", ".join(f"\\fB{roff(dashed(name))}\\fR" for name in argument["names"])
    return f"{names} {value}" if argument["kind"] == "option" else names


def options(command):
    lines = []
    for argument in filter(shown, command.get("arguments", [])):
        text = " ".join(filter(None, [argument.get("abstract", ""), argument.get("discussion", "")]))
        default = argument.get("defaultValue")
        if default and argument["kind"] != "flag":
            text += f" The default is {default}."
        lines += [".TP", term(argument), roff(text)]
    return lines


def page(words, command, version):
    title = "-".join(words)
    lines = [f'.TH "{title.upper()}" 1 "" "Weir {version}" "User commands"', ".SH NAME"]
    lines += [f"{roff(title)} \\- {roff(command.get('abstract', ''))}", ".SH SYNOPSIS"]
    subcommands = [c for c in command.get("subcommands", []) if shown(c) and c["commandName"] != "help"]
    for each in subcommands or [command]:
        name = " ".join(words + ([each["commandName"]] if each is not command else []))
        arguments = [usage(a) for a in each.get("arguments", []) if shown(a)]
        lines += [f"\\fB{roff(name)}\\fR " + (" ".join(arguments) if len(words) > 1 or not subcommands else "..."), ".br"]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", paragraphs(command["discussion"])]
    if subcommands:
        lines.append(".SH COMMANDS")
        for each in subcommands:
            lines += [".SS " + roff(" ".join(words + [each["commandName"]])), roff(each.get("abstract", ""))]
            if len(words) > 1:
                lines += options(each)
            elif each.get("subcommands") or len(words) == 1:
                lines.append(f"See \\fBweir\\-{roff(each['commandName'])}\\fR(1).")
    lines += [".SH OPTIONS"] + options(command)
    if len(words) == 1:
        lines += [".SH FILES", ".TP", "\\fI/etc/weir/weir.env\\fR", "Settings of the service, one variable a line."]
        lines += [".TP", "\\fI/var/lib/weir\\fR", "The journal, and the private PostgreSQL cluster if there is one."]
    else:
        lines += [".SH SEE ALSO", "\\fBweir\\fR(1)"]
    return "\n".join(line for line in lines if line) + "\n"


def main():
    directory, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    command = json.load(sys.stdin)["command"]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "weir.1").write_text(page(["weir"], command, version))
    for each in command["subcommands"]:
        if shown(each) and each["commandName"] != "help":
            name = each["commandName"]
            (directory / f"weir-{name}.1").write_text(page(["weir", name], each, version))


if __name__ == "__main__":
    main()
