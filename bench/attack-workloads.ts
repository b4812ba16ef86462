/** What is attacked, as in attack_peer.py: PGD in L∞ with a random start, step 2.5ε/steps. */
export const attackWorkloads: Readonly<
  Record<
    string,
    {
      readonly title: string;
      readonly model: string;
      readonly batch: number;
      readonly steps: number;
      readonly epsilon: number;
      readonly target: number;
    }
  >
> = {
  mnist: { title: "conv16-conv32-fc100, 28×28", model: "cnn-mnist", batch: 128, steps: 40, epsilon: 0.3, target: 1.5 },
  resnet18: { title: "ResNet-18, 32×32", model: "resnet18-32", batch: 32, steps: 5, epsilon: 8 / 255, target: 1 },
  resnet50: { title: "ResNet-50, 224×224", model: "resnet50-224", batch: 4, steps: 3, epsilon: 4 / 255, target: 0.9 },
};
