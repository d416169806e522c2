// Constants that every unit of this folder shares.
//
// Formats are named by two numbers, N bits and ES exponent bits (posit standard 2022 with ES free):
//
//   | s | regime | exponent ES bits | fraction |      value = (-1)^s * 2^(k*2^ES + e) * (1 + f)
//
// With M = (N-2) * 2^ES, values lie between minpos = 2^-M and maxpos = 2^M.

package posit_pkg;

  // Limits of the parameters; a unit outside them fails at elaboration.
  localparam int MinBits = 4;
  localparam int MaxBits = 32;
  localparam int MaxEs = 4;
  localparam int MaxPipeline = 3;

  // Carry guard bits of an accumulator: 2^14 - 1 products of any value fit.
  localparam int DefaultGuard = 14;

endpackage
