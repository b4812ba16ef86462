/** What a file that is not ONNX probably is, from its first bytes. */

const ascii = (bytes: Uint8Array, n: number): string => String.fromCharCode(...bytes.subarray(0, n));

const SIGNS: readonly (readonly [start: RegExp, what: string, mend: string])[] = [
  [/^$/, "an empty file", "download or export it again"],
  [/^version https:\/\/git-lfs/, "a Git LFS pointer", "run `git lfs pull` to fetch the model itself"],
  [/^PK\W\W/, "a zip archive (a PyTorch checkpoint or an .npz?)", 'export the model: torch.onnx.export(model, example, "model.onnx")'],
  [/^\u0080[^ -~]/, "a Python pickle (an old PyTorch checkpoint?)", 'export the model: torch.onnx.export(model, example, "model.onnx")'],
  [/^[^ -~]\u008b/, "a gzip file", "unpack it first: gunzip"],
  [/^\x89HDF/, "an HDF5 file (Keras?)", "export the model with tf2onnx"],
  [/^.{4}TFL3/s, "a TensorFlow Lite model", "export the model with tf2onnx"],
  [/^.{4}ORTM/s, "a model in onnxruntime's own ORT format", "use the .onnx file it was made from"],
  [/^.{8}\{"/s, "a safetensors file (weights without a graph)", "export the model to ONNX"],
  [/^\s*(<!DOCTYPE|<html)/i, "a web page", "download the file itself, not the page about it"],
  [/^\s*[{[]\s*["{[\]}]/, "JSON", "export the model to ONNX"],
];

/** Null where nothing is recognised. */
export function sniff(bytes: Uint8Array): { readonly what: string; readonly mend: string } | null {
  const start = ascii(bytes, 32);
  const sign = SIGNS.find(([pattern]) => pattern.test(start));
  return sign ? { what: sign[1], mend: sign[2] } : null;
}
