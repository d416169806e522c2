// Folders of images, with labels from a text file or boxes from COCO annotations.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "posittune/base/threads.h"
#include "posittune/data/bad_input.h"
#include "posittune/data/coco.h"
#include "posittune/data/image.h"
#include "posittune/data/preprocess.h"
#include "posittune/data/source.h"
#include "posittune/data/tensor_cast.h"

namespace posittune::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLabels = std::uint64_t{1} << 28;
constexpr std::size_t kMaxNetworkPixels = std::size_t{1} << 26;

Error in_file(Error error, const std::string& path) {
  if (error.where.empty()) error.where = path;
  return error;
}

// The first error of tasks that ran in any order, by the number of the task.
template <class Task>
Status for_all(std::size_t count, const Task& task) {
  std::vector<std::optional<Error>> errors(count);
  parallel_for(count, 0, [&](std::size_t i) {
    try {
      Status s = check_interrupt();
      if (s) s = task(i);
      if (!s) errors[i] = s.error();
    } catch (const std::exception& problem) {
      errors[i] = Error{
          .kind = ErrorKind::kResource, .what = "reading an image failed", .found = problem.what()};
    }
  });
  for (auto& error : errors) {
    if (error) return std::move(*error);
  }
  return success();
}

class ImageSource : public ItemSource {
 public:
  ImageSource(std::vector<std::string> files, TensorInfo input, const Preprocessing& options)
      : files_(std::move(files)), input_(std::move(input)), options_(options) {}

  Result<Tensors> batch(std::size_t first, std::size_t count) const override {
    const std::size_t height = options_.height, width = options_.width;
    const TensorShape shape =
        options_.nhwc ? TensorShape{count, height, width, 3} : TensorShape{count, 3, height, width};
    Tensor tensor = Tensor::zeros(ElementType::kF32, shape);
    const auto all = tensor.as<float>();
    const std::size_t row = height * width * 3;
    const Status done = for_all(count, [&](std::size_t i) -> Status {
      const std::string& file = files_[first + i];
      const auto image = read_image(file);
      if (!image) return image.error();
      const auto out = all.subspan(i * row, row);
      if (Status s = preprocess(*image, options_, resizer_, out); !s) {
        return in_file(s.error(), file);
      }
      return success();
    });
    if (!done) return done.error();
    auto cast = cast_rounded(std::move(tensor), input_.type, "input '" + input_.name + "'");
    if (!cast) return cast.error();
    Tensors tensors;
    tensors.emplace(input_.name, std::move(*cast));
    return tensors;
  }

  // Hashes of the decoded pixels: the same picture is the same under any preprocessing.
  Result<std::vector<std::string>> hashes() const override {
    std::vector<std::string> hashes(files_.size());
    const Status done = for_all(files_.size(), [&](std::size_t i) -> Status {
      const auto image = read_image(files_[i]);
      if (!image) return image.error();
      Sha256 hash;
      hash.update_field(std::to_string(image->size.width));
      hash.update_field(std::as_bytes(std::span(image->rgb)));
      hashes[i] = hash.hex();
      return success();
    });
    if (!done) return done.error();
    return hashes;
  }

 private:
  std::vector<std::string> files_;
  TensorInfo input_;
  Preprocessing options_;
  mutable Resizer resizer_;
};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

struct Listing {
  std::vector<std::string> images, folders;  // names, sorted by their bytes
};

// Files that are no images (labels, notes) and hidden ones are passed over.
Result<Listing> list_folder(const std::string& folder) {
  Listing found;
  std::error_code problem, ignored;
  fs::directory_iterator entries(folder, problem);
  if (problem) return bad_input(folder, "cannot open folder", "", problem.message());
  for (; entries != fs::directory_iterator(); entries.increment(problem)) {
    const std::string name = entries->path().filename().string();
    const std::string extension = lower(entries->path().extension().string());
    if (name.starts_with('.')) continue;
    if (entries->is_directory(ignored)) {
      found.folders.push_back(name);
      continue;
    }
    if (extension == ".jpg" || extension == ".jpeg" || extension == ".png") {
      found.images.push_back(name);
    }
    for (const char* other : {".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic"}) {
      if (extension != other) continue;
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "image is of a kind that is not read",
                   .where = entries->path().string(),
                   .expected = "JPEG or PNG",
                   .hint = "convert it, or move it out of the folder"};
    }
  }
  if (problem) return bad_input(folder, "cannot read folder", "", problem.message());
  std::sort(found.images.begin(), found.images.end());
  std::sort(found.folders.begin(), found.folders.end());
  return found;
}

