# A program's --help, or with `verb` set the help of that verb, as mdoc. Sections of help are lines that end in a colon.

function plain(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/) text = "\\&" text
    return text
}

# Each sentence of a text on a line of its own.
function say(text,    at)
{
    while ((at = match(text, /[.] +[A-Z]/)) > 0) {
        print plain(substr(text, 1, at))
        text = substr(text, at + RLENGTH - 1)
    }
    print plain(text)
}

# A heading and a list bring their own room.
function begin_paragraph()
{
    if (is_break && !is_after_heading) print ".Pp"
    is_break = is_after_heading = 0
}

function end_list()
{
    if (in_list) print ".El"
    if (in_literal) print ".Ed"
    in_list = in_literal = 0
}

function begin_list()
{
    if (!in_list) print ".Bl -tag -width Ds"
    in_list = 1
}

# "name VALUE" of an option, with its dashes.
function option(words,    at, name)
{
    at = index(words, " ")
    name = at ? substr(words, 1, at - 1) : words
    begin_list()
    print ".It Fl " plain(substr(name, 2)) (at ? " Ar " plain(substr(words, at + 1)) : "")
}

function section(title)
{
    end_list()
    # What all verbs have in common stands once, with the program.
    is_skipped = verb && title ~ /^(Options of every verb|Exit codes|Besides)/
    if (is_skipped) return
    if (title == "Exit codes") print ".Sh EXIT STATUS"
    else if (!verb) print ".Sh " toupper(title)
    else if (title != "Options") print ".Pp\n" plain(title) ":"
    is_break = is_after_heading = 0
}

/^Usage: / {
    sub(/^Usage: /, "")
    usage = $0
    sub(/^[^ ]* */, "", usage)
    if (verb) print ".Ss " plain(usage)
    else print ".Sh SYNOPSIS\n.Nm\n" plain(usage) "\n.Sh DESCRIPTION"
    is_after_heading = 1
    next
}
/^[A-Z][A-Za-z ]*:$/ { section(substr($0, 1, length($0) - 1)); next }
is_skipped { next }
verb && /^'/ { next }
/^$/ { end_list(); is_break = 1; next }
/^  --/ {
    text = substr($0, 3)
    at = match(text, /  +/)
    option(at ? substr(text, 1, at - 1) : text)
    if (at) say(substr(text, at + RLENGTH))
    next
}
/^        / && in_list { say(substr($0, 9)); next }
/^ +[0-9]+  / {
    sub(/^ +/, "")
    begin_list()
    print ".It " $1
    say(substr($0, index($0, "  ") + 2))
    next
}
/^  / {
    if (!in_literal) print ".Bd -literal -offset indent"
    in_literal = 1
    print plain(substr($0, 3))
    next
}
{
    end_list()
    begin_paragraph()
    say($0)
}
END { end_list() }
