#include "tests/records/examples.h"

#include <limits>

namespace posittune::records {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Comparison small_comparison() {
  Comparison comparison;
  comparison.model = {"gpt2.onnx", "aa"};
  comparison.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  comparison.data["report"] = {"text.npz", "npz", 64, "document", "bb"};
  ComparisonRow row{.format = "posit<8,1>",
                    .what = "wa",
                    .scale = "rms_pow2",
                    .granularity = "channel",
                    .bits_per_weight = 8.25,
                    .metrics = {},
                    .seconds = 1.5};
  row.metrics["kl"] = {{0.5, 0.25, 1}, Estimate{0.5, 0.25, 1}, false, true, "nats/item", 0};
  row.metrics["sqnr"] = {{kInfinity, 30, kInfinity}, {}, true, false, "dB", 4};
  comparison.rows.push_back(row);
  return comparison;
}

const char* const kComparisonText = R"({
  "model": {
    "path": "gpt2.onnx",
    "sha256": "aa"
  },
  "scored": {
    "output": "logits",
    "task": "classify",
    "scores": "probabilities",
    "reason": "asked for",
    "loss": "kl",
    "unit": "nats/item"
  },
  "data": {
    "report": {
      "path": "text.npz",
      "kind": "npz",
      "items": 64,
      "unit": "document",
      "sha256": "bb"
    }
  },
  "rows": [
    {
      "format": "posit<8,1>",
      "what": "wa",
      "scale": "rms_pow2",
      "granularity": "channel",
      "bits_per_weight": 8.25,
      "metrics": {
        "kl": {
          "value": 0.5,
          "low": 0.25,
          "high": 1.0,
          "delta": {
            "value": 0.5,
            "low": 0.25,
            "high": 1.0
          },
          "noise": false,
          "better": "lower",
          "unit": "nats/item",
          "rank": 0
        },
        "sqnr": {
          "value": "Infinity",
          "low": 30.0,
          "high": "Infinity",
          "noise": true,
          "better": "higher",
          "unit": "dB",
          "rank": 4
        }
      },
      "seconds": 1.5
    }
  ]
}
)";

SearchResult small_search() {
  SearchResult result;
  result.model = {"gpt2.onnx", "aa"};
  result.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  result.data["report"] = {"text.npz", "npz", 64, "document", "bb"};
  result.costs = {{"gain", 2.5, 1.25, 12}};
  result.refinement = {{"h.0: posit<4,1> -> int5", -0.25, -0.125, -0.1875, -0.0625, "better"}};
  SearchRow row{.recipe = "search-4.5.yaml",
                .method = "search",
                .budget = "bits 4.5",
                .bits_per_weight = 4.5,
                .bytes = 1024,
                .activation_bits = 32,
                .mac_bits = 144,
                .energy = 1e6,
                .area = 250,
                .predicted_loss = 0.25,
                .search_loss = {0.3125, 0.25, 0.375},
                .metrics = {},
                .optimality_gap = 1e-10,
                .seconds = 1.5,
                .nonfinite = 2};
  row.metrics["kl"] = {{0.5, 0.25, 0.75}, {}, false};
  row.metrics["perplexity"] = {{20, 19, 21}, Estimate{0.5, 0.25, 0.75}, true};
  result.rows = {row};
  return result;
}

SensitivityRow small_sensitivity_row() {
  return {.layer = "/h.0/mlp",
          .weight = "h.0.mlp.weight",
          .format = "posit<8,1>",
          .scale = "rms_pow2",
          .granularity = "channel",
          .what = "wa",
          .tier = "exact",
          .score = 0.5,
          .low = 0.25,
          .high = 0.75,
          .error = 1.5,
          .signal = 12,
          .bits = 8200,
          .parameters = 1024,
          .units = 64,
          .stopped = "tight"};
}

