import { parentPort, Worker } from "node:worker_threads";
import { answering, Questions, type Threads } from "./thread.ts";

export const threads: Threads = {
  start(script) {
    const worker = new Worker(script);
    const questions = new Questions({ post: (message) => worker.postMessage(message) });
    worker.on("message", (answer) => questions.take(answer));
    worker.on("error", (error: Error) => questions.lose(error));
    worker.on("exit", () => questions.lose(new Error("the thread has ended")));
    return {
      ask: (question) => questions.ask(question),
      end: async () => void (await worker.terminate()),
    };
  },
  serve(answer) {
    const port = parentPort!;
    port.on("message", answering({ post: (message) => port.postMessage(message) }, answer));
  },
};