// The images below a folder, each by its path from there: those of the folder itself, then those of
// its folders. Links in a circle end at this depth.
constexpr int kMaxDepth = 16;

Status add_images_below(const std::string& root, const std::string& inside, int depth,
                        std::vector<std::string>& names) {
  const auto found = list_folder((fs::path(root) / inside).string());
  if (!found) return found.error();
  for (const std::string& name : found->images) names.push_back(inside + "/" + name);
  for (const std::string& folder : found->folders) {
    if (depth == kMaxDepth) {
      return bad_input((fs::path(root) / inside).string(), "folders are nested too deeply",
                       "at most " + std::to_string(kMaxDepth) + " levels");
    }
    if (Status s = add_images_below(root, inside + "/" + folder, depth + 1, names); !s) return s;
  }
  return success();
}

// The images of a data set. With a folder for each class, the classes are the folders' names in the
// order of their bytes, as torchvision's ImageFolder has them.
struct ImageNames {
  std::vector<std::string> names;  // paths inside the folder
  std::vector<std::string> classes;
  std::vector<std::size_t> class_of;  // of each image; empty without classes
};

// The first `limit` images, taken in turn from each class: a class after another would leave the
// last ones out.
void shorten(ImageNames& images, std::size_t limit) {
  if (limit == 0 || images.names.size() <= limit) return;
  std::vector<std::size_t> left(images.classes.size()), taken(images.classes.size());
  for (const std::size_t c : images.class_of) ++left[c];
  for (std::size_t c = 0; limit > 0 && !left.empty(); c = (c + 1) % left.size()) {
    if (left[c] == 0) continue;
    --left[c], ++taken[c], --limit;
  }
  ImageNames kept{{}, images.classes, {}};
  for (std::size_t i = 0; i < images.names.size(); ++i) {
    if (images.class_of.empty()) {
      if (limit-- == 0) break;
    } else {
      std::size_t& more = taken[images.class_of[i]];
      if (more == 0) continue;
      --more;
      kept.class_of.push_back(images.class_of[i]);
    }
    kept.names.push_back(images.names[i]);
  }
  images = std::move(kept);
}

Result<ImageNames> list_images(const std::string& folder) {
  const auto top = list_folder(folder);
  if (!top) return top.error();
  ImageNames found{top->images, {}, {}};
  ImageNames below;
  std::string without_images;
  for (const std::string& name : top->folders) {
    const std::size_t before = below.names.size();
    if (Status s = add_images_below(folder, name, 1, below.names); !s) return s.error();
    if (below.names.size() == before) without_images = name;
    below.class_of.resize(below.names.size(), below.classes.size());
    below.classes.push_back(name);
  }
  if (below.names.empty()) {
    if (found.names.empty()) {
      return bad_input(folder, "folder holds no images",
                       ".jpg, .jpeg or .png, in it or in a folder for each class");
    }
    return found;
  }
  if (!found.names.empty()) {
    return bad_input(folder, "folder holds images and folders of images",
                     "images alone, or a folder for each class",
                     found.names.front() + " and " + below.names.front(),
                     "move one kind out of it, or name the folder that is meant");
  }
  if (!without_images.empty()) {
    return bad_input((fs::path(folder) / without_images).string(),
                     "the folder of a class holds no images", ".jpg, .jpeg or .png", "",
                     "move it away, if it is no class");
  }
  if (below.classes.size() == 1) {
    return bad_input(folder, "the images are of one class only", "a folder for each class",
                     below.classes.front(), "name that folder, if there are no classes");
  }
  return below;
}

