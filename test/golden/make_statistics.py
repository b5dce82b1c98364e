"""Writes test/golden/statistics.json: what scikit-learn, SciPy and statsmodels make of the same numbers.

    python test/golden/make_statistics.py          (numpy, scikit-learn, scipy, statsmodels)

Vectors and matrices are f32, little-endian, base64. t-SNE is started at random from five seeds; its coordinates are
nobody's property, so what is kept is how good the maps are: trustworthiness and Kullback-Leibler divergence.
Versions that made the committed file: numpy 2.4.6, scikit-learn 1.9.1, scipy 1.17.1, statsmodels 0.15.0.
"""

import base64
import json
from pathlib import Path

import numpy as np
from scipy import stats
from scipy.spatial.distance import squareform
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities
from sklearn.metrics import pairwise_distances, silhouette_samples
from sklearn.neighbors import NearestNeighbors
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

N, DIMS, LABELS, PERPLEXITY = 90, 12, 6, 15


def main() -> None:
    random = np.random.default_rng(41)
    labels = np.repeat(np.arange(LABELS), N // LABELS)
    centres = random.normal(size=(LABELS, DIMS)) * 1.5 + 1.0
    vectors = (centres[labels] + random.normal(size=(N, DIMS))).astype(np.float32)
    file = Path(__file__).parent / "statistics.json"
    content = {
        "vectors": {"n": N, "dims": DIMS, "labels": labels.tolist(), "base64": encode(vectors)},
        **cosine(vectors, labels),
        "tsne": tsne(vectors),
        "wilson": wilson(),
        "differences": differences(),
        "holm": holm(random),
        "bootstrap": [bootstrap(random, clusters) for clusters in (50, 12)],
    }
    file.write_text(json.dumps(content, indent=1) + "\n")


def cosine(vectors, labels) -> dict:
    distances = pairwise_distances(vectors.astype(np.float64), metric="cosine")
    np.fill_diagonal(distances, 0)
    _, nearest = NearestNeighbors(n_neighbors=1, metric="precomputed").fit(distances).kneighbors()
    silhouettes = silhouette_samples(distances, labels, metric="precomputed")
    separation = []
    for label in range(LABELS):
        own = labels == label
        within = distances[own][:, own][np.triu_indices(own.sum(), 1)]
        between = distances[own][:, ~own].ravel()
        separation.append(
            {
                "withinMean": within.mean(),
                "withinSd": within.std(),
                "betweenMean": between.mean(),
                "betweenSd": between.std(),
                "purity": (labels[nearest[own, 0]] == label).mean(),
                "silhouette": silhouettes[own].mean(),
            }
        )
    upper = np.ceil(distances.max() * 20) / 20
    own = labels == 0
    histogram, _ = np.histogram(distances[own][:, ~own].ravel(), bins=50, range=(0, upper), density=True)
    return {
        "cosine": [[float(i), float(j), distances[i, j]] for i, j in [(0, 1), (0, 89), (17, 44), (60, 61)]],
        "silhouettes": silhouettes.tolist(),
        "separation": separation,
        "betweenHistogramOf0": {"upper": upper, "densities": histogram.tolist()},
    }


def tsne(vectors) -> dict:
    squared = pairwise_distances(vectors, metric="sqeuclidean")
    joint = squareform(_joint_probabilities(squared.astype(np.float32), PERPLEXITY, 0))
    maps = []
    for seed in range(5):
        model = TSNE(perplexity=PERPLEXITY, init="random", method="exact", random_state=seed)
        positions = model.fit_transform(vectors)
        maps.append(
            {
                "klDivergence": float(model.kl_divergence_),
                "trustworthiness": trustworthiness(vectors, positions, n_neighbors=10),
                "positions": encode(positions.astype(np.float32)),
            }
        )
    return {"perplexity": PERPLEXITY, "joint": encode(joint.astype(np.float32)), "maps": maps}


def wilson() -> list:
    cases = [(0, 20), (1, 29), (15, 148), (25, 50), (49, 50), (50, 50), (81, 263), (0, 1), (399, 400)]
    return [[k, n, *proportion_confint(k, n, method="wilson")] for k, n in cases]


def differences() -> list:
    cases = [(45, 50, 30, 50), (0, 50, 0, 50), (50, 50, 44, 50), (380, 400, 41, 50), (3, 10, 7, 12), (1, 50, 9, 50)]
    return [
        {
            "case": case,
            "newcombe": confint_proportions_2indep(*case, method="newcomb", compare="diff"),
            "fisher": stats.fisher_exact([[case[0], case[1] - case[0]], [case[2], case[3] - case[2]]]).pvalue,
        }
        for case in cases
    ]


def holm(random) -> dict:
    p = np.concatenate([random.uniform(size=12), random.uniform(size=6) / 500])
    return {"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()}


def bootstrap(random, clusters: int) -> dict:
    """Paired differences of 60 items in clusters of unequal size; SciPy resamples the clusters' sums and sizes together."""
    cluster = np.sort(np.concatenate([np.arange(clusters), random.integers(clusters, size=60 - clusters)]))
    # Effects that vary between clusters, or clustering would change nothing.
    chance = random.uniform(0.1, 0.9, size=clusters)[cluster]
    difference = random.binomial(1, chance) - random.binomial(1, 0.3, size=60)
    sums = np.array([difference[cluster == c].sum() for c in range(clusters)])
    sizes = np.array([(cluster == c).sum() for c in range(clusters)])
    result = stats.bootstrap(
        (sums, sizes),
        lambda s, n, axis=-1: s.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=200_000,
        rng=np.random.default_rng(41),
        batch=10_000,
    )
    interval = result.confidence_interval
    return {
        "differences": difference.tolist(),
        "clusters": cluster.tolist(),
        "low": interval.low,
        "high": interval.high,
    }


def encode(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


main()
