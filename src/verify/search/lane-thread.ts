/** A lane's thread: it answers for the lane that started it. */
import { host } from "#host";
import { clockUntil, type Lane, laneHere, type Question, received } from "./lanes.ts";

let lane: Lane;

host.threads.serve(async (question: Question): Promise<unknown> => {
  if (question.ask === "start") {
    lane = laneHere(received(question.goal), question.plan, clockUntil(question.until));
    return lane.batch;
  }
  if (question.ask === "roots") return lane.roots(question.box);
  return lane.stretch(question.parts, question.milliseconds);
});
