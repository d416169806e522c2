#pragma once

// All that the installed package offers. No type of another library is in it; headers of rooms that
// are not included from here may change at any time.

#include "posittune/arrays.h"
#include "posittune/base/version.h"
#include "posittune/formats.h"
#include "posittune/session.h"
