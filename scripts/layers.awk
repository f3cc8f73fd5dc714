# Reads sources and names every #include that breaks the order of the layers, as file:line.
#
# usage: awk -f layers.awk FILE...     exit status 1 if there was one
#
# A file includes its own folder and those to the left. tacit-bench judges the server, so it shares no
# more with it than the log format and the histogram; its micro benchmarks and the contender that is Tacit
# itself may see every layer.

BEGIN {
  count = split("base memory observe sched sync io http resilience edge server", order, " ")
  for (i = 1; i <= count; i++) rank[order[i]] = i
}

function complain(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
  broken = 1
}

FNR == 1 {
  split(FILENAME, part, "/")
  public = (part[1] == "include")
  layer = public ? part[3] : part[2]
  bench = (part[1] == "bench")
  free = (FILENAME ~ /^(src\/main\.cpp$|include\/tacit\/version\.hpp$|bench\/micro\/|bench\/contenders\/sched\/tacit_shapes\.cpp$|tests\/|examples\/)/) || layer == "boost"
  own = ""
  if (FILENAME ~ /\.cpp$/) {
    own = FILENAME
    sub(/^src\//, "", own)
    sub(/\.cpp$/, ".hpp", own)
    if ((getline line < ("include/tacit/" own)) > 0) own = "tacit/" own
    else if ((getline line < (bench || free ? own : "src/" own)) <= 0) own = ""
  }
  if (!free && !bench && !(layer in rank)) complain("folder '" layer "' is no layer")
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  target = $0
  sub(/^[^<"]*[<"]/, "", target)
  sub(/[>"].*/, "", target)
  angle = ($0 ~ /include[ \t]*</)

  if (own != "" && !(FILENAME ~ /_test\.cpp$/)) {
    if (target != own) complain("a source includes its own header first: " own)
    own = ""
  }

  to = target
  shared = sub(/^tacit\//, "", to)
  if (angle && !shared) next
  if (target == "tacit/version.hpp") next  # Belongs to no layer.
  if (to ~ /^\.\.?\//) complain("no relative include: " target)
  if (free) next
  if (public && !shared) complain("a public header includes a private one: " target)
  if (to !~ /\//) {
    complain("write the folder too: " target)
    next
  }
  folder = to
  sub(/\/.*/, "", folder)
  if (bench) {
    if (shared ? !(folder == "base" || to ~ /^observe\/histogram(_log)?\.hpp$/) : (folder in rank))
      complain("bench may include only <tacit/base/...> and <tacit/observe/histogram...> of Tacit, not " target)
  } else if (folder == "bench" || folder == "tests") {
    complain(layer " includes " target ": nothing below src/ knows the harness or the tests")
  } else if (folder in rank) {
    if (rank[folder] > rank[layer]) complain(layer " includes " target ", which is to its right")
  }
}

END { exit broken }
