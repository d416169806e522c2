// Two decoded posits to their exact product in fixed point: multiply and align, no registers.
//
// Parameters  N, ES; FRAC, EXP derived as in posit_decode; WIDTH derived: 4M + 2, bit 0 weighs 2^-2M
// Ports       a_sig_i, a_exp_i, b_sig_i, b_exp_i   as posit_decode gives them
//             product_o   two's complement
// Latency     combinational.

module posit_product #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int FRAC = (N - 3 - ES > 0) ? N - 3 - ES : 0,
    parameter int EXP = $clog2(N - 1) + 1 + ES,
    parameter int WIDTH = 4 * (N - 2) * (1 << ES) + 2
) (
    input  logic [FRAC+1:0] a_sig_i,
    input  logic [ EXP-1:0] a_exp_i,
    input  logic [FRAC+1:0] b_sig_i,
    input  logic [ EXP-1:0] b_exp_i,
    output logic [WIDTH-1:0] product_o
);

  localparam int M = (N - 2) * (1 << ES);

  logic [2*FRAC+3:0] product;
  logic [EXP:0] shift;
  logic unused_round, unused_over;
  posit_multiply #(.FRAC(FRAC)) u_multiply (.a_i(a_sig_i), .b_i(b_sig_i), .product_o(product));
  assign shift = {1'b0, a_exp_i} + {1'b0, b_exp_i};
  posit_align #(.PRODUCT(2 * FRAC + 4), .SHIFT(EXP + 1), .LOW(2 * FRAC + (1 << EXP) - 2 * M),
                .WIDTH(WIDTH), .CHECK(0)) u_align (
      .product_i(product), .shift_i(shift),
      .aligned_o(product_o), .round_o(unused_round), .over_o(unused_over));

endmodule
