// Widths and depths of int_mac for int_mac_tb.cc: unit 4*i + p has the widths of entry i and PIPELINE p.
// Each has its own handshake; 32-bit words of a_i, b_i, acc_o belong to units in order.

module int_bench #(
    parameter int UNITS = 24
) (
    input  logic                clk_i,
    input  logic                rst_i,
    input  logic [   UNITS-1:0] valid_i,
    output logic [   UNITS-1:0] ready_o,
    input  logic [   UNITS-1:0] clear_i,
    input  logic [   UNITS-1:0] last_i,
    input  logic [32*UNITS-1:0] a_i,
    input  logic [32*UNITS-1:0] b_i,
    output logic [   UNITS-1:0] valid_o,
    input  logic [   UNITS-1:0] ready_i,
    output logic [32*UNITS-1:0] acc_o
);

  localparam int A[6] = '{4, 8, 16, 4, 16, 7};
  localparam int B[6] = '{4, 8, 16, 8, 5, 16};

  generate
    for (genvar u = 0; u < UNITS; u++) begin : g_unit
      localparam int I = u / 4;
      int_mac #(.A_N(A[I]), .N(B[I]), .ACC_WIDTH(32), .PIPELINE(u % 4)) u_mac (
          .clk_i, .rst_i, .valid_i(valid_i[u]), .ready_o(ready_o[u]), .clear_i(clear_i[u]), .last_i(last_i[u]),
          .a_i(a_i[32*u+:A[I]]), .b_i(b_i[32*u+:B[I]]),
          .valid_o(valid_o[u]), .ready_i(ready_i[u]), .acc_o(acc_o[32*u+:32]));
    end
  endgenerate

endmodule
