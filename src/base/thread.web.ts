import { answering, Questions, type Threads } from "./thread.ts";

export const threads: Threads = {
  start(script) {
    const worker = new Worker(script, { type: "module" });
    const questions = new Questions({ post: (message) => worker.postMessage(message) });
    worker.onmessage = ({ data }) => questions.take(data);
    worker.onerror = ({ message }) => questions.lose(new Error(message));
    return {
      ask: (question) => questions.ask(question),
      end: async () => worker.terminate(),
    };
  },
  serve(answer) {
    const take = answering({ post: (message) => globalThis.postMessage(message) }, answer);
    globalThis.onmessage = ({ data }) => void take(data);
  },
};