// The one input, of rank 4 with three channels; fills the size that the specification leaves open.
Result<TensorInfo> image_input(const DataSpec& spec, const ModelInputs& inputs,
                               Preprocessing& options) {
  if (inputs.size() != 1 || inputs.front().dims.size() != 4) {
    return bad_input(spec.path, "the model does not take one image", "one input of 4 dimensions",
                     names_of(inputs), "give the data as an .npz with an array for each input");
  }
  const TensorInfo& input = inputs.front();
  const std::size_t channel = options.nhwc ? 3 : 1, rows = options.nhwc ? 1 : 2;
  if (input.dims[channel] >= 0 && input.dims[channel] != 3) {
    return bad_input("input '" + input.name + "'", "the model's input has no three channels",
                     options.nhwc ? "(batch, height, width, 3)" : "(batch, 3, height, width)",
                     dims_text(input.dims), "set layout: nchw or nhwc in the preprocessing");
  }
  for (const auto& [axis, side] :
       {std::pair(rows, &options.height), std::pair(rows + 1, &options.width)}) {
    if (input.dims[axis] < 0) continue;
    const auto fixed = static_cast<std::size_t>(input.dims[axis]);
    if (*side == 0) *side = fixed;
    if (*side != fixed) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "the preprocessing's size is not the model's",
                   .where = spec.path,
                   .expected = dims_text(input.dims) + ", of input '" + input.name + "'",
                   .found = std::to_string(options.height) + " x " + std::to_string(options.width)};
    }
  }
  if (options.short_side > 0 && options.resize != Resize::kCenterCrop) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "short_side belongs to another way of resizing",
                 .where = spec.path,
                 .expected = "resize: center_crop",
                 .found = "resize: " + std::string(name(options.resize))};
  }
  const std::size_t larger = std::max(options.height, options.width);
  if (options.short_side > 0 && options.short_side < larger) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the crop is larger than the resized picture's short side",
                 .where = spec.path,
                 .expected = "short_side of at least " + std::to_string(larger),
                 .found = std::to_string(options.short_side)};
  }
  const ImageSize network{options.width, options.height};
  if (network.width == 0 || network.height == 0 ||
      network.width > kMaxNetworkPixels / network.height) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "the preprocessing needs the size of the network's input",
                 .where = spec.path,
                 .expected = "size: [height, width], as the model leaves it open",
                 .found = std::to_string(options.height) + " x " + std::to_string(options.width)};
  }
  return input;
}

// Reads every image's header, so that the first run does not stop at the last image.
Result<std::vector<ImageSize>> image_sizes(const std::vector<std::string>& files,
                                           const Preprocessing& options) {
  std::vector<ImageSize> sizes(files.size());
  const Status done = for_all(files.size(), [&](std::size_t i) -> Status {
    const auto size = read_image_size(files[i]);
    if (!size) return size.error();
    sizes[i] = *size;
    if (options.resize != Resize::kNone || (*size == ImageSize{options.width, options.height})) {
      return success();
    }
    return bad_input(files[i], "image has another size than the model's input",
                     std::to_string(options.width) + " x " + std::to_string(options.height),
                     std::to_string(size->width) + " x " + std::to_string(size->height),
                     kResizeHint);
  });
  if (!done) return done.error();
  return sizes;
}

// Lines "FILE LABEL" or "FILE,LABEL", in any order; each image of the folder once.
Result<std::map<std::string, std::int64_t>> read_labels(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() > kMaxLabels) return bad_input(path, "label file is too large");
  std::string text(file->size(), '\0');
  if (Status s = file->read_at(0, std::as_writable_bytes(std::span(text.data(), text.size())));
      !s) {
    return s.error();
  }
  std::map<std::string, std::int64_t> labels;
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string where = path + ", line " + std::to_string(number);
    const auto gap = line.find_last_of(" \t,");
    const std::string_view digits = gap == std::string_view::npos ? "" : line.substr(gap + 1);
    std::int64_t label = -1;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), label);
    if (error != std::errc() || stop != digits.data() + digits.size() || label < 0) {
      return bad_input(where, "label cannot be read", "FILE LABEL, where the label is 0 or more");
    }
    std::string_view name = line.substr(0, gap);
    while (!name.empty() && std::string_view(" \t,").find(name.back()) != std::string_view::npos)
      name.remove_suffix(1);
    if (!labels.emplace(name, label).second) return bad_input(where, "image has two labels");
  }
  return labels;
}

// See Dataset::identity(). The binding stops compiling when a field is added.
std::string settings_of(const Preprocessing& options) {
  const auto& [height, width, resize, side, pad, scale, mean, deviation, bgr, nhwc] = options;
  std::string text = std::to_string(height) + " x " + std::to_string(width) + ", " +
                     std::string(name(resize)) + (bgr ? ", bgr" : ", rgb") +
                     (nhwc ? ", nhwc" : ", nchw") + ", upright";
  if (side > 0) text += ", short side " + std::to_string(side);
  for (const double number :
       {pad, scale, mean[0], mean[1], mean[2], deviation[0], deviation[1], deviation[2]}) {
    char digits[32];  // the shortest that reads back as the same number
    text.append(", ").append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  return text;
}

// What `images` and `coco` share, once the files are known.
OpenedSource opened_images(const std::string& folder, const std::vector<std::string>& names,
                           const Preprocessing& options) {
  OpenedSource opened;
  opened.items = names.size();
  opened.units = numbered(names.size());
  opened.unit_name = "image";
  opened.settings = settings_of(options);
  for (const std::string& name : names) {
    opened.files.push_back((fs::path(folder) / name).string());
    opened.file_names.push_back(name);
  }
  return opened;
}

template <class T>
void shorten(std::vector<T>& list, std::size_t limit) {
  if (limit > 0 && list.size() > limit)
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(limit), list.end());
}

