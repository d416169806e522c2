"""PositTune's Python side: models from elsewhere in, as ONNX files that the native engine reads.

python -m posittune.hub MODEL -o DIR      exports a Hugging Face model and its tokenizer
python -m posittune.fetch NAME -o DIR     gets a published model with data for it
"""

__version__ = "0.1.0"
