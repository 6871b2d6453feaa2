"""What scikit-learn takes for what bench_cluster measures, on the same points, one thread.

bench_cluster --write POINTS; OMP_NUM_THREADS=1 python bench_cluster_peer.py POINTS
Needs scikit-learn; no test and no build does.
"""

import json
import sys
import time

import numpy
from sklearn.cluster import DBSCAN
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor


def measure(name, work, **parameters):
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"type": "bench", "name": "scikit-learn " + name, "points": len(points),
                      **parameters, "threads": 1, "seconds": seconds, "cpu_seconds": cpu_seconds,
                      **result}), flush=True)


def dbscan(eps):
    labels = DBSCAN(eps=eps, min_samples=5, n_jobs=1).fit(points).labels_
    return {"clusters": int(labels.max()) + 1, "noise": int((labels < 0).sum())}


def forest():
    model = IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1)
    return {"top_score": float(-model.fit(points).score_samples(points).min())}


def lof():
    factors = LocalOutlierFactor(n_neighbors=20, n_jobs=1).fit(points).negative_outlier_factor_
    return {"top_score": float(-factors.min())}


points = numpy.fromfile(sys.argv[1], dtype="<f8").reshape(-1, 3)
for eps in (0.002, 0.005, 0.02):
    measure("dbscan", lambda: dbscan(eps), eps=eps, min_points=5)
measure("forest", forest)
measure("lof", lof)
