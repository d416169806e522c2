#include "custom_metrics.h"

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <any>
#include <memory>
#include <string>

#include "errors.h"

namespace posittune::python {
namespace nb = nanobind;

namespace {

nb::dlpack::dtype dtype_of(ElementType type) {
  switch (type) {
    case ElementType::kF64:
      return nb::dtype<double>();
    case ElementType::kF16:
      return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    case ElementType::kI8:
      return nb::dtype<std::int8_t>();
    case ElementType::kI16:
      return nb::dtype<std::int16_t>();
    case ElementType::kI32:
      return nb::dtype<std::int32_t>();
    case ElementType::kI64:
      return nb::dtype<std::int64_t>();
    case ElementType::kU8:
      return nb::dtype<std::uint8_t>();
    case ElementType::kBool:
      return nb::dtype<bool>();
    case ElementType::kF32:
      break;
  }
  return nb::dtype<float>();
}

// NumPy arrays with copies of the tensors, read-only since all metrics get them: Python may keep
// them.
nb::dict to_dict(const Tensors& tensors) {
  nb::dict arrays;
  for (const auto& [name, tensor] : tensors) {
    auto bytes = std::make_unique<Bytes>(tensor.bytes);
    void* data = bytes->data();
    const nb::capsule owner(bytes.release(),
                            [](void* kept) noexcept { delete static_cast<Bytes*>(kept); });
    nb::ndarray<nb::numpy, nb::ro> array(data, tensor.shape.size(), tensor.shape.data(), owner,
                                         nullptr, dtype_of(tensor.type));
    arrays[name.c_str()] = array.cast();
  }
  return arrays;
}

// The truth of an item where it is known: a number, a list of numbers, or boxes.
nb::dict truth_of(const records::Annotations& all, std::size_t item) {
  nb::dict truth;
  if (item < all.labels.size()) truth["label"] = all.labels[item];
  if (item < all.sequences.size()) truth["label"] = all.sequences[item];
  if (item < all.boxes.size()) {
    nb::list boxes;
    for (const records::Box& box : all.boxes[item])
      boxes.append(nb::make_tuple(box.x, box.y, box.width, box.height, box.category, box.crowd));
    truth["boxes"] = boxes;
  }
  return truth;
}

struct Arrays {
  nb::dict inputs, outputs;
};

// Those of a batch, copied for the first of its metrics. Batches end without the lock.
const Arrays& arrays_of(const metrics::ItemBatch& batch) {
  using Shared = std::shared_ptr<Arrays>;
  if (const auto* known = std::any_cast<Shared>(&batch.shared)) return **known;
  const Shared made(new Arrays{to_dict(batch.inputs), to_dict(batch.outputs)}, [](Arrays* arrays) {
    const nb::gil_scoped_acquire lock;
    delete arrays;
  });
  batch.shared = made;
  return *made;
}

std::vector<double> values_of(const nb::object& metric, const metrics::ItemBatch& batch) {
  nb::list truths;
  for (std::size_t i = 0; i < batch.count; ++i)
    truths.append(truth_of(batch.annotations, batch.first + i));
  const Arrays& arrays = arrays_of(batch);
  return nb::cast<std::vector<double>>(
      metric.attr("of_batch")(batch.first, batch.count, arrays.inputs, arrays.outputs, truths));
}

}  // namespace

std::vector<metrics::CustomMetric> to_metrics(const nb::list& objects, const Guarded& guarded) {
  std::vector<metrics::CustomMetric> made;
  for (const nb::handle object : objects) {
    metrics::CustomMetric metric;
    metric.name = nb::cast<std::string>(object.attr("name"));
    metric.version = nb::cast<std::string>(object.attr("version"));
    metric.unit = nb::cast<std::string>(object.attr("unit"));
    metric.direction = nb::cast<bool>(object.attr("higher_is_better"))
                           ? metrics::Direction::kHigherIsBetter
                           : metrics::Direction::kLowerIsBetter;
    // Copies of `measure` come and go without the lock.
    auto held = std::shared_ptr<nb::object>(new nb::object(nb::borrow(object)), [](nb::object* o) {
      const nb::gil_scoped_acquire lock;
      delete o;
    });
    metric.measure = [held,
                      guarded](const metrics::ItemBatch& batch) -> Result<std::vector<double>> {
      std::vector<double> values;
      if (guarded([&] { values = values_of(*held, batch); })) return values;
      return Error{.kind = ErrorKind::kInterrupted, .what = "a custom metric raised an exception"};
    };
    made.push_back(std::move(metric));
  }
  return made;
}

}  // namespace posittune::python
