#include "posittune/metrics/average_precision.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace posittune::metrics {
namespace {

constexpr std::size_t kRecalls = 101;

// As numpy.linspace(0.5, 0.95, 10) computes them: the last bits decide ties.
std::array<double, kIous> iou_thresholds() {
  std::array<double, kIous> thresholds{};
  const double step = (0.95 - 0.5) / 9;
  for (std::size_t t = 0; t + 1 < kIous; ++t) thresholds[t] = static_cast<double>(t) * step + 0.5;
  thresholds.back() = 0.95;
  return thresholds;
}

double iou(const Detection& d, const records::Box& box) {
  const double x = box.x, y = box.y, w = box.width, h = box.height;
  const double width = std::min(d.x + d.width, x + w) - std::max(d.x, x);
  const double height = std::min(d.y + d.height, y + h) - std::max(d.y, y);
  if (!(width > 0 && height > 0)) return 0;
  const double common = width * height;
  const double area = d.width * d.height;
  return common / (box.crowd ? area : area + w * h - common);
}

// The detections and boxes of one class in one image.
struct Group {
  std::vector<const Detection*> detections;
  std::vector<const records::Box*> boxes;
};

// Index of the box that a detection takes, or boxes.size(). `ious` are its overlaps with the boxes.
std::size_t choose_box(const Group& group, std::span<const double> ious,
                       const std::vector<bool>& taken, double threshold) {
  const std::size_t none = group.boxes.size();
  std::size_t chosen = none;
  double best = std::min(threshold, 1 - 1e-10);
  for (std::size_t b = 0; b < none; ++b) {  // crowds are last
    const bool crowd = group.boxes[b]->crowd;
    if (taken[b] && !crowd) continue;
    if (chosen != none && crowd && !group.boxes[chosen]->crowd) break;
    if (ious[b] < best) continue;
    best = ious[b];
    chosen = b;
  }
  return chosen;
}

void match_group(std::int32_t category, Group& group, ImageMatch& match) {
  static const std::array<double, kIous> thresholds = iou_thresholds();
  auto& found = group.detections;
  std::stable_sort(found.begin(), found.end(),
                   [](const Detection* a, const Detection* b) { return a->score > b->score; });
  if (found.size() > kMostDetections) found.resize(kMostDetections);
  const auto crowds = std::stable_partition(group.boxes.begin(), group.boxes.end(),
                                            [](const records::Box* box) { return !box->crowd; });
  const auto objects = static_cast<std::uint32_t>(crowds - group.boxes.begin());
  if (objects > 0) match.objects.emplace_back(category, objects);

  std::array<std::vector<bool>, kIous> taken;
  taken.fill(std::vector<bool>(group.boxes.size(), false));
  std::vector<double> ious(group.boxes.size());
  for (const Detection* detection : found) {
    for (std::size_t b = 0; b < ious.size(); ++b) ious[b] = iou(*detection, *group.boxes[b]);
    MatchedDetection matched{category, detection->score};
    for (std::size_t t = 0; t < kIous; ++t) {
      const std::size_t chosen = choose_box(group, ious, taken[t], thresholds[t]);
      if (chosen == group.boxes.size()) continue;
      taken[t][chosen] = true;
      auto& bits = group.boxes[chosen]->crowd ? matched.ignored : matched.found;
      bits = static_cast<std::uint16_t>(bits | (1u << t));
    }
    match.detections.push_back(matched);
  }
}

struct Placed {
  const MatchedDetection* detection;
  std::uint32_t unit;
};

}  // namespace

ImageMatch match_image(std::span<const Detection> detections, std::span<const records::Box> truth) {
  std::map<std::int32_t, Group> groups;
  for (const Detection& d : detections) {
    if (!std::isnan(d.score)) groups[d.category].detections.push_back(&d);
  }
  for (const records::Box& box : truth) groups[box.category].boxes.push_back(&box);
  ImageMatch match;
  for (auto& [category, group] : groups) match_group(category, group, match);
  return match;
}

MatchTable::MatchTable(std::span<const ImageMatch> images, std::span<const std::uint32_t> unit_of,
                       std::size_t units)
    : units_(units) {
  std::map<std::int32_t, std::vector<Placed>> placed;
  std::map<std::int32_t, Category> categories;  // those with an object; the others do not count
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return images[i].image_id; });
  for (const std::size_t i : order) {
    for (const auto& [category, count] : images[i].objects) {
      categories[category].objects.emplace_back(unit_of[i], count);
    }
    for (const MatchedDetection& d : images[i].detections) {
      placed[d.category].push_back({&d, unit_of[i]});
    }
  }
  for (auto& [id, category] : categories) {
    std::vector<Placed>& all = placed[id];
    std::stable_sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) {
      return a.detection->score > b.detection->score;
    });
    for (std::uint32_t position = 0; position < all.size(); ++position) {
      const MatchedDetection& d = *all[position].detection;
      category.detections.push_back(all[position].unit);
      for (std::size_t t = 0; t < kIous; ++t) {
        const bool found = d.found >> t & 1u, ignored = d.ignored >> t & 1u;
        if (found || ignored) category.events[t].push_back({position, found});
      }
    }
    category.id = id;
    categories_.push_back(std::move(category));
  }
}

struct MatchTable::Scratch {
  std::vector<std::uint64_t> reported;  // detections up to and with each position
  std::vector<double> found;            // objects found after each hit
  std::vector<double> precision;
};

// A unit that was drawn several times gives several equal detections in a row. Only the state after
// the last of them matters: recall is constant or precision rises on the way.
double MatchTable::average_precision(const Category& category, std::size_t iou,
                                     std::span<const std::uint32_t> times, double objects,
                                     Scratch& scratch) {
  scratch.found.clear();
  scratch.precision.clear();
  std::uint64_t found = 0, ignored = 0;
  for (const Event& event : category.events[iou]) {
    const std::uint32_t count = times[category.detections[event.position]];
    if (count == 0) continue;
    (event.found ? found : ignored) += count;
    if (!event.found) continue;
    const auto right = static_cast<double>(found);
    scratch.found.push_back(right);
    scratch.precision.push_back(right /
                                static_cast<double>(scratch.reported[event.position] - ignored));
  }
  // The best precision at or beyond each recall, from the last one back.
  double sum = 0, best = 0;
  std::size_t next = scratch.found.size();
  for (std::size_t r = kRecalls; r-- > 0;) {
    const double recall = r + 1 == kRecalls ? 1.0 : static_cast<double>(r) * 0.01;
    while (next > 0 && scratch.found[next - 1] / objects >= recall) {
      best = std::max(best, scratch.precision[--next]);
    }
    sum += best;
  }
  return sum / double{kRecalls};
}

double MatchTable::mean_average_precision(std::span<const std::uint32_t> times,
                                          std::size_t ious) const {
  Scratch scratch;
  double sum = 0;
  std::size_t classes = 0;
  for (const Category& category : categories_) {
    std::uint64_t objects = 0;
    for (const auto& [unit, count] : category.objects)
      objects += std::uint64_t{count} * times[unit];
    if (objects == 0) continue;
    ++classes;
    scratch.reported.resize(category.detections.size());
    std::uint64_t reported = 0;
    for (std::size_t i = 0; i < scratch.reported.size(); ++i) {
      scratch.reported[i] = reported += times[category.detections[i]];
    }
    for (std::size_t t = 0; t < ious; ++t) {
      sum += average_precision(category, t, times, static_cast<double>(objects), scratch);
    }
  }
  if (classes == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum / static_cast<double>(classes * ious);
}

}  // namespace posittune::metrics
