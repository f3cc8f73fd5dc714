# Writes what clang-tidy is to read: in the folders that TOGETHER names, up to N files as one translation unit, because most
# of its time goes into the headers that they share. Reads compile_commands.json first, then the names of the files, in order.
#
# usage: awk -v root=DIR -v out=DIR -v together=" DIR DIR " -v size=N -f tidy_batches.awk compile_commands.json FILES
# Prints the names of the units, and writes them and their compile_commands.json to `out`.

function folder_of(file) { sub(/\/[^\/]*$/, "", file); return file }

function value_of(line) {
  sub(/^ *"[a-z]+": "/, "", line)
  sub(/",?$/, "", line)
  return line
}

function finish_unit() {
  if (unit) close(unit)
  unit = ""
}

FNR == NR && /^ *"command":/ { command = value_of($0) }
FNR == NR && /^ *"file":/ {
  file = value_of($0)
  command_of[file] = command
  # What is compiled together has one command, that of the file that includes it.
  at = index(command, file)
  while (file ~ /\/Unity\// && (getline line < file) > 0) {
    if (line !~ /^#include "/) continue
    gsub(/^#include "|"$/, "", line)
    command_of[line] = substr(command, 1, at - 1) line substr(command, at + length(file))
  }
}
FNR == NR { next }

# What this machine cannot build, as a library is missing, has no command to be checked with.
!((root "/" $0) in command_of) {
  if ($0 !~ "^bench/contenders/") { print $0 ": not checked, as no target compiles it" >"/dev/stderr"; bad = 1 }
  next
}

{
  # The kernel's struct tcp_info stands against that of the C library.
  alone = !index(together, " " folder_of($0) " ") || $0 == "src/io/socket_report.cpp"
  if (folder_of($0) != folder || in_unit == size || alone) {
    finish_unit()
    folder = folder_of($0)
    in_unit = 0
    name = folder
    gsub("/", "_", name)
    unit = out "/" name "_" ++units ".cpp"
    command = command_of[root "/" $0]
    at = index(command, root "/" $0)
    entry = substr(command, 1, at - 1) unit substr(command, at + length(root "/" $0))
    entries = entries (entries ? ",\n" : "") "{\n\"directory\": \"" root "\",\n\"command\": \"" entry "\",\n\"file\": \"" unit "\"\n}"
    print unit
  }
  printf "#include \"%s/%s\"  // NOLINT(bugprone-suspicious-include)\n", root, $0 >unit
  in_unit = alone ? size : in_unit + 1
}

END {
  finish_unit()
  printf "[\n%s\n]\n", entries >(out "/compile_commands.json")
  exit bad
}