Sensitivity small_sensitivity() {
  Sensitivity sensitivity;
  sensitivity.model = {"gpt2.onnx", "aa"};
  sensitivity.scored = {"logits", "classify", "probabilities", "asked for", "kl", "nats/item"};
  sensitivity.data["search"] = {"text.npz", "npz", 64, "document", "bb"};
  sensitivity.cuts = {{{"/h.0/Add", "mask"}, 4096}};
  sensitivity.costs = {{"gain", 2.5, 1.25, 12}};
  sensitivity.agreement = {{"gain", "exact", "w", 36, 0.98, 0.97, 1.125}};
  sensitivity.rows = {small_sensitivity_row()};
  sensitivity.channels = {{"/h.0/mlp", "h.0.mlp.weight", "int4", "mse", "channel", 8, 4, "proxy",
                           0.125, -1, 1, 0.0625}};
  sensitivity.mixes = {{6.5, 0.25, 0.3125, 0.28125, 0.34375}};
  sensitivity.upgrades = {{"score", 3, 4.75, 0.875}};
  return sensitivity;
}

const char* const kSensitivityText = R"({
  "model": {
    "path": "gpt2.onnx",
    "sha256": "aa"
  },
  "scored": {
    "output": "logits",
    "task": "classify",
    "scores": "probabilities",
    "reason": "asked for",
    "loss": "kl",
    "unit": "nats/item"
  },
  "data": {
    "search": {
      "path": "text.npz",
      "kind": "npz",
      "items": 64,
      "unit": "document",
      "sha256": "bb"
    }
  },
  "cuts": [
    {
      "tensors": [
        "/h.0/Add",
        "mask"
      ],
      "bytes": 4096
    }
  ],
  "costs": [
    {
      "tier": "gain",
      "seconds": 2.5,
      "evaluations": 1.25,
      "probes": 12
    }
  ],
  "agreement": [
    {
      "tier": "gain",
      "reference": "exact",
      "what": "w",
      "pairs": 36,
      "spearman": 0.98,
      "r2_log": 0.97,
      "ratio": 1.125
    }
  ],
  "rows": [
    {
      "layer": "/h.0/mlp",
      "weight": "h.0.mlp.weight",
      "format": "posit<8,1>",
      "scale": "rms_pow2",
      "granularity": "channel",
      "what": "wa",
      "tier": "exact",
      "score": 0.5,
      "low": 0.25,
      "high": 0.75,
      "error": 1.5,
      "signal": 12.0,
      "bits": 8200.0,
      "parameters": 1024,
      "units": 64,
      "stopped": "tight"
    }
  ],
  "channels": [
    {
      "layer": "/h.0/mlp",
      "weight": "h.0.mlp.weight",
      "format": "int4",
      "scale": "mse",
      "granularity": "channel",
      "first": 8,
      "count": 4,
      "tier": "proxy",
      "score": 0.125,
      "low": -1.0,
      "high": 1.0,
      "error": 0.0625
    }
  ],
  "mixes": [
    {
      "bits_per_weight": 6.5,
      "predicted": 0.25,
      "measured": 0.3125,
      "low": 0.28125,
      "high": 0.34375
    }
  ],
  "upgrades": [
    {
      "order": "score",
      "windows": 3,
      "bits_per_weight": 4.75,
      "loss": 0.875
    }
  ]
}
)";

Details small_details() {
  Details details;
  details.results_sha256 = "cd";
  details.cost_table = "a table";
  details.layers = {{"conv", "Convolution", "conv.weight", 4, 36, 360}};
  details.settings = {{0, "posit<6,*>", "mse_pow2, channel", "int8", 216, 1.5, 2.5, 900}};
  details.rows = {{{0}, {0.25, 0.5}}};
  details.looks = {{0, 0.125, 0.25, 0.5, {{"posit<6,1>", 4, 0.5, 1, 2, 3, {1, 34, 1}}}}};
  details.mixes = {{0, "search, bits 6", {0}}};
  details.scores = {{0, "int6", 0.75}};
  return details;
}

}  // namespace posittune::records
