#include "posittune/base/digits.h"

#include <charconv>

namespace posittune {
namespace {

template <class T>
std::string shortest(T x) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace

std::string digits(double x) { return shortest(x); }
std::string digits(float x) { return shortest(x); }

}  // namespace posittune
