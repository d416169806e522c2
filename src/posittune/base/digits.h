#pragma once

#include <string>

namespace posittune {

// All digits of a number that is refused: the shortest text that reads back as the same number.
std::string digits(double x);
std::string digits(float x);

}  // namespace posittune
