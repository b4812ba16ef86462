import { dcgan } from "./dcgan.ts";
import { maxout2014 } from "./maxout-2014.ts";
import type { NetworkMaker } from "./networks.ts";
import { pacgan } from "./pacgan.ts";
import { plane } from "./plane.ts";
import { r3gan } from "./r3gan.ts";
import { small } from "./small.ts";
import { sngan } from "./sngan.ts";

/** By the names of the command line. */
export const networks = {
  plane,
  small,
  pacgan,
  maxout2014,
  dcgan,
  resnet: sngan,
  r3gan,
} as const satisfies Record<string, NetworkMaker>;

export type NetworkName = keyof typeof networks;

export {
  type DiscriminatorNorm,
  type Minibatch,
  type NetworkMaker,
  type NetworkOptions,
  type Networks,
  type Pair,
  pairOf,
} from "./networks.ts";
