// One product of 15-bit significands, or one of the upper 7 bits and one of separate 7-bit
// significands, in the same array of partial products.
//
//   fractions     | 12 ........ 8 | 7 6 5 | 4 ....... 0 |        product of the narrow pair: bits 13..0
//   split:        |  wide pair    | zeros | narrow pair |        of the wide pair: bits 29..16
//
// With `split_i` the terms between the two groups are masked. All rows are added as integers; the
// rows of signs are written with inverted sign bits (see posit_multiply), which makes both products
// positive, so nothing crosses from one to the other; the constants are taken off at the end, in
// the three topmost bits of each.
//
// Ports       split_i             0: the wide pair has 15 bits, the narrow pair is ignored
//                                 1: the wide pair's low 8 fraction bits are zero
//             wide_a_i, wide_b_i, narrow_a_i, narrow_b_i   {sign, hidden, fraction}
//             wide_o              26 fraction bits (split: the low 16 are zero)
//             narrow_o            10 fraction bits; 0 without split
// Latency     combinational.

module posit_multiply_multi (
    input  logic        split_i,
    input  logic [14:0] wide_a_i,
    input  logic [14:0] wide_b_i,
    input  logic [ 6:0] narrow_a_i,
    input  logic [ 6:0] narrow_b_i,
    output logic [29:0] wide_o,
    output logic [13:0] narrow_o
);

  // ---- fraction times fraction
  logic [6:0] na, nb;  // narrow pair, zero when it is ignored
  logic [12:0] a_frac, b_frac, a_for_high, a_for_low;
  assign na = narrow_a_i & {7{split_i}};
  assign nb = narrow_b_i & {7{split_i}};
  assign a_frac = wide_a_i[12:0] | {8'b0, na[4:0]};
  assign b_frac = wide_b_i[12:0] | {8'b0, nb[4:0]};
  assign a_for_high = a_frac & {5'b11111, {8{~split_i}}};
  assign a_for_low = a_frac & {{5{~split_i}}, 8'b11111111};

  // ---- hb*fa and ha*b of both pairs, as in posit_multiply
  logic [13:0] wide_x;
  logic [15:0] wide_y;
  logic [5:0] narrow_x;
  logic [7:0] narrow_y;
  assign wide_x = ({14{wide_b_i[14]}} & ~{wide_a_i[12:0], 1'b0}) |
                  ({14{wide_b_i[13]}} & {1'b0, wide_a_i[12:0]});
  assign wide_y = ({16{wide_a_i[14]}} & ~{wide_b_i, 1'b0}) |
                  ({16{wide_a_i[13]}} & {wide_b_i[14], wide_b_i});
  assign narrow_x = ({6{nb[6]}} & ~{na[4:0], 1'b0}) | ({6{nb[5]}} & {1'b0, na[4:0]});
  assign narrow_y = ({8{na[6]}} & ~{nb, 1'b0}) | ({8{na[5]}} & {nb[6], nb});

  // Rows of the two pairs share words: they have no bit place in common.
  logic [29:0] row_x, row_y, signs_a, signs_b, sum;
  assign row_x = {2'b0, ~wide_b_i[14], wide_x, 1'b0, ~nb[6] & split_i, narrow_x, 5'b0};
  assign row_y = {1'b0, ~wide_y[15], wide_y[14:0], ~narrow_y[7] & split_i, narrow_y[6:0], 5'b0};
  assign signs_a = {16'b0, wide_a_i[14], 7'b0, na[6], 5'b0};
  assign signs_b = {16'b0, wide_b_i[14], 7'b0, nb[6], 5'b0};
  assign sum = {17'b0, a_for_low} * {22'b0, b_frac[7:0]}
      + (({17'b0, a_for_high} * {25'b0, b_frac[12:8]}) << 8)
      + row_x + row_y + signs_a + signs_b;

  assign wide_o = {sum[29:27] + 3'd5, sum[26:14], sum[13:0] & {14{~split_i}}};
  assign narrow_o = {sum[13:11] + 3'd5, sum[10:0]} & {14{split_i}};

endmodule
