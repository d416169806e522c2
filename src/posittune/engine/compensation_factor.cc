// The linear algebra of compensation.h.

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "posittune/base/threads.h"
#include "posittune/engine/compensation.h"

namespace posittune::engine {
namespace {

using Matrix = Eigen::MatrixXd;

// Layers in front are rounded as well, so that inputs have noise that S of the exact model does not
// show, and which damping stands for: far more of it than keeps the factorization stable (0.01). Of
// 0.01, 0.1, 0.2, 0.3 and 1 the middle ones had the least KL on the `search` split of three
// language models at 4 and 5 bits.
constexpr double kLeastDamping = 0.2, kMostDamping = 2;

std::vector<std::uint32_t> descending(std::span<const float> s, std::size_t cols) {
  std::vector<std::uint32_t> order(cols);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return s[a * cols + a] > s[b * cols + b];
  });
  return order;
}

// s with rows and columns in rounding order.
std::vector<float> ordered(std::span<const float> s, const std::vector<std::uint32_t>& order) {
  const std::size_t n = order.size();
  std::vector<float> result(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    const float* row = s.data() + order[i] * n;
    for (std::size_t j = 0; j < n; ++j) result[i * n + j] = row[order[j]];
  }
  return result;
}

// Lower Cholesky factor of H with its columns in the opposite of the rounding order, which s is in.
bool factorize(const std::vector<float>& s, double added, Matrix& h) {
  const auto n = static_cast<std::size_t>(h.rows());
  for (std::size_t i = 0; i < n; ++i) {
    const float* row = s.data() + (n - 1 - i) * n;
    for (std::size_t j = 0; j <= i; ++j) {
      h(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          row[n - 1 - j] + (i == j ? added : 0);
    }
  }
  const Eigen::LLT<Eigen::Ref<Matrix>> factor(h);
  return factor.info() == Eigen::Success && h.diagonal().allFinite();
}

// H = R R^T with R upper is the Cholesky factorization of the reversed matrix, J H J = L L^T, read
// from its end; then U = R^-1 = J L^-1 J, and neither H^-1 nor a second factorization is needed. A
// few columns of L^-1 at a time: the same ones for any number of threads.
std::vector<float> coefficients(const Matrix& l, int threads) {
  constexpr Eigen::Index kColumns = 64;
  const Eigen::Index n = l.rows();
  std::vector<float> result(static_cast<std::size_t>(n * n), 0);
  parallel_for(
      static_cast<std::size_t>((n + kColumns - 1) / kColumns), threads, [&](std::size_t block) {
        const Eigen::Index first = static_cast<Eigen::Index>(block) * kColumns, rest = n - first;
        const Eigen::Index some = std::min(kColumns, rest);
        Matrix inverse = Matrix::Identity(rest, some);
        l.bottomRightCorner(rest, rest).triangularView<Eigen::Lower>().solveInPlace(inverse);
        for (Eigen::Index b = first; b < first + some; ++b) {
          float* row = result.data() + (n - 1 - b) * n;
          for (Eigen::Index a = b + 1; a < n; ++a)
            row[n - 1 - a] = static_cast<float>(inverse(a - first, b - first) * l(a, a));
        }
      });
  return result;
}

std::vector<float> row_ratios(const std::vector<float>& s, double added, std::size_t n) {
  std::vector<float> result(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    const double diagonal = double{s[i * n + i]} + added;
    for (std::size_t j = 0; j < n; ++j)
      result[i * n + j] = i == j ? 0.0F : static_cast<float>(s[i * n + j] / diagonal);
  }
  return result;
}

}  // namespace

std::optional<CompensationFactor> make_compensation_factor(std::span<const float> s,
                                                           std::size_t cols, int threads) {
  double trace = 0;
  for (std::size_t i = 0; i < cols; ++i) trace += s[i * cols + i];
  const bool finite = std::all_of(s.begin(), s.end(), [](float x) { return std::isfinite(x); });
  if (cols == 0 || !finite || !(trace > 0)) return std::nullopt;
  CompensationFactor factor;
  factor.order = descending(s, cols);
  const std::vector<float> turned = ordered(s, factor.order);
  const double mean = trace / static_cast<double>(cols);
  Matrix h(static_cast<Eigen::Index>(cols), static_cast<Eigen::Index>(cols));
  factor.damping = kLeastDamping;
  while (!factorize(turned, factor.damping * mean, h)) {
    factor.damping *= 10;
    if (factor.damping > kMostDamping * 1.01) return std::nullopt;
  }
  factor.coefficients = coefficients(h, threads);
  factor.row_ratios = row_ratios(turned, factor.damping * mean, cols);
  return factor;
}

}  // namespace posittune::engine
