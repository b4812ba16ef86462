/** How much: a number, or one drawn evenly between two. */
import { type Key, uniform } from "../../base/index.ts";

export type Amount = number | readonly [low: number, high: number];

export const drawn = (key: Key, amount: Amount): number => (typeof amount === "number" ? amount : uniform(key, 1, ...amount)[0]!);

export const spelled = (amount: Amount): string => (typeof amount === "number" ? `${amount}` : `${amount[0]}…${amount[1]}`);
