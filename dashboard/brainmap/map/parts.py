"""The cards of a brain map's result."""

from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.brainmap.map import map_figures as figures
from dashboard.brainmap.map.chosen import PALETTES, STACK, Look
from dashboard.brainmap.map.planes import PLANES_AT_ONCE, draw_map
from dashboard.jobs.store import Job
from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.kit.figures import Drawn, framed
from dashboard.kit.scale import Scale
from pipelines.brainmap.clusterers import CLUSTERERS
from pipelines.brainmap.map import folder as map_folder
from pipelines.brainmap.map.folder import FinishedMap, MapOfK
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.report.withheld import NUMBER


def headline(finished: FinishedMap, found: dict[str, Any]) -> Component:
    """The figures that matter most, and which K was asked for; of several none is advised."""
    shape = " x ".join(map(str, found["shape"]))
    figures_of_it = results.stats(
        {
            "Planes x y x x x time": shape,
            "Voxels kept": f"{found['n_kept']:,} of {found['n_voxels']:,}",
            "Clusters": str(found["k"]),
            "Colour against similarity, r": results.number(found["color_correlation"]),
            "Smallest colour difference (CIEDE2000)": results.number(found["color_min_delta_e"]),
        }
    )
    reason = found["k_reason"] if len(finished.ks) == 1 else NUMBER
    return html.Div([figures_of_it, html.P(reason, className="hint")])


def downloads(job: Job) -> Component:
    """Links to the files of the chosen map."""
    files = {
        map_folder.MAP_PICTURE: "Map (PNG)",
        map_folder.MAP: "Map (TIFF)",
        map_folder.LABELS: "Labels (TIFF)",
        map_folder.LABELS_IMAGEJ: "Labels for ImageJ (TIFF)",
        map_folder.SIMILARITY: "Similarity (TIFF)",
        map_folder.CENTROIDS.name: "Centroids (CSV)",
        map_folder.SWEEP.name: "All K (CSV)",
        map_folder.PALETTES.name: "Colours of all K (CSV)",
    }
    links = [results.download(job, file, text) for file, text in files.items()]
    return html.Div(links, className="downloads")


def evidence(finished: FinishedMap, found: dict[str, Any]) -> list[Component]:
    """The curves over K, if there is more than one."""
    if len(finished.ks) < 2:
        return []
    drawn = curves_over_k(finished.sweep, found, found["k"], "K shown first")
    parts = [one.framed(f"brainmap-{name}") for name, one in drawn.items()]
    title = html.H2("How many clusters?")
    return [html.Div([title, html.Div(parts, className="pair")], className="card")]


def curves_over_k(
    sweep: pd.DataFrame, found: dict[str, Any], k: int, line: str
) -> dict[str, Drawn]:
    """The curves over K that a map has: errors, stability or bic, held-out.

    Args:
        sweep: a row for each K.
        found: the headline figures of the map.
        k: where the dotted line stands.
        line: what that is.
    """
    errors = Drawn(
        figures.error_curves(sweep, k),
        "How far voxels are from their centroids, in distance and in correlation; each "
        f"curve is divided by its sum. The dotted line is the {line} = {k}.",
    )
    drawn = {"errors": errors}
    if sweep["stability_ari"].notna().any():
        drawn["stability"] = _stability(sweep, k)
    elif sweep["bic"].notna().any():
        words = "The Bayesian information criterion of the mixtures; lower is better."
        drawn["bic"] = Drawn(figures.bic_curve(sweep, k), words)
    if sweep["test_error"].notna().any():
        drawn["held-out"] = _held_out(sweep, found, k)
    return drawn


def _stability(sweep: pd.DataFrame, k: int) -> Drawn:
    return Drawn(
        figures.stability_curves(sweep, k),
        "Agreement of maps that differ in the seed alone (1 = identical), and the "
        "information criterion of a Gaussian mixture (lower is better; not followed further "
        "once it rises).",
    )


def _held_out(sweep: pd.DataFrame, found: dict[str, Any], k: int) -> Drawn:
    where = found["crossing"]
    crossing = f"They cross between K = {where[0]} and {where[1]}. " if where else ""
    return Drawn(
        figures.held_out_curves(sweep, k),
        f"Training and held-out time points, each curve divided by its sum. {crossing}"
        "Two curves of equal sum must cross, whatever the data, so the crossing validates "
        "nothing. The third curve also holds out voxels (bi-cross-validation); as long as it "
        "falls, more clusters still describe unseen data better.",
    )


def controls(finished: FinishedMap, look: Look) -> Component:
    """What can be chosen about the map."""
    ks = [{"value": str(k), "label": f"K = {k}"} for k in finished.ks]
    palettes = [{"value": key, "label": label} for key, label in PALETTES.items()]
    shared = {"allowDeselect": False}
    return html.Div(
        [
            html.Div(
                dmc.Select(
                    id="brainmap-k", label="Clusters shown", data=ks, value=str(look.k), w=120,
                    **shared,
                ),
                hidden=len(ks) < 2,
            ),
            dmc.Select(
                id="brainmap-palette", label="Palette", data=palettes, value=look.palette, w=270,
                **shared,
            ),
            _plane_picker(finished.shape[0]),
            dmc.Switch(id="brainmap-mask", label="Fade by similarity", checked=look.masked),
            dmc.Button("Show all clusters", id="brainmap-all", variant="default", size="xs"),
            dmc.Button("Another colour scheme", id="brainmap-scheme", variant="subtle", size="xs"),
            dmc.Button(
                "Correlate voxels with this cluster",
                id="brainmap-correlate",
                variant="subtle",
                size="xs",
                disabled=True,
            ),
            dmc.Button(
                "Export this map (SVG, NWB, …)", id="brainmap-export", variant="subtle", size="xs"
            ),
            html.P("", id="brainmap-said", role="alert", className="error"),
            dcc.Store(id="brainmap-alone"),
        ],
        className="row actions",
    )  # fmt: skip


