// Two's complement integer to posit, rounded as posit_round does. -2^(BITS-1), the code that no
// number of the symmetric integers uses, gives NaR.
//
// Parameters  BITS 4..32; N 4..32, ES 0..4
// Ports       int_i, posit_o
// Latency     combinational.

module int_to_posit #(
    parameter int BITS = 8,
    parameter int N = 16,
    parameter int ES = 1
) (
    input  logic [BITS-1:0] int_i,
    output logic [   N-1:0] posit_o
);

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("int_to_posit: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("int_to_posit: ES must be 0..4");
    end
    if (BITS < 4 || BITS > 32) begin : g_bad_bits
      $error("int_to_posit: BITS must be 4..32");
    end
  endgenerate

  posit_round #(.N(N), .ES(ES), .LSB(0), .WIDTH(BITS)) u_round (
      .sum_i(int_i), .nar_i(int_i == {1'b1, {(BITS - 1) {1'b0}}}), .posit_o);

endmodule
