"""
Keras models as tf2onnx writes them (images NHWC, softmax at the end), with TensorFlow's outputs and input gradients: test/golden/architectures/.
  python3 test/golden/keras_models.py        (tensorflow 2.15, tf2onnx)
"""
import base64
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf2onnx  # noqa: E402

OUT = pathlib.Path(__file__).with_name("architectures")
L = tf.keras.layers
CLASSES = 5

NETS = {
    "keras-cnn": ([L.Conv2D(8, 3, activation="relu"), L.BatchNormalization(), L.MaxPooling2D(), L.Conv2D(12, 3, strides=2, padding="same"), L.BatchNormalization(),
                   L.LeakyReLU(0.1), L.AveragePooling2D(), L.Dropout(0.5), L.Flatten()], (16, 16, 3), [9, 13, 18]),
    "keras-separable": ([L.Conv2D(8, 3, strides=2, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(6), L.DepthwiseConv2D(3, padding="same", use_bias=False),
                         L.BatchNormalization(), L.ReLU(6), L.SeparableConv2D(12, 3, activation="swish"), L.GlobalAveragePooling2D()], (16, 16, 3), [10, 15]),
    "keras-dense": ([L.Flatten(), L.Dense(24, activation="elu"), L.LayerNormalization(), L.Dense(16, activation="gelu"), L.Dense(16, activation="selu")], (8, 8), [11, 16]),
    "keras-lstm": ([L.LSTM(12, return_sequences=True), L.LSTM(12)], (10, 4), [12, 17]),
    "keras-gru": ([L.Bidirectional(L.GRU(8)), L.Dense(8, activation="tanh")], (10, 4), [14, 18]),
}  # fmt: skip

base = lambda t: base64.b64encode(np.ascontiguousarray(t, dtype="<f4").tobytes()).decode()  # noqa: E731


def randomise(net, rng):
    """Random everywhere: no bias, scale or running statistic keeps the value that would hide a mistake in it."""
    for w in net.weights:
        kind = w.name.split("/")[-1].split(":")[0]
        fan = np.prod(w.shape[:-1]) if "depthwise" not in kind else np.prod(w.shape[:2])
        if kind in ("gamma", "moving_variance"):
            w.assign(rng.uniform(0.5, 1.5, w.shape))
        else:
            w.assign(rng.normal(0, np.sqrt(2 / fan) if len(w.shape) > 1 else 0.3, w.shape))


def answer(net, x):
    """The probabilities, and the gradient of the summed cross-entropy −log p at labels 0, 1, …"""
    x, labels = tf.constant(x), np.arange(len(x)) % CLASSES
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = net(x, training=False)
        loss = -tf.reduce_sum(tf.math.log(tf.gather(y, labels, batch_dims=1)))
    return {"shape": list(x.shape), "x": base(x), "labels": labels.tolist(), "y": base(y), "gradient": base(tape.gradient(loss, x)), "note": "probabilities"}


answers, files = {}, []
for seed, (name, (layers, shape, opsets)) in enumerate(NETS.items()):
    net = tf.keras.Sequential([tf.keras.Input(shape), *layers, L.Dense(CLASSES, activation="softmax")])
    rng = np.random.default_rng(seed)
    randomise(net, rng)
    answers[name] = answer(net, rng.integers(-8, 9, (2, *shape)).astype("f4") / 8)
    for opset in opsets:
        file = f"{name}-{opset}.onnx"
        try:
            tf2onnx.convert.from_keras(net, [tf.TensorSpec((None, *shape), tf.float32, name="x")], opset=opset, output_path=str(OUT / file))
        except Exception as error:  # a converter's own gap
            print(file, "not converted:", type(error).__name__, str(error)[:200])
            continue
        files.append({"file": file, "answer": name, "exporter": f"tf2onnx {tf2onnx.__version__}"})
        print(f"{file:40} {(OUT / file).stat().st_size:8}", flush=True)
(OUT / "keras.json").write_text(json.dumps({"versions": {"tensorflow": tf.__version__, "tf2onnx": tf2onnx.__version__}, "answers": answers, "files": files}, indent=1) + "\n")
