"""The tab Choose K of a film: what speaks for each number of clusters, and its map."""

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.brainmap.map.chosen import load, load_map
from dashboard.brainmap.map.map_figures import cluster_sizes
from dashboard.brainmap.map.parts import curves_over_k
from dashboard.brainmap.map.planes import thumbnail
from dashboard.brainmap.tabs import begin, compared, map_tab, shown
from dashboard.brainmap.tabs.shown import PALETTE, K
from dashboard.kit import results
from dashboard.kit.desk import (
    Answer,
    Draw,
    Panel,
    Part,
    Tab,
    View,
    button,
    chart,
    column,
    row,
)
from dashboard.kit.figures import Drawn
from pipelines.report.withheld import NUMBER

TITLES = {
    "errors": "Errors",
    "stability": "Stability",
    "bic": "Information criterion",
    "held-out": "Held-out data",
}


def answer(view: View) -> Answer:
    """Which K were tried."""
    ks = load(shown.folder(view.run)).ks
    tried = ", ".join(map(str, ks))
    if len(ks) == 1:
        return Answer(f"Only K = {tried} was tried.", "Set up several to compare them.")
    return Answer(f"K = {tried} were tried.", f"{NUMBER} Press a point or a map to choose.")


def curve(name: str) -> Draw:
    """A panel of one of the curves over K; a press on a point selects its K."""

    def drawn(view: View) -> Drawn:
        sweep = load(shown.folder(view.run)).sweep
        found = results.headline(view.run)
        one = curves_over_k(sweep, found, shown.k_of(view), "K shown")[name]
        for trace in one.figure.data:
            trace.customdata = [str(int(k)) for k in trace.x]
        return one

    return drawn


def maps(view: View) -> Component:
    """A small map of every K; pressing one selects it."""
    folder, chosen, palette = shown.folder(view.run), shown.k_of(view), shown.palette_of(view)
    items = [
        html.Div(
            button(thumbnail(load_map(folder, k, palette), k), K, str(k), label=f"Show K = {k}"),
            className="multiple current" if k == chosen else "multiple",
        )
        for k in load(folder).ks
    ]
    return html.Div(items, className="multiples")


def sizes(view: View) -> Drawn:
    """How many voxels each cluster of the selected K has."""
    fitted, found = shown.fitted_of(view), load(shown.folder(view.run))
    words = (
        "Voxels in each cluster. Filtered are those below the activity threshold, and those that "
        "cannot be used."
    )
    return Drawn(cluster_sizes(fitted.sizes, found.n_filtered, fitted.colors), words)


def only_map() -> Panel:
    """The map of the only K that was tried."""
    return chart("map-of-k", "Map", map_tab.draw_map, K, PALETTE)


def _more() -> Panel:
    return Panel(name="more", title="More K", draw=_others)


def _others(view: View) -> Component:
    """What several K would show, and how to get them."""
    words = (
        f"Only K = {load(shown.folder(view.run)).k} was tried. With several numbers of clusters "
        "this tab shows how far voxels are from their centroids, how well held-out data are "
        "described, how stable the clusters are over seeds, and a small map of each K, to choose "
        "by. All else is taken as in this map, which stays in the history."
    )
    return html.Div([html.P(words), begin.button(begin.SEVERAL)], className="stack")


def two(view: View) -> Component:
    """Two K side by side, where there are several."""
    if len(load(shown.folder(view.run)).ks) < 2:
        return html.Span()
    return dcc.Link("Compare two K", href=compared.two_ks(view))


def arrange(view: View) -> Part:
    """The curves that there are, and the maps."""
    found = load(shown.folder(view.run))
    small = Panel(name="maps", title="Maps of all K", draw=maps, listens=(K, PALETTE), tools=two)
    if len(found.ks) < 2:
        return row(only_map(), column(chart("sizes", "Clusters", sizes), _more()), sizes=(60, 40))
    names = list(curves_over_k(found.sweep, results.headline(view.run), found.k, ""))
    charts = [chart(name, TITLES[name], curve(name), K, picks=K) for name in names]
    left = column(*charts[:2])
    right = column(*charts[2:], small)
    return row(left, right)


TAB = Tab(
    word="k",
    title="Choose K",
    tasks=(map_tab.TASK,),
    arrange=arrange,
    answer=answer,
    start=shown.start,
    fill=begin.fill,
    compare=compared.compare,
    empty="Once a map was made with several numbers of clusters, its errors on seen and on "
    "held-out data, its stability over seeds and a small map of each stand here side by side.",
)
