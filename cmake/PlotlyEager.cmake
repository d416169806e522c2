# Copies Plotly.js with brackets round its two outermost functions: cmake -DFROM=plotly.min.js -DTO=FILE -P PlotlyEager.cmake
# V8 first only skims a function that is not called yet, and compiles it when it is; one in brackets it compiles at once. Both of these
# are called once and hold all of the library, so that skimming them is lost time (docs/report.md has the figures). Arrows become
# functions for it, as V8 takes the hint of those alone; neither uses `this`. A version that looks different is copied as it is.
file(READ ${FROM} text)
string(JOIN "" head "this, () => {\n\"use strict\";var Plotly=(" "()=>{")
string(JOIN "" tail "return Plotly;\n" "}))")
string(FIND "${text}" "${head}" at_head)
string(FIND "${text}" "${tail}" at_tail REVERSE)
if(at_head GREATER 0 AND at_tail GREATER at_head)
  string(REPLACE "${head}" "this, (function() {\n\"use strict\";var Plotly=(function(){" text "${text}")
  string(REPLACE "${tail}" "return Plotly;\n})))" text "${text}")
endif()
file(WRITE ${TO} "${text}")
