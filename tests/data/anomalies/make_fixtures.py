"""Writes what scikit-learn says about small tables: lof.json, forest.json, dbscan.json.

Run with scikit-learn 1.9.1, numpy 2.4.6 and Python 3.11 (the values in the repository are
theirs): python make_fixtures.py, in this folder. The tests read the tables from these files and
compare; they do not need Python.
"""

import json

import numpy
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

VERSIONS = {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__}


def write(name, **content):
    with open(name, "w") as file:
        json.dump({"versions": VERSIONS, **content}, file, separators=(",", ":"))
        file.write("\n")


def blobs(random, dims):
    """Two clusters of different density and a few points far from both."""
    tight = random.normal(0, 0.3, (130, dims)) + 2
    loose = random.normal(0, 1.0, (130, dims)) - 2
    scattered = random.uniform(-7, 7, (20, dims))
    return numpy.round(numpy.concatenate([tight, loose, scattered]), 6)


def lof(random):
    tables = []
    for dims, k in ((2, 20), (2, 5), (5, 10), (14, 20)):
        points = blobs(random, dims)
        if k == 5:
            points[40:44] = points[40]  # duplicates, fewer than k
        model = LocalOutlierFactor(n_neighbors=k).fit(points)
        tables.append({"k": k, "points": points.tolist(),
                       "factors": (-model.negative_outlier_factor_).tolist()})
    write("lof.json", tables=tables)


def forest(random):
    points = blobs(random, 4)
    # The mean over seeds is what any correct forest comes near to.
    scores = [-IsolationForest(n_estimators=100, max_samples=256, random_state=seed)
              .fit(points).score_samples(points) for seed in range(20)]
    write("forest.json", points=points.tolist(),
          mean=numpy.mean(scores, axis=0).tolist(), deviation=numpy.std(scores, axis=0).tolist())


def dbscan(random):
    tables = []
    for eps, min_points in ((0.3, 5), (0.6, 4), (1.1, 10), (0.05, 2), (9.0, 5)):
        points = numpy.concatenate([blobs(random, 3), numpy.round(blobs(random, 3), 1)])
        points = points[random.permutation(len(points))]
        labels = DBSCAN(eps=eps, min_samples=min_points).fit(points).labels_
        tables.append({"eps": eps, "min_points": min_points, "points": points.tolist(),
                       "labels": labels.tolist()})
    write("dbscan.json", tables=tables)


random = numpy.random.default_rng(2008)
lof(random)
forest(random)
dbscan(random)
