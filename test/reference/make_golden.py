"""Golden values of networks, losses and training steps: python3 test/reference/make_golden.py  (pip install torch numpy scipy)

Computed in float64 from float32 inputs that both sides make by the same integer formula (golden.py, golden.ts).
"""
import sys

import torch

import metrics
from golden_networks import planned_golden, unet_golden, vnet_golden
from golden_steps import channel_steps_golden, method_steps_golden, steps_golden
from golden_terms import loss_golden, term_golden

GROUPS = {
    "unet-2": lambda: unet_golden(2),
    "unet-3": lambda: unet_golden(3),
    "vnet": vnet_golden,
    "planned": planned_golden,
    "losses": loss_golden,
    "steps": steps_golden,
    "channel-steps": channel_steps_golden,
    "terms": term_golden,
    "method-steps": method_steps_golden,
}

if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(2)
    if sys.argv[1:] in ([], ["metrics"]):
        metrics.main()
    for group, make in GROUPS.items():
        if sys.argv[1:] in ([], [group]):
            make()
