// posit_mac for two widths: weights posit<A_N,ES>, activations posit<N,ES>, A_N <= N.
//
// A posit<A_N,ES> with zeros appended is the posit<N,ES> of the same value, so the narrow operand
// needs no converter, and synthesis drops what its missing bits would have used.
//
// Parameters  A_N 4..N; the others as in posit_mac
// Ports, latency  as posit_mac

module posit_mac_mixed #(
    parameter int A_N = 4,
    parameter int N = 8,
    parameter int ES = 1,
    parameter int PIPELINE = 0,
    parameter int GUARD = posit_pkg::DefaultGuard,
    parameter int ACC_WIDTH = 4 * (N - 2) * (1 << ES) + 2 + GUARD
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic                 clear_i,
    input  logic                 last_i,
    input  logic [A_N-1:0]       a_i,
    input  logic [N-1:0]         b_i,
    output logic                 valid_o,
    input  logic                 ready_i,
    output logic [ACC_WIDTH-1:0] acc_o,
    output logic                 nar_o
);

  generate
    if (A_N < posit_pkg::MinBits || A_N > N) begin : g_bad_width
      $error("posit_mac_mixed: A_N must be 4..N");
    end
  endgenerate

  logic [N-1:0] a;
  generate
    if (A_N < N) begin : g_pad
      assign a = {a_i, {(N - A_N) {1'b0}}};
    end else begin : g_same
      assign a = a_i;
    end
  endgenerate
  posit_mac #(.N(N), .ES(ES), .PIPELINE(PIPELINE), .GUARD(GUARD), .ACC_WIDTH(ACC_WIDTH)) u_mac (
      .clk_i, .rst_i, .valid_i, .ready_o, .clear_i, .last_i, .a_i(a), .b_i, .valid_o, .ready_i, .acc_o, .nar_o);

endmodule
