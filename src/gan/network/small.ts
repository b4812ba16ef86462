import { dcgan } from "./dcgan.ts";
import type { NetworkMaker } from "./networks.ts";

/** DCGAN's convolutions at half their width, the discriminator without normalisation, so that its slope at each sample may be penalised: what a CPU learns small pictures with. */
export const small: NetworkMaker = (shape, { norm = "none", width = 32, ...options }) => dcgan(shape, { ...options, norm, width });