void add_front(OpenedSource& opened, const std::string& path) {
  opened.files.insert(opened.files.begin(), path);
  opened.file_names.insert(opened.file_names.begin(), fs::path(path).filename().string());
}

// Labels from the labels file, else from the folders of classes.
Status add_labels(const DataSpec& spec, const ImageNames& images, OpenedSource& opened) {
  if (spec.labels.empty()) {
    opened.annotations.labels.assign(images.class_of.begin(), images.class_of.end());
    opened.classes = images.classes;
    return success();
  }
  const auto labels = read_labels(spec.labels);
  if (!labels) return labels.error();
  const std::string* missing = nullptr;
  for (const std::string& name : images.names) {
    const auto label = labels->find(name);
    if (label == labels->end()) {
      if (missing == nullptr) missing = &name;
    } else {
      opened.annotations.labels.push_back(label->second);
    }
  }
  if (missing != nullptr && spec.shared_labels && opened.annotations.labels.empty()) {
    return success();
  }
  if (missing != nullptr) return bad_input(spec.labels, "image has no label", "", *missing);
  add_front(opened, spec.labels);
  return success();
}

}  // namespace

Result<OpenedSource> open_images(const DataSpec& spec, const ModelInputs& inputs) {
  Preprocessing options = spec.preprocessing;
  auto input = image_input(spec, inputs, options);
  if (!input) return input.error();
  auto images = list_images(spec.path);
  if (!images) return images.error();
  shorten(*images, spec.limit);
  OpenedSource opened = opened_images(spec.path, images->names, options);
  const auto sizes = image_sizes(opened.files, options);
  if (!sizes) return sizes.error();
  opened.source = std::make_unique<ImageSource>(opened.files, std::move(*input), options);
  if (Status s = add_labels(spec, *images, opened); !s) return s.error();
  return opened;
}

Result<OpenedSource> open_coco(const DataSpec& spec, const ModelInputs& inputs) {
  const bool path_is_folder = !spec.annotations.empty();
  const std::string json = path_is_folder ? spec.annotations : spec.path;
  std::string folder = path_is_folder ? spec.path : spec.images;
  if (folder.empty()) folder = fs::path(json).replace_extension().string();
  Preprocessing options = spec.preprocessing;
  if (options.resize == Resize::kCenterCrop) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "a crop would lose objects that are annotated",
                 .where = spec.path,
                 .expected = "resize: letterbox or stretch",
                 .found = "resize: center_crop"};
  }
  auto input = image_input(spec, inputs, options);
  if (!input) return input.error();
  auto coco = read_coco(json);
  if (!coco) return coco.error();
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return bad_input(json, "the folder of the annotated images is missing", folder, "",
                     "name it as `images`");
  }
  shorten(coco->images, spec.limit);
  std::vector<std::string> names;
  for (const CocoImage& image : coco->images) names.push_back(image.file_name);
  OpenedSource opened = opened_images(folder, names, options);
  const auto sizes = image_sizes(opened.files, options);
  if (!sizes) return sizes.error();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ImageSize size = (*sizes)[i], said = coco->images[i].size;
    if ((said.width != 0 && said.width != size.width) ||
        (said.height != 0 && said.height != size.height)) {
      return bad_input(opened.files[i], "image has another size than its annotations say",
                       std::to_string(said.width) + " x " + std::to_string(said.height),
                       std::to_string(size.width) + " x " + std::to_string(size.height));
    }
    opened.annotations.image_ids.push_back(coco->images[i].id);
    const Placement placement = place(size, options);
    std::vector<records::Box>& boxes = opened.annotations.boxes.emplace_back();
    for (const records::Box& box : coco->images[i].boxes) boxes.push_back(placed(box, placement));
  }
  opened.source = std::make_unique<ImageSource>(opened.files, std::move(*input), options);
  add_front(opened, json);
  return opened;
}

}  // namespace posittune::data
