// posit_mac, or with A_N < N posit_mac_mixed, and posit_round behind ports of fixed width, so that one
// C++ class drives every size. Not synthesised. Ports as posit_mac; acc_o is sign-extended to ACC_PORT bits.

module mac_bench #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int PIPELINE = 0,
    parameter int GUARD = posit_pkg::DefaultGuard,
    parameter int TRUNCATE = 0,
    parameter int ACC_WIDTH = 4 * (N - 2) * (1 << ES) - TRUNCATE + 2 + GUARD,
    parameter int A_N = N,
    parameter int ACC_PORT = (ACC_WIDTH / 32 + 3) * 32
) (
    input  logic                clk_i,
    input  logic                rst_i,
    input  logic                valid_i,
    output logic                ready_o,
    input  logic                clear_i,
    input  logic                last_i,
    input  logic [        31:0] a_i,
    input  logic [        31:0] b_i,
    output logic                valid_o,
    input  logic                ready_i,
    output logic [ACC_PORT-1:0] acc_o,
    output logic                nar_o,
    output logic [        31:0] posit_o
);

  logic [ACC_WIDTH-1:0] acc;
  logic [N-1:0] rounded;

  generate
    if (A_N < N) begin : g_mixed
      posit_mac_mixed #(.A_N(A_N), .N(N), .ES(ES), .PIPELINE(PIPELINE), .GUARD(GUARD), .ACC_WIDTH(ACC_WIDTH)) u_mac (
          .clk_i, .rst_i, .valid_i, .ready_o, .clear_i, .last_i,
          .a_i(a_i[A_N-1:0]), .b_i(b_i[N-1:0]), .valid_o, .ready_i, .acc_o(acc), .nar_o);
    end else begin : g_same
      posit_mac #(.N(N), .ES(ES), .PIPELINE(PIPELINE), .GUARD(GUARD), .TRUNCATE(TRUNCATE),
                  .ACC_WIDTH(ACC_WIDTH)) u_mac (
          .clk_i, .rst_i, .valid_i, .ready_o, .clear_i, .last_i,
          .a_i(a_i[N-1:0]), .b_i(b_i[N-1:0]), .valid_o, .ready_i, .acc_o(acc), .nar_o);
    end
  endgenerate

  posit_round #(.N(N), .ES(ES), .LSB(TRUNCATE - 2 * (N - 2) * (1 << ES)), .WIDTH(ACC_WIDTH)) u_round (
      .sum_i(acc), .nar_i(nar_o), .posit_o(rounded));

  assign acc_o = {{(ACC_PORT - ACC_WIDTH) {acc[ACC_WIDTH-1]}}, acc};
  assign posit_o = 32'(rounded);

endmodule
