# shellcheck shell=bash
# Sourced by tests/run after bootstrap.sh: programs of Debian 13, unpacked beside those of Debian 12, installed nowhere.

# newer_tools PACKAGE...: each package of Debian 13 is unpacked in build/newer/PACKAGE. Static binaries only.
newer_tools() {
  local folder=$BUILD/newer missing=() name
  for name; do [ -e "$folder/$name/.done" ] || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Versions de Debian 13, à part : ${missing[*]}"
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
  # The mirror this machine already uses, one release later.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' \
    | awk '$2 == "bookworm" && !seen[$1]++ {print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " $1 " trixie main"; exit}' \
    > "$folder/apt/sources.list"
  [ -s "$folder/apt/sources.list" ] || die "aucun dépôt de Debian 12 parmi les sources d'apt"
  local options=(-o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache"
    -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o "Dir::Etc::sourceparts=-")
  (
    cd "$folder/apt"
    apt-get "${options[@]}" -q update && apt-get "${options[@]}" -q download "${missing[@]}"
  ) > "$folder/apt.log" 2>&1 < /dev/null || { tail -n 20 "$folder/apt.log" >&2; die "apt-get a échoué (journal : $folder/apt.log)"; }
  for name in "${missing[@]}"; do
    rm -rf "${folder:?}/$name"
    dpkg-deb -x "$folder/apt/$name"_*.deb "$folder/$name"
    touch "$folder/$name/.done"
  done
  rm -rf "$folder/apt"
}
