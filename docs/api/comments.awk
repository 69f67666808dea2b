# Doxygen's input filter: makes its comments of the plain ones of the public headers, which are
# written for readers of the headers.
#
#   the first comment of a file      describes the file
#   a comment before a blank line    describes the file too
#   any other comment on a line      describes what follows it; declarations that follow one another
#                                    without a blank line share it
#   a comment behind a declaration   describes that
#   "--- Title ---"                  begins a group of declarations, or of a struct's members
#
# Text with an indent, such as formulas and tables, is kept as it is.

# A comment's line as Doxygen's text: no command, tag or markup of its own.
function plain(text) {
  gsub(/[\\@<>#%&]/, "\\\\&", text)
  return text
}

# The same with links. A name that is not declared is a warning.
function linked(text) {
  text = plain(text)
  gsub(/quern_[a-z0-9_]*[a-z0-9]/, "#&", text)
  return text
}

function add(text, kept) {
  if (kept && !verbatim) body = body "@verbatim\n"
  if (!kept && verbatim) body = body "@endverbatim\n"
  verbatim = kept
  body = body (kept ? text : linked(text)) "\n"
}

function end_text() {
  if (verbatim) body = body "@endverbatim\n"
  verbatim = 0
}

function end_group() {
  if (group != "") print "/** @} */"
  group = ""
}

# Prints the comment that ended, now that the line after it is known.
function flush_comment(next_line) {
  if (!pending) return
  pending = 0
  if (title != "") {
    end_group()
    print "/** @name " plain(title) "\n" body "@{ */"
    group = indented ? "members" : "declarations"
  } else if (first || next_line ~ /^ *$/) {
    title = first && FILENAME ~ /quern\/quern[.]h$/ ? "@mainpage quern" : "@file"
    print "/** " title "\n" body "*/"
    first = 0
  } else {
    doc = "/** " body "*/"
    print doc
  }
}

function begin_comment(text) {
  body = title = ""
  verbatim = 0
  commented = 1
  if (text !~ /^--- /) return text
  sub(/^--- */, "", text)
  title = text
  ended = sub(/ *\*\/$/, "", title)
  sub(/ *-*$/, "", title)
  return ended ? "*/" : ""
}

function comment_line(text) {
  ended = sub(/ *\*\/$/, "", text)
  if (text !~ /^ *$/ || body != "") add(text, text ~ /^ / || (verbatim && text ~ /^$/))
  if (!ended) return
  end_text()
  commented = 0
  pending = 1
}

BEGIN { first = 1 }

commented {
  if ($0 !~ /^ *\*\/$/) sub(/^ *\* ?/, "")
  comment_line($0)
  next
}

/^ *\/\* / {
  flush_comment("comment")
  indented = /^ /
  sub(/^ *\/\* /, "")
  comment_line(begin_comment($0))
  next
}

{ flush_comment($0) }

/^ *#define/ { defining = 1 }
defining {
  print
  defining = /\\$/
  next
}

/^#ifdef __cplusplus/ || (/^}/ && group == "members") { end_group() }

/^QUERN_API/ && last ~ /;$/ { print doc }

{
  last = $0
  if (match($0, /[;,a-zA-Z0-9_] +\/\* .*\*\/$/)) {
    text = substr($0, RSTART + 1)
    sub(/^ *\/\* /, "", text)
    sub(/ *\*\/$/, "", text)
    print substr($0, 1, RSTART) " /**< " linked(text) " */"
  } else
    print
}
