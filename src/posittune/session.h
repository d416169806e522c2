#pragma once

// Models: comparing formats, sensitivity, search, costs, reports. Results are structs of records/,
// which json_text() and csv_text() write.

#include "posittune/quant/recipe.h"
#include "posittune/session/run_report.h"
#include "posittune/session/session.h"
