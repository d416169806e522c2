"""Makes the demo's weight matrix: 256 output channels of different size, normal with a few outliers."""
import sys

import numpy as np

rng = np.random.default_rng(2022)
channel = np.exp2(rng.uniform(-7, -3, size=(256, 1)))
weights = rng.standard_normal((256, 768)) * channel
outliers = rng.random(weights.shape) < 1e-3
weights[outliers] *= 8
np.save(sys.argv[1], weights.astype(np.float32))
