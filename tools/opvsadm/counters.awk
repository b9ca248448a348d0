# SPDX-License-Identifier: GPL-2.0-only
# What each counter counts, in words, out of the tables of doc/counters.md.

/^<!-- lint: counters -->/ { table = 1; next }

# The first row says what is counted by all of them.
table && /^\| counter / {
	split($0, cell, / *\| */)
	all = cell[3]
	sub(/^counts */, "", all)
	next
}

table && /^\| `/ {
	split($0, cell, / *\| */)
	# What begins with a capital names its thing itself.
	text = (all && cell[3] !~ /^[A-Z]/ ? all " " : "") cell[3]
	gsub(/`/, "", text)
	# A link is its text.
	while (match(text, /\[[^]]*\]\([^)]*\)/)) {
		link = substr(text, RSTART + 1, RLENGTH - 1)
		sub(/\].*/, "", link)
		text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
	}
	gsub(/["\\]/, "\\\\&", text)
	count = split(cell[2], name, /[`, ]+/)
	for (i = 1; i <= count; i++)
		if (name[i])
			printf "{ \"%s\", \"%s\" },\n", name[i], text
}

/^#/ { table = 0; all = "" }
