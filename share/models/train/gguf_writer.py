"""Writes and reads the two model file formats: GGUF version 3 and SafeTensors."""

import json
import struct

import numpy as np

ALIGNMENT = 32
# GGUF's value types and tensor types, as far as these files need them.
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TENSOR_TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1}
SCALARS = {UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}


def _string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    if kind == STRING:
        return _string(value)
    if isinstance(kind, tuple):     # (ARRAY, element type)
        element = kind[1]
        head = struct.pack("<IQ", element, len(value))
        return head + b"".join(_value(element, item) for item in value)
    return struct.pack(SCALARS[kind], value)


def _padding(size):
    return b"\0" * (-size % ALIGNMENT)


def write_gguf(path, metadata, tensors):
    """`metadata` maps a key to (type, value); `tensors` maps a name to a numpy array."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, (kind, value) in metadata.items():
        code = kind[0] if isinstance(kind, tuple) else kind
        head += _string(key) + struct.pack("<I", code) + _value(kind, value)
    offset = 0
    for name, array in tensors.items():
        head += _string(name) + struct.pack("<I", array.ndim)
        head += struct.pack(f"<{array.ndim}Q", *reversed(array.shape))   # innermost first
        head += struct.pack("<IQ", TENSOR_TYPES[array.dtype], offset)
        offset += array.nbytes + len(_padding(array.nbytes))
    with open(path, "wb") as file:
        file.write(head + _padding(len(head)))
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes() + _padding(array.nbytes))


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def unpack(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def string(self):
        (size,) = self.unpack("<Q")
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8")

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            element, count = self.unpack("<IQ")
            return [self.value(element) for _ in range(count)]
        return self.unpack(SCALARS[kind])[0]


def read_gguf(path):
    """The metadata as plain values and the tensors as numpy arrays."""
    with open(path, "rb") as file:
        reader = _Reader(file.read())
    magic, version, tensor_count, key_count = reader.unpack("<4sIQQ")
    if (magic, version) != (b"GGUF", 3):
        raise ValueError(f"{path} is not a GGUF version 3 file")
    metadata = {}
    for _ in range(key_count):
        key = reader.string()
        metadata[key] = reader.value(reader.unpack("<I")[0])
    places = []
    for _ in range(tensor_count):
        name = reader.string()
        (rank,) = reader.unpack("<I")
        shape = tuple(reversed(reader.unpack(f"<{rank}Q")))
        places.append((name, shape, *reader.unpack("<IQ")))
    base = reader.at + len(_padding(reader.at))
    dtypes = {code: dtype for dtype, code in TENSOR_TYPES.items()}
    tensors = {name: np.frombuffer(reader.data, dtypes[code], int(np.prod(shape)), base + offset)
               .reshape(shape) for name, shape, code, offset in places}
    return metadata, tensors


SAFETENSORS_TYPES = {"F16": np.float16, "F32": np.float32, "U8": np.uint8}


def write_safetensors(path, metadata, tensors):
    """`metadata` maps strings to strings."""
    header, offset = {"__metadata__": metadata}, 0
    names = {np.dtype(dtype): name for name, dtype in SAFETENSORS_TYPES.items()}
    for name, array in tensors.items():
        header[name] = {"dtype": names[array.dtype], "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).tobytes())


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        array = np.frombuffer(data[begin:end], SAFETENSORS_TYPES[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return metadata, tensors
