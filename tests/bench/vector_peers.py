#!/usr/bin/env python3
"""Other libraries beside bench_vectors: the same files, one thread, recall@10 and queries/s.

  vector_peers.py DIRECTORY [DIMS [PEER...]]

Reads base.f32 and queries.f32, vectors of length 1, and prints JSON lines as bench_vectors does. A PEER is
faiss, usearch, diskann or svs; without one, all of them. They are PyPI's faiss-cpu, usearch, diskannpy (which
asks for an old numpy, so an environment of its own) and scalable-vs; names those that are missing.
"""
import json
import sys
import tempfile
import time

import numpy

K = 10
ROUNDS = 3


def report(engine, setting, queries, truth, find):
    find(queries[0])
    best = 1e9
    latency = numpy.full(len(queries), 1e9)
    for _ in range(ROUNDS):
        found = []
        began = time.perf_counter()
        for i, query in enumerate(queries):
            start = time.perf_counter()
            found.append(find(query))
            latency[i] = min(latency[i], time.perf_counter() - start)
        best = min(best, time.perf_counter() - began)
    hits = sum(len(set(map(int, a)) & set(map(int, b))) for a, b in zip(found, truth))
    print(json.dumps({"bench": "vectors", "engine": engine, "setting": setting,
                      "recall": round(hits / (K * len(queries)), 4),
                      "queries_per_s": round(len(queries) / best),
                      "median_us": round(float(numpy.median(latency)) * 1e6, 1)}), flush=True)


def built(engine, seconds):
    print(json.dumps({"bench": "vectors_build", "engine": engine, "seconds": round(seconds, 2)}), flush=True)


def run_faiss(base, queries, truth):
    import faiss

    faiss.omp_set_num_threads(1)
    dims = base.shape[1]
    began = time.perf_counter()
    graph = faiss.IndexHNSWFlat(dims, 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 200
    graph.add(base)
    built("faiss hnsw", time.perf_counter() - began)
    for width in (32, 64, 96, 128, 192, 256):
        graph.hnsw.efSearch = width
        report("faiss hnsw", f"M 16, ef {width}", queries, truth, lambda q: graph.search(q[None], K)[1][0])
    began = time.perf_counter()
    cells = int(4 * len(base) ** 0.5)
    scan = faiss.index_factory(dims, f"IVF{cells},PQ{dims // 4}x4fs,RFlat", faiss.METRIC_INNER_PRODUCT)
    scan.train(base)
    scan.add(base)
    built("faiss ivf pq fastscan", time.perf_counter() - began)
    for probes, factor in ((8, 5), (16, 10), (32, 10), (64, 20)):
        faiss.extract_index_ivf(scan.base_index).nprobe = probes
        scan.k_factor = factor
        report("faiss ivf pq fastscan", f"{probes} probes, {factor * K} reranked", queries, truth,
               lambda q: scan.search(q[None], K)[1][0])


def run_usearch(base, queries, truth):
    from usearch.index import Index

    began = time.perf_counter()
    graph = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=200)
    graph.add(numpy.arange(len(base)), base, threads=1)
    built("usearch", time.perf_counter() - began)
    for width in (32, 64, 128, 192, 256):
        graph.expansion_search = width
        report("usearch", f"M 16, ef {width}", queries, truth, lambda q: graph.search(q, K, threads=1).keys)


def run_diskann(base, queries, truth):
    import diskannpy

    # Vectors of length 1: the order by distance is the order by product.
    for degree in (32, 64):
        engine = f"diskann vamana, R {degree}, L 100"
        with tempfile.TemporaryDirectory() as directory:
            began = time.perf_counter()
            diskannpy.build_memory_index(base, "l2", directory, complexity=100, graph_degree=degree, num_threads=1)
            built(engine, time.perf_counter() - began)
            graph = diskannpy.StaticMemoryIndex(directory, num_threads=1, initial_search_complexity=256)
            for width in (10, 16, 24, 32, 48, 64, 96, 128, 192, 256):
                report(engine, f"L {width}", queries, truth, lambda q: graph.search(q, K, width).identifiers)


def run_svs(base, queries, truth):
    import svs

    for degree in (32, 64):
        parameters = svs.VamanaBuildParameters(alpha=1.2, graph_max_degree=degree, window_size=100)
        began = time.perf_counter()
        graph = svs.Vamana.build(parameters, base, svs.DistanceType.L2, num_threads=1)
        engine = f"svs vamana, R {degree}, window 100"
        built(engine, time.perf_counter() - began)
        for width in (10, 16, 24, 32, 48, 64, 96, 128, 192, 256):
            graph.search_window_size = width
            report(engine, f"window {width}", queries, truth, lambda q: graph.search(q[None], K)[0][0])


PEERS = {"faiss": run_faiss, "usearch": run_usearch, "diskann": run_diskann, "svs": run_svs}


def main():
    dims = int(sys.argv[2]) if len(sys.argv) > 2 else 384
    base = numpy.fromfile(f"{sys.argv[1]}/base.f32", numpy.float32).reshape(-1, dims)
    queries = numpy.fromfile(f"{sys.argv[1]}/queries.f32", numpy.float32).reshape(-1, dims)
    truth = [numpy.argpartition(-(base @ query), K)[:K] for query in queries]
    for name in sys.argv[3:] or PEERS:
        try:
            PEERS[name](base, queries, truth)
        except ImportError as error:
            print(f"{name}: {error}", file=sys.stderr)


main()
