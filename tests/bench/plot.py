# SPDX-License-Identifier: GPL-2.0-only
"""Results as a picture: what each way through the kernel adds to plain
forwarding. Drawn by gnuplot."""

import hashlib
import math
import statistics
import subprocess

import results
import targets

TITLES = {"native": "native (User Mode Linux)",
          "counted": "counted (emulated machine)"}
UNITS = {"ns": "nanoseconds", "instructions": "instructions"}

# What a row is called where the target's own words are too long.
LABELS = {
    "udp-million": "tracked UDP, 1 000 000 flows,\\nip_vs as shipped",
    "udp-million-20": "tracked UDP, 1 000 000 flows,\\n"
                      "ip_vs with conn_tab_bits=20",
    "reply": "replies, one-packet\\n(target: as their requests)",
}

WIDTH, ROW, MARGINS = 960, 56, 170  # pixels
LEFT, GAP = 0.25, 0.04              # parts of the width
BEYOND = 1e-6                       # to the left of every axis

# The background is opaque, so that the colours suit dark pages, too.
HEAD = """set terminal svg size {width},{height} font "sans-serif,13" \\
    background rgb "#ffffff"
set output "{target}"
set multiplot
set label 1 "Cost that a packet has on top of plain forwarding" \\
    at screen 0.5,0.96 center font ",16" tc rgb "#202020"
set label 2 "median over address families, sizes and messages; \\
the bar spans them; left is cheaper" \\
    at screen 0.5,0.915 center font ",12" tc rgb "#505050"
set logscale x
set grid xtics lc rgb "#dcdcdc" lw 1 lt 1
set border 1 lc rgb "#404040"
set ytics nomirror scale 0 tc rgb "#202020"
set xtics nomirror scale 0.5,0.2 tc rgb "#202020" format "%g"
set key at screen 0.5,0.045 center vertical maxrows 1 samplen 2 \\
    width 2 tc rgb "#202020"
set bmargin at screen 0.18
set tmargin at screen 0.83
set yrange [{rows}-0.4:-0.5]
"""

PANEL = """set lmargin at screen {left:.3f}
set rmargin at screen {right:.3f}
set title "{title}" font ",13" offset 0,-0.5 tc rgb "#202020"
set xlabel "{unit}, logarithmic" tc rgb "#202020"
set xrange [{least:g}:{most:g}]
set ytics ({labels})
{gaps}
set xtics ({ticks})
$theirs << END
{theirs}
END
$ours << END
{ours}
END
$marks << END
{marks}
END
plot $theirs using 2:($1-0.13):3:4 with xerrorbars pt 7 ps 0.9 lw 3 \\
        lc rgb "#8c8c8c" title "ip\\\\_vs", \\
    $ours using 2:($1+0.13):3:4 with xerrorbars pt 7 ps 0.9 lw 3 \\
        lc rgb "#1f6fb5" title "opvs", \\
    $theirs using 2:($1-0.13):5 with labels center offset 0,0.65 \\
        font ",10" tc rgb "#606060" notitle, \\
    $ours using 2:($1+0.13):5 with labels center offset 0,-0.65 \\
        font ",10" tc rgb "#1f6fb5" notitle, \\
    $marks using 2:($1-0.32):(0):(0.64) with vectors nohead lw 3 \\
        lc rgb "#d03a2b" title "target for opvs"
unset label
unset key
"""

GAP_LABEL = """set label "{why}" at graph 0.5, first {index} center \\
    font ",10" tc rgb "#909090\""""


class Row:
    """A target of added costs on a lane: what is drawn of it."""

    def __init__(self, target, result):
        operands = target.of.operands(result)
        if not operands:
            raise targets.Unmeasured("not in this run")
        self.ours = self.summary(pair[0][1] for pair in operands.values())
        self.theirs = self.summary(pair[1][1] for pair in operands.values())
        self.mark = target.limit * self.theirs[0]
        if target.name == "reply":
            self.theirs = None  # it is opvs, too

    @staticmethod
    def summary(values):
        """Median, least, most. A logarithmic axis has no 0: what lies there
        is somewhere beyond the left edge."""
        values = sorted(values)
        median = statistics.median(values)
        if not median > 0 or not math.isfinite(values[-1]):
            raise targets.Unmeasured("nothing above plain forwarding")
        return median, max(values[0], BEYOND), values[-1]

    def edges(self):
        values = [*self.ours, *(self.theirs or ()), self.mark]
        return [value for value in values if value > BEYOND]


