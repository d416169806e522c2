#pragma once

// Specification of a data set by the user: where it is and how it becomes the inputs of a model.

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::data {

enum class DataKind { kAuto, kNpz, kText, kImages, kCoco, kCount };

std::string_view name(DataKind kind);  // "auto", "npz", "text", "images", "coco"
std::optional<DataKind> data_kind(std::string_view name);

// Resize: how a picture gets the size of the network's input.
enum class Resize {
  kNone,       // it has that size already; another is an error
  kStretch,    // both sides scaled, each by its own factor
  kLetterbox,  // both sides scaled by one factor, the rest filled with `pad` on both sides
  // Does what torchvision's Resize(short_side) and CenterCrop(size) do: the short side becomes
  // `short_side`, the long one short_side * long / short, rounded down. What is longer than the
  // network's input is cut, half of it on each side; half pixels are rounded to even. Interpolation
  // is that of Pillow's BILINEAR (with its low-pass filter when it shrinks), but the result is not
  // rounded to integers.
  kCenterCrop,
};

std::string_view name(Resize resize);  // "none", "stretch", "letterbox", "center_crop"
std::optional<Resize> resize_mode(std::string_view name);

// Preprocessing: pixel (0..255) -> (pixel * scale - mean) / std, per channel, after resizing.
// Except for center_crop, resizing is bilinear with half-pixel centres and no low-pass filter, as
// OpenCV's INTER_LINEAR but not rounded to integers.
struct Preprocessing {
  std::size_t height = 0, width = 0;  // 0: what the model's input fixes
  Resize resize = Resize::kNone;
  std::size_t short_side = 0;  // center_crop: at least max(height, width); 0: exactly that
  double pad = 114;            // value of padding, 0..255, in all channels
  double scale = 1.0 / 255;
  std::array<double, 3> mean = {0, 0, 0};  // channel order: see `bgr`
  std::array<double, 3> std = {1, 1, 1};
  bool bgr = false;   // channel order of the network; false: R, G, B
  bool nhwc = false;  // axes of the network's input; false: N, C, H, W
  bool operator==(const Preprocessing&) const = default;
};

inline constexpr const char* kResizeHint =
    "set resize: letterbox, stretch or center_crop in the preprocessing";

struct DataSpec {
  DataKind kind = DataKind::kAuto;  // by the name: .npz, .txt, .json (coco), a folder (images, or
                                    // coco when `annotations` is given)
  std::string path;                 // npz file, text file, image folder, or COCO json
  std::string images;       // coco: folder of the images; empty: beside the json, named as its stem
  std::string annotations;  // coco: the json, when `path` is the folder
  std::string labels;       // images: text file with a line "FILE LABEL" for each image
  // Shared labels may belong to other splits: a split has none where they name none of its images.
  // Otherwise they must name each image.
  bool shared_labels = false;
  std::string tokenizer;          // text: tokenizer as OpenVINO IR (openvino_tokenizer.xml)
  std::string tokenizer_library;  // text: libopenvino_tokenizers.so; empty: see tokenizer.h
  // text: what is written before each document. Not set: the tokenizer's token for the beginning of
  // text (bos_token_id, else eos_token_id), unless the tokenizer adds it itself; "": nothing.
  std::optional<std::string> document_start;
  Preprocessing preprocessing;  // images, coco
  std::size_t limit = 0;        // the first so many items; 0: all
  std::size_t sequence = 0;     // text: tokens a row; 0: what the model's input fixes, else 256
  // npz: inputs that are given as constants; arrays of these names are not read.
  std::set<std::string> constants{};
  std::string sha256;  // expected Dataset::sha256(); empty: not checked
};

}  // namespace posittune::data