def _plane_picker(planes: int) -> Component:
    starts = range(0, planes, PLANES_AT_ONCE)
    data = [
        {"value": str(start), "label": _range(start, min(start + PLANES_AT_ONCE, planes) - 1)}
        for start in starts
    ]
    data.append({"value": STACK, "label": "stack from above"})
    select = dmc.Select(
        id="brainmap-plane", label="Planes", data=data, value="0", w=160, allowDeselect=False
    )
    return html.Div(select, hidden=planes == 1)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def map_figure(job: Job, fitted: MapOfK, look: Look, scale: Scale) -> Component:
    """The map with its caption."""
    return framed(
        draw_map(fitted, look, scale),
        id="brainmap-map",
        caption=_caption(job, fitted.labels.shape[1:]),
        clear_on_unhover=False,
    )


def curves(job: Job, fitted: MapOfK, scale: Scale) -> list[Component]:
    """The series under the pointer, and all centroids."""
    return [
        framed(
            figures.no_voxel(),
            id="brainmap-series",
            caption="The voxel under the pointer, and the centroid of its cluster.",
        ),
        framed(
            scale.timed(figures.centroids(fitted.centroids, fitted.colors)),
            id="brainmap-centroids",
            caption=f"The mean series of each cluster. {normalisation(job)}",
        ),
    ]


def clusters(finished: FinishedMap, fitted: MapOfK, look: Look) -> list[Component]:
    """The centroids along their components, and the clusters' sizes."""
    choice = dmc.SegmentedControl(
        id="brainmap-dimensions",
        data=[{"value": "2", "label": "2-D"}, {"value": "3", "label": "3-D"}],
        value=str(look.dimensions),
        size="xs",
        **aria(label="Dimensions of the centroids' view"),
    )
    components = framed(
        figures.components(fitted.centroids, fitted.sizes, fitted.colors, look.dimensions),
        id="brainmap-components",
        caption="Centroids along their principal components, in the colours of the map; larger "
        "points are larger clusters.",
    )
    sizes = framed(
        figures.cluster_sizes(fitted.sizes, finished.n_filtered, fitted.colors),
        id="brainmap-sizes",
        caption="Voxels in each cluster. Filtered are those below the activity threshold, and "
        "those that cannot be used.",
    )
    return [html.Div([choice, components]), sizes]


def _caption(job: Job, shape: tuple[int, ...]) -> str:
    thin = figures.step(shape)
    thinned = f" Every {thin}th pixel is drawn." if thin > 1 else ""
    return f"{map_words(job)} Press a voxel to see its cluster alone.{thinned}"


def map_words(job: Job) -> str:
    """What a map shows, and how it was made."""
    values = _parameters(job)
    return (
        f"{normalisation(job)} Voxels with a standard deviation above "
        f"{values.std_threshold} were clustered by {CLUSTERERS[values.model].title} (seed "
        f"{values.seed}); the others are left grey. Similar colours mean similar activity."
    )


def normalisation(job: Job) -> str:
    """How the series of a map were normalised, in a sentence."""
    values = _parameters(job)
    names = {
        "percentile": f"Series as (x - b) / (b + {values.offset}), with b their own "
        f"{values.percentile:g}th percentile.",
        "mean": f"Series as (x - m) / (m + {values.offset}), with m their mean.",
        "zscore": "Series as z-scores.",
        "none": "Series as they were recorded.",
    }
    return names[values.normalize]


def _parameters(job: Job) -> BrainmapParameters:
    return BrainmapParameters.parse_stored(job.parameters)[0]


def color_sentence(sweep: pd.DataFrame, k: int) -> str:
    """How well the palettes do for k clusters."""
    row = sweep[sweep["k"] == k].iloc[0]
    names = {"similarity": "similarity colours", "notebook": "RGB angles"}
    figures_of = [
        f"{name} r = {results.number(float(row[f'{key}_color_correlation']))}, "
        f"smallest difference {results.number(float(row[f'{key}_color_min_delta_e']))}"
        for key, name in names.items()
    ]
    return (
        f"Colours for {k} clusters, as correlation of CIEDE2000 with the distance of centroids: "
        f"{'; '.join(figures_of)}."
    )


def cluster_table(fitted: MapOfK, alone: int | None = None) -> Component:
    """One row a cluster, with a button that shows it alone."""
    share = fitted.sizes / max(1, fitted.sizes.sum())
    titles = ("Cluster", "Colour", "Voxels", "Share")
    rows = [
        html.Tr(
            [
                html.Td(_cluster_button(cluster, cluster == alone)),
                html.Td([_swatch(fitted.colors[cluster]), fitted.colors[cluster]]),
                html.Td(f"{size:,}", className="number"),
                html.Td(f"{share[cluster]:.1%}", className="number"),
            ]
        )
        for cluster, size in enumerate(fitted.sizes)
    ]
    styles = ("", "", "number", "number")
    heads = [html.Th(t, scope="col", className=c) for t, c in zip(titles, styles, strict=True)]
    head = html.Thead(html.Tr(heads))
    return html.Div(
        html.Table([head, html.Tbody(rows)]),
        className="scroll tall",
        tabIndex="0",
        role="region",
        **aria(label="Clusters with their sizes"),
    )


def _cluster_button(cluster: int, pressed: bool) -> Component:
    return html.Button(
        f"Cluster {cluster}",
        id={"type": "brainmap-cluster", "cluster": cluster},
        className="pick",
        **aria(pressed=str(pressed).lower()),
    )


def _swatch(color: str) -> Component:
    return html.Span(className="swatch", style={"backgroundColor": color})
