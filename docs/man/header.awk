# The header muster.h as mdoc: its comments are the text, its declarations literal, "---- Title." a section.

function plain(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/) text = "\\&" text
    return text
}

# Each sentence of a text on a line of its own.
function sentences(text,    at)
{
    while ((at = match(text, /[.:] +[A-Z*]/)) > 0 || (at = match(text, /[.] +[a-z*]/)) > 0) {
        print plain(substr(text, 1, at))
        text = substr(text, at + RLENGTH - 1)
    }
    print plain(text)
}

function literal(wanted)
{
    if (wanted && !is_literal) print ".Bd -literal"
    if (!wanted && is_literal) print ".Ed"
    is_literal = wanted
}

# A line of a comment, without its stars.
function say(line)
{
    sub(/ *\*\/$/, "", line)
    if (line ~ /^ *$/) { if (is_literal) print ""; else is_break = 1; return }
    # An example is indented, but for the labels in it.
    if (line ~ /^    / || (was_literal && line ~ /^[a-z]+:$/)) { literal(1); was_literal = 1; print plain(line); return }
    was_literal = 0
    literal(0)
    if ((is_break && !is_after_heading) || line ~ /^- /) print ".Pp"
    is_break = is_after_heading = 0
    sub(/^  /, "", line)
    sentences(line)
}

NR == 1 {
    print ".Sh LIBRARY\nMuster client library (libmuster, \\-lmuster)\n.Sh SYNOPSIS\n.In muster.h\n.Pp"
    print "cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs libmuster)\n.Sh DESCRIPTION"
    is_after_heading = 1
}
/^(#|extern "C"|}$)/ && !in_comment && !is_open { next }
/^\/\* ---- / && !in_comment {
    literal(0)
    title = $0
    sub(/^\/\* ---- /, "", title)
    in_comment = title !~ /\*\/$/
    sub(/ *\*\/$/, "", title)
    is_after_heading = 1
    rest = index(title, ". ") ? substr(title, index(title, ". ") + 2) : ""
    sub(/\..*$/, "", title)
    print ".Ss " plain(title)
    if (rest) say(rest)
    is_break = 0
    is_after_heading = !rest
    next
}
/^\/\*/ && !in_comment {
    literal(0)
    is_break = 1
    line = substr($0, 4)
    in_comment = line !~ /\*\/$/
    say(line)
    next
}
in_comment {
    line = $0
    in_comment = line !~ /\*\/$/
    sub(/^ \*\/?/, "", line)
    sub(/^ /, "", line)
    say(line)
    next
}
/^$/ { next }
{
    literal(1)
    was_literal = is_after_heading = 0
    gsub(/MUSTER_API /, "")
    is_open = $0 ~ /{$/ || (is_open && $0 !~ /^}/)
    print plain($0)
}
END { literal(0) }