def drawn_targets():
    return [target for target in targets.ALL
            if isinstance(target.of, targets.Added)]


def rows_of(result):
    """{index: Row} of what can be drawn, {index: why not} of the others."""
    rows, gaps = {}, {}
    for index, target in enumerate(drawn_targets()):
        try:
            rows[index] = Row(target, result)
        except targets.Unmeasured as error:
            gaps[index] = str(error)
    return rows, gaps


def block(points):
    """Lines of a block of data. gnuplot wants one at least."""
    lines = [f"{index} {value:.6g} {least:.6g} {most:.6g} {value:.0f}"
             for index, (value, least, most) in points]
    return "\n".join(lines or ["NaN NaN NaN NaN NaN"])


def ticks(least, most):
    """1, 2 and 5 of each decade, or 1 where that would be too many."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    digits = (1, 2, 5) if most < 200 * least else (1,)
    return ", ".join(f"{digit * 10 ** decade:g}"
                     for decade in range(low, high) for digit in digits
                     if least <= digit * 10 ** decade <= most)


def panel(lane, unit, rows, gaps, place, labels):
    """One lane. PLACE: its left and right side, in parts of the width."""
    edges = [edge for row in rows.values() for edge in row.edges()]
    least, most = min(edges) / 1.5, max(edges) * 1.5
    marks = "\n".join(f"{index} {row.mark:.6g}"
                      for index, row in rows.items())
    return PANEL.format(
        left=place[0], right=place[1], title=TITLES[lane], unit=UNITS[unit],
        least=least, most=most, labels=labels, ticks=ticks(least, most),
        gaps="\n".join(GAP_LABEL.format(index=index, why=why)
                       for index, why in gaps.items()),
        theirs=block((index, row.theirs) for index, row in rows.items()
                     if row.theirs),
        ours=block((index, row.ours) for index, row in rows.items()),
        marks=marks)


def panels_of(whole):
    """(lane, unit, rows, gaps) of all lanes that have a row."""
    lanes = whole["lanes"]
    panels = [(lane, lanes[lane]["unit"], *rows_of(lanes[lane]))
              for lane in TITLES if lane in lanes]
    return [each for each in panels if each[2]]


def script(whole, target):
    """What gnuplot is told, to draw into the file TARGET."""
    panels = panels_of(whole)
    if not panels:
        raise results.Unsound("there is nothing to draw: no path of a target "
                              "was measured")
    drawn = drawn_targets()
    labels = ", ".join(
        '"{}" {}'.format(LABELS.get(each.name, each.what).replace(
            "_", "\\\\_"), index) for index, each in enumerate(drawn))
    text = HEAD.format(width=WIDTH, height=MARGINS + ROW * len(drawn),
                       rows=len(drawn), target=target)
    width = (1 - LEFT - GAP * len(panels)) / len(panels)
    for number, (lane, unit, rows, gaps) in enumerate(panels):
        left = LEFT + number * (width + GAP)
        names = labels if number == 0 else ", ".join(
            f'"" {index}' for index in range(len(drawn)))
        text += panel(lane, unit, rows, gaps, (left, left + width),
                      names)
    return text + "unset multiplot\n"


def stamp(whole):
    """Tells which drawing a file has."""
    digest = hashlib.sha256(script(whole, "").encode()).hexdigest()
    return f"<!-- drawn from {digest[:32]} -->"


def draw(whole, target):
    """Writes an SVG."""
    try:
        subprocess.run(["gnuplot", "-"], input=script(whole, target),
                       text=True, check=True, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise results.Unsound("gnuplot is missing: install the package "
                              "gnuplot-nox (scripts/deps bench)") from None
    except subprocess.CalledProcessError as error:
        raise results.Unsound(f"gnuplot: {error.stderr.strip()}") from None
    with open(target, "a", encoding="utf-8") as file:
        file.write(stamp(whole) + "\n")
