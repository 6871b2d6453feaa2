#!/bin/sh
# Makes every model, fixture and gloss file from nothing. The language model takes
# about an hour and a half on one core, the word vectors a few minutes.
set -eu

cd "$(dirname "$0")"
models=$(cd .. && pwd)
root=$(cd ../../.. && pwd)
work=${WORK:-/tmp/hart-train}
python=${PYTHON:-/usr/bin/python3}

# The reference BLAS that torch would otherwise use is some fifteen times slower.
for package in python3-torch python3-numpy wordnet-base libopenblas0-serial; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
        echo "run.sh: please install the Debian package $package" >&2
        exit 1
    fi
done

# One thread, so that sums are taken in the same order every time.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

mkdir -p "$work" "$root/tests/data"
"$python" train_lm.py --work "$work"
"$python" export_lm.py --work "$work" --out "$models/wordnet-llama.gguf"
"$python" make_golden.py "$models/wordnet-llama.gguf" "$root/tests/data/wordnet-llama.golden.json"
"$python" train_embedder.py --out "$models/wordnet-vectors.safetensors" --figures "$work/vectors.json"
"$python" embed_reference.py "$models/wordnet-vectors.safetensors" \
    "$root/tests/data/wordnet-vectors.golden.json"
"$python" make_corpus.py "$root/share/corpus"
"$python" sample_lm.py "$models/wordnet-llama.gguf"
"$python" sample_lm.py "$models/wordnet-llama.gguf" --figures
