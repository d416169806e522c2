"""Which format for which layer: search_my_model.py [MODEL.onnx DATA.yaml]; without arguments on the small GPT-2 of the zoo."""

import sys

import posittune as pt

arguments = sys.argv[1:] or ["zoo:gpt2"]
session = pt.Session(*arguments, limit=16)

print("uniform formats, on the report data:")
comparison = session.compare(["fp32", "int8", "posit<8,1>", "posit<6,1>", "int4"], what="w", scales="mse_pow2")
loss = comparison.scored.loss
for row in comparison.rows:
    print(f"  {row.format:<11} {row.bits_per_weight:6.2f} bits  {loss} {row.metrics[loss].value:.3g}")

print("a format for each layer, within 5 bits a weight:")
best = session.search(["posit<4,*>", "posit<5,*>", "posit<6,*>", "int4", "int5", "int6"], bits=5, baselines=True)
for row in best.rows:
    if row.metrics:
        print(f"  {row.method:<24} {row.bits_per_weight:6.2f} bits  {loss} {row.metrics[loss].value:.3g}")

recipe = best.recipe()
recipe.write("recipe.yaml")
for name, setting in list(recipe.weights.items())[:5]:
    print(f"  {name}: {setting['format']}")
