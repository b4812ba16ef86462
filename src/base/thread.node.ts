import { parentPort, Worker } from "node:worker_threads";
import { answering, Questions, type Threads } from "./thread.ts";

/**
 * Milliseconds after which either side looks for messages by itself: now and then one that has arrived does not wake who waits for it (seen on Node 20,
 * once in some 500 searches of two threads), until anything else does.
 */
const BEAT = 100;
const beating = () => setInterval(() => {}, BEAT).unref();

export const threads: Threads = {
  start(script) {
    const worker = new Worker(script);
    const beat = beating();
    const questions = new Questions({ post: (message) => worker.postMessage(message) });
    worker.on("message", (answer) => questions.take(answer));
    worker.on("error", (error: Error) => questions.lose(error));
    worker.on("exit", () => questions.lose(new Error("the thread has ended")));
    return {
      ask: (question) => questions.ask(question),
      end: async () => {
        await worker.terminate();
        clearInterval(beat);
      },
    };
  },
  serve(answer) {
    const port = parentPort!;
    beating();
    port.on("message", answering({ post: (message) => port.postMessage(message) }, answer));
  },
};
