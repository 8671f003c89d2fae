# Sourced: sets up apt for SUITE ($1) and ARCHITECTURE ($2) below $LAB/apt, apart from the machine's own; `fetched PACKAGE`
# downloads the newest package of a name, or of a regular expression in ^...$, into the current folder.
: "${LAB:=${XDG_CACHE_HOME:-$HOME/.cache}/vmcore-debug/foreign}"
a=$LAB/apt/$1-$2; mkdir -p "$a"/lists/partial "$a"/cache/archives/partial "$a/deb"
awk -v s="$1" '/^(URIs|Signed-By):/ {v[$1]=$2} /^$/ {out()} END {out()}
	function out() { if (v["URIs:"] != "") { sec = v["URIs:"] ~ /security/ ? "-security" : "";
		if (!(s == "sid" && sec != "")) printf "deb [signed-by=%s] %s %s%s main\n", v["Signed-By:"], v["URIs:"], s, sec; delete v } }' \
	/etc/apt/sources.list.d/debian.sources > "$a/list"
o=(-o APT::Architecture="$2" -o APT::Architectures="$2" -o Dir::Etc::SourceList="$a/list" -o Dir::Etc::SourceParts=/dev/null
	-o Dir::State::Lists="$a/lists" -o Dir::Cache="$a/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
# The lists of a day are new enough.
[ -n "$(find "$a/lists" -maxdepth 1 -name '*InRelease' -mmin -1440)" ] || apt-get "${o[@]}" -qq update || true
fetched() {
	local p=("$1") q
	# A mirror in the middle of a sync lists packages that it does not have: take the newest that it does.
	case $1 in ^*) mapfile -t p < <(apt-cache "${o[@]}" search --names-only "$1" | awk '{print $1}' | sort -rV);; esac
	for q in "${p[@]}"; do apt-get "${o[@]}" -qq download "$q" 2> /dev/null && return; done
	echo "get-kernel: Debian no longer has $1" >&2; return 3
}
