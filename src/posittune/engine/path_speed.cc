#include "posittune/engine/path_speed.h"

#include <dnnl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "posittune/base/files.h"
#include "posittune/base/processor.h"
#include "posittune/engine/gemm.h"
#include "posittune/engine/versions.h"

namespace posittune::engine {
namespace {

// About a linear layer of a small transformer, one tile of each path; 0.1 GFLOP.
constexpr GemmSize kShape{128, 512, 768};
constexpr int kRounds = 4;

double seconds_of(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the times depend on.
std::string machine() { return processor() + ", oneDNN " + onednn_version(); }

bool is_time(const nlohmann::json& value, bool wanted) {
  if (!value.is_number()) return false;
  const double seconds = value.get<double>();
  return wanted ? std::isfinite(seconds) && seconds > 0 : seconds == 0;
}

// Nothing where the paths that work are not those of the entry.
std::optional<PathTimes> times_of(const nlohmann::json& entry) {
  const auto get = [&](Path path) {
    const auto found = entry.find(std::string(name(path)));
    const bool good = found != entry.end() && is_time(*found, path_works(path));
    return good ? std::optional(found->get<double>()) : std::nullopt;
  };
  if (!entry.is_object()) return std::nullopt;
  const auto int8 = get(Path::kInt8), bf16 = get(Path::kBf16), fp32 = get(Path::kFp32);
  if (!int8 || !bf16 || !fp32) return std::nullopt;
  return PathTimes{*int8, *bf16, *fp32};
}

nlohmann::json read_all(const std::string& file) {
  const auto text = file.empty() ? Result<std::string>(std::string()) : read_file(file);
  auto all = text.ok() ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
  return all.is_object() ? all : nlohmann::json::object();
}

}  // namespace

double PathTimes::of(Path path) const {
  return path == Path::kInt8 ? int8 : path == Path::kBf16 ? bf16 : path == Path::kFp32 ? fp32 : 0;
}

PathTimes measure_path_times() {
  const std::size_t xs = kShape.m * kShape.k, ws = kShape.n * kShape.k;
  const std::vector<float> x(xs, 1), w(ws, 1);
  const std::vector<std::uint16_t> x16(xs, 0x3F80), w16(ws, 0x3F80);
  const std::vector<std::int8_t> x8(xs, 1), w8(ws, 1);
  std::vector<float> y(kShape.m * kShape.n);
  const std::array<float, 1> one = {1};
  const Unscale both{one, one};
  PathTimes best;
  PackedWeight packed;
  const auto time = [&](double& least, const std::function<void()>& run) {
    const double seconds = std::max(seconds_of(run), 1e-9);
    least = least == 0 ? seconds : std::min(least, seconds);
  };
  for (int round = 0; round < kRounds; ++round) {
    time(best.fp32, [&] { gemm_weight(kShape, x.data(), w.data(), y.data(), 1, &packed); });
    if (path_works(Path::kBf16)) {
      time(best.bf16, [&] { gemm_bf16(kShape, x16.data(), w16.data(), y.data(), both, 1); });
    }
    if (path_works(Path::kInt8)) {
      time(best.int8, [&] { gemm_int8(kShape, x8.data(), w8.data(), y.data(), both, 1); });
    }
  }
  return best;
}

std::string path_times_file() {
  const auto variable = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  const std::string cache = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (!cache.empty()) return cache + "/posittune/paths.json";
  return home.empty() ? "" : home + "/.cache/posittune/paths.json";
}

PathTimes kept_path_times(const std::string& file, const std::function<PathTimes()>& measure) {
  nlohmann::json all = read_all(file);
  const std::string key = machine();
  if (all.contains(key)) {
    if (const auto known = times_of(all[key])) return *known;
  }
  const PathTimes times = measure();
  if (file.empty()) return times;
  all[key] = {{"int8", times.int8}, {"bf16", times.bf16}, {"fp32", times.fp32}};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  // Not to be had: measured again next time.
  static_cast<void>(
      write_file(file, all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
  return times;
}

const PathTimes& path_times() {
  static const PathTimes times = kept_path_times(path_times_file(), measure_path_times);
  return times;
}

std::vector<Path> order_by_speed(const PathTimes& times) {
  constexpr double kMargin = 1.1;
  std::vector<Path> order;
  for (const Path path : {Path::kInt8, Path::kBf16, Path::kFp32}) {
    if (path == Path::kFp32 || times.of(path) > 0) order.push_back(path);
  }
  const auto handicapped = [&](Path path) {
    return times.of(path) * std::pow(kMargin, static_cast<int>(path));
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](Path a, Path b) { return handicapped(a) < handicapped(b); });
  return order;
}

}  // namespace posittune::engine
