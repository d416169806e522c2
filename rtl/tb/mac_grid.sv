// Every posit of 4..8 bits with ES 0..4, side by side on the same operands: one build for all.
// Lane (N-4)*5 + ES has (N+ES) mod 4 pipeline stages. Not synthesised.

module mac_grid #(
    parameter int LANES = 25
) (
    input  logic               clk_i,
    input  logic               rst_i,
    input  logic               valid_i,
    input  logic               clear_i,
    input  logic               last_i,
    input  logic [        7:0] a_i,
    input  logic [        7:0] b_i,
    output logic [  LANES-1:0] valid_o,
    output logic [8*LANES-1:0] posit_o
);

  generate
    for (genvar n = 4; n <= 8; n++) begin : g_bits
      for (genvar es = 0; es <= 4; es++) begin : g_es
        localparam int M = (n - 2) * (1 << es);
        localparam int Width = 4 * M + 2 + posit_pkg::DefaultGuard;
        localparam int Lane = (n - 4) * 5 + es;
        logic [Width-1:0] acc;
        logic nar, ready;
        logic [n-1:0] rounded;
        posit_mac #(.N(n), .ES(es), .PIPELINE((n + es) % 4)) u_mac (
            .clk_i, .rst_i, .valid_i, .ready_o(ready), .clear_i, .last_i,
            .a_i(a_i[n-1:0]), .b_i(b_i[n-1:0]), .valid_o(valid_o[Lane]), .ready_i(1'b1),
            .acc_o(acc), .nar_o(nar));
        posit_round #(.N(n), .ES(es)) u_round (.sum_i(acc), .nar_i(nar), .posit_o(rounded));
        assign posit_o[8*Lane+:8] = {{(8 - n) {1'b0}}, rounded};
      end
    end
  endgenerate

endmodule
