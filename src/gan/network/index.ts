import { dcgan } from "./dcgan.ts";
import { maxout2014 } from "./maxout-2014.ts";
import type { NetworkMaker, NetworkOptions } from "./networks.ts";
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

/** Which options each pair knows; what it does not know is refused. */
export const networkOptions: Readonly<Record<NetworkName, readonly (keyof NetworkOptions)[]>> = {
  plane: ["classes", "minibatch", "width"],
  small: ["classes", "minibatch", "norm", "width"],
  pacgan: ["minibatch"],
  maxout2014: [],
  dcgan: ["classes", "minibatch", "norm", "width"],
  resnet: ["classes", "minibatch", "norm", "width"],
  r3gan: ["classes", "minibatch", "width"],
};

export {
  type DiscriminatorNorm,
  type Minibatch,
  type NetworkMaker,
  type NetworkOptions,
  type Networks,
  type Pair,
  pairOf,
} from "./networks.ts";
