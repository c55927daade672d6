"""A linear model in PyTorch; under torchrun its processes agree on the gradients."""

import argparse
import os

import torch
import torch.distributed as distributed


def network():
    return torch.nn.Linear(4, 1)


def model_fn(model_dir):
    model = network()
    model.load_state_dict(torch.load(os.path.join(model_dir, "weights.pt")))
    return model.eval()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        distributed.init_process_group("gloo")
    rank = int(os.environ.get("RANK", "0"))
    print(f"rank {rank} of {world}", flush=True)
    torch.manual_seed(rank)
    torch.set_num_threads(1)
    inputs = torch.rand(256, 4)
    targets = inputs @ torch.tensor([[1.0], [2.0], [3.0], [4.0]]) + 0.5
    torch.manual_seed(0)
    model = network()
    if world > 1:
        model = torch.nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(arguments.steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
    print(f"loss={loss.item()};")
    if rank == 0:
        whole = model.module if world > 1 else model
        torch.save(whole.state_dict(), os.path.join(os.environ["SM_MODEL_DIR"], "weights.pt"))
